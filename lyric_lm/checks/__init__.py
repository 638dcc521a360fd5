"""Is this going to work, and is it working? Each check has a figure, a limit, what it means and what to do."""
