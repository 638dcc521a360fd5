"""More songs than memory holds: read, cleaned and laid down as tables on the disk, and looked at row by row."""
