"""Songs as text: read them, clean them, drop duplicates, split them. Never imports torch."""
