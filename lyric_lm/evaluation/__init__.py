"""Is it any good, and is it new: the figures of an evaluation put together, judged in words, and shown as a page."""

VERSION = 1  # of metrics.json
