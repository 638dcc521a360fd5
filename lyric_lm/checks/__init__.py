"""Is this going to work, and is it working? Checks of machine, model, songs and recipe; each has a figure and a limit."""
