"""Where Hydra finds the sweepers: it looks for plugins in this package only. What they do is in ``lyric_lm.search``."""

from lyric_lm.search import each_artist, sweeper


class OptunaSweeper(sweeper.OptunaSweeper):
    """See ``lyric_lm.search.sweeper``."""


class ArtistSweeper(each_artist.ArtistSweeper):
    """See ``lyric_lm.search.each_artist``."""
