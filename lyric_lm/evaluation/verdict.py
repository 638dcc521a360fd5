"""Three answers from the figures: has it learned, is it original, is it in style?

Parts of ``metrics.json`` go in; for each question an answer and one sentence come out. Each answer rests on an
interval, so that a handful of songs proves nothing by chance; where it cannot be given, it is "unknown".
"""

from typing import Any

from lyric_lm.originality.copies import upper_own_rate

LONG = 10  # words in a row that are a copy whoever wrote them
ALL_TOLD = 0.95  # AUC
Verdict = dict[str, str]


def learned(held_out: dict[str, Any]) -> Verdict:
    """Answer whether the tuned model expects the held-out songs better than the untrained one."""
    tuned, base, difference = held_out["tuned"], held_out["base"], held_out["difference"]
    loss = f"held-out songs cost it {tuned['loss']:.3f} nats per token"
    if base is None:
        return _verdict("unknown", f"It cannot be said: {loss}, and there is no untrained model to compare with.")
    compared = f"{loss}, the untrained model {base['loss']:.3f}"
    if difference["loss_interval"] is None:
        return _verdict("unknown", f"It cannot be said: {compared}, but one song proves nothing.")
    low, high = difference["loss_interval"]
    by = f"{difference['loss']:+.3f}, 95 % interval {low:+.3f} to {high:+.3f}"
    if high < 0:
        return _verdict("yes", f"It has learned: {compared} ({by}).")
    if low > 0:
        return _verdict("no", f"It has become worse: {compared} ({by}).")
    return _verdict("no", f"It has learned nothing that shows: {compared} ({by}).")


def original(sets: dict[str, Any]) -> Verdict:
    """Answer whether the samples copy more than the artist repeats themselves.

    No: the share of 6-word sequences from training songs lies above what the artist's held-out songs agree with,
    intervals and all. Partly: it does not, but a song holds a run of ``LONG`` words or more that is longer than any in
    the held-out songs.
    """
    samples, own = sets["samples"], sets["held_out"]
    interval = samples["intervals"]["share_6"]
    if interval is None or own["intervals"]["share_6"] is None:
        return _verdict("unknown", "It cannot be said: the songs are too short to hold six words in a row.")
    limit = upper_own_rate(own, "share_6")
    compared = (
        f"{_percent(samples['share_6'])} of its six-word sequences stand in training songs (of the artist's own new "
        f"songs {_percent(own['share_6'])}, at most {_percent(limit)}), the longest run has {samples['longest_run']} "
        f"words (theirs {own['longest_run']})"
    )
    if interval[0] > limit:
        return _verdict("no", f"It copies: {compared}.")
    least = max(LONG, own["longest_run"] + 1)
    n_long = sum(song["longest_run"] >= least for song in samples["songs"])
    if n_long:
        return _verdict(
            "partly",
            f"It is original but for {n_long} of {samples['n_songs']} songs, which have {least} words or more in a row "
            f"from a training song: {compared}.",
        )
    return _verdict("yes", f"It is original: {compared}.")


def in_style(told_apart: dict[str, Any], nearer: dict[str, Any] | None) -> Verdict:
    """Answer whether the samples can be told from held-out songs, and if so, whether they are nearer to the artist.

    Yes: no better than training songs can, as far as the intervals tell. Partly: better, but most songs are nearer to
    the artist's than to the untrained model's. No: not even that; without an untrained model, an AUC above
    ``ALL_TOLD``.

    Args:
        told_apart: AUCs of ``samples``, ``train`` and ``base`` against held-out songs.
        nearer: share of the ``samples`` that are nearer to the artist; None where it cannot be told.
    """
    samples, train, base = (told_apart[name] for name in ("samples", "train", "base"))
    if samples is None:
        return _verdict("unknown", "It cannot be said: too few songs to train a classifier on.")
    low, high = samples["interval"]
    beside = [f"{low:.2f} to {high:.2f}", "0.5: it cannot"]
    if train:
        beside.append(f"the artist's training songs {train['auc']:.2f}")
    if base:
        beside.append(f"the untrained model's {base['auc']:.2f}")
    compared = f"a classifier tells its songs from held-out ones with AUC {samples['auc']:.2f} ({', '.join(beside)})"
    if low <= max(0.5, train["interval"][1] if train else 0.5):
        return _verdict("yes", f"It is in style: {compared}.")
    if nearer is None:
        answer = "no" if samples["auc"] > ALL_TOLD else "partly"
        return _verdict(answer, f"It is not {'quite ' if answer == 'partly' else ''}in style: {compared}.")
    near = (
        f"{_percent(nearer['samples']['share'])} of its songs are nearer to the artist's than to the untrained model's"
    )
    if nearer["samples"]["interval"][0] > 0.5:
        return _verdict("partly", f"It is on the way to the style: {near}, but {compared}.")
    return _verdict("no", f"It is not in style: {near}, and {compared}.")


def _verdict(answer: str, sentence: str) -> Verdict:
    return {"answer": answer, "sentence": sentence}


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
