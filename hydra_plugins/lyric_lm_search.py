"""Where Hydra finds the sweeper: it looks for plugins in this package only. What it does is in ``lyric_lm.search``."""

from lyric_lm.search import sweeper


class OptunaSweeper(sweeper.OptunaSweeper):
    """See ``lyric_lm.search.sweeper``."""
