"""Is it new? What a text has in common with the training songs, word for word. Text only, no torch."""
