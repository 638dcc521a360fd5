"""What happens when during a run: each callback decides the moment and calls a function that does the work."""
