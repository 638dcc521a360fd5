"""Made-up figures of evaluations: as a run might have them, with all missing that may be, few, or hostile."""

import random
from typing import Any

from lyric_lm.evaluation import marks

HOSTILE = "</script><img src=x onerror=alert(1)> \"quoted\" 'h' & {{ 7 * 7 }} </mark></title> שיר 海"
TEXT = (
    "It came overnight without knocking\nAnd stood by the rail in the rain,\n\n"
    "The salt and the coal-hole spade,\nAnd nobody asked it again"
)
COPIED = ("It came overnight without knocking", "The salt and the coal-hole spade,")
SETTINGS = {"num_samples": 100, "num_base_samples": 40, "prompt": "", "max_new_tokens": 400, "temperature": 0.8}
SETTINGS |= {"top_k": 50, "top_p": 0.95, "min_p": None, "repetition_penalty": 1.0, "originality": None, "seed": 1}
SETS = {"samples": 100, "held_out": 12, "base": 40, "train": 75}  # songs in each

# Name, what, unit, typical value of the artist's songs, and how far off the samples and the untrained model are.
FEATURES = (
    ("words_per_line", "words per line", "words", 6.4, 0.2, 2.5),
    ("lines_per_stanza", "lines per stanza", "lines", 4.1, 0.1, -1.2),
    ("stanzas", "stanzas", "stanzas", 7.2, -1.5, -4.0),
    ("rhyme_density", "mean length of the longest rhyme that a word ends", "vowels", 0.71, -0.2, -0.4),
    ("rhymed_lines", "lines that rhyme with one of the three before or after", "share", 0.71, -0.26, -0.55),
    ("refrain_lines", "lines that repeat an earlier line of the song", "share", 0.22, 0.07, 0.3),
    ("distinct_1", "different words among the first hundred", "share", 0.63, -0.04, -0.18),
    ("end_punctuation", "lines that end in punctuation", "share", 0.6, -0.05, -0.3),
    ("commas_per_line", "commas per line", "commas", 0.41, 0.02, -0.2),
)


def realistic() -> dict[str, Any]:
    """Return figures as a run of some epochs on the demo album might have them."""
    rng = random.Random(7)
    titles = ["Snow on the Slipway", "All in Favour", "Four Coins", "Knee Deep", "Two Chairs", "The Orrin Bell"]
    titles += ["One Tune", "Seat Eleven", "Just a Trim", "Left Beyond the Church", "Who's Awake in Saltby", "Up Anyway"]
    losses = sorted((3.27 + rng.gauss(0, 0.22) for _ in titles), reverse=True)
    songs = [
        {"title": title, "source": f"{title}.txt", "n_tokens": 300, "n_bytes": 1100, "loss": loss, "perplexity": 26.0}
        | {"bits_per_byte": loss / 2.54, "base_loss": loss + rng.uniform(0.25, 0.7)}
        for title, loss in zip(titles, losses, strict=True)
    ]

    def copying(name: str, share: float, longest: int) -> dict[str, Any]:
        shares = {"verbatim_lines": share * 1.5, "near_lines": share * 2, "share_4": share * 9, "share_6": share}
        shares["share_8"] = share / 4
        each = [
            {"n_words": 180, "longest_run": max(2, min(longest, round(rng.gauss(longest * 0.55, 1.2))))}
            | {key: max(0.0, rng.gauss(value, value)) for key, value in shares.items()}
            for _ in range(SETS[name])
        ]
        intervals = {key: [value * 0.6, value * 1.5] for key, value in shares.items()}
        counts = {"n_songs": len(each), "n_lines": 24 * len(each), "n_words": 180 * len(each)}
        return {**counts, **shares, "longest_run": longest, "intervals": intervals, "songs": each}

    def spread(centre: float, width: float, n: int) -> dict[str, Any]:
        values = [round(max(0.0, rng.gauss(centre, width)), 4) for _ in range(n)]
        return marks.spread_of(values) | {"mean": sum(values) / n}

    features = {}
    for name, what, unit, typical, off, base_off in FEATURES:
        sets = {"samples": typical + off, "held_out": typical, "base": typical + base_off, "train": typical}
        far = {"samples": min(0.9, 3 * abs(off / typical)), "base": min(1, abs(base_off / typical) * 2), "train": 0.12}
        features[name] = {"what": what, "unit": unit, "distance": far} | {
            "sets": {key: spread(centre, 0.12 * typical, SETS[key]) for key, centre in sets.items()}
        }
    words = [
        "tide",
        "slipway",
        "gull",
        "bell",
        "lamp",
        "harbour",
        "kettle",
        "chapel",
        "rope",
        "butter",
        "said",
        "never",
    ]
    apart = {"interval": [0.5, 0.5], "on_characters": 0.61, "on_features": 0.58, "n_held_out": 12}
    return {
        "version": 1,
        "lyric_lm": "0.1.0",
        "run": "outputs/train/smollm2/2025-11-20_10-15-00",
        "model": "smollm2",
        "artist": "The Saltby Ferry Band",
        "split": "val",
        "n_train_songs": 75,
        "n_held_out_songs": 12,
        "settings": dict(SETTINGS),
        "noise": 0.01,
        "held_out": {
            "tuned": {"loss": 3.27, "perplexity": 26.3, "bits_per_byte": 1.287, "n_tokens": 3612, "n_bytes": 13240},
            "base": {"loss": 3.74, "perplexity": 42.1, "bits_per_byte": 1.472, "n_tokens": 3612, "n_bytes": 13240},
            "difference": {"loss": -0.47, "loss_interval": [-0.55, -0.39]}
            | {"bits_per_byte": -0.185, "bits_per_byte_interval": [-0.217, -0.154]},
            "songs": songs,
        },
        "originality": {
            "sets": {
                "samples": copying("samples", 0.0042, 9),
                "held_out": copying("held_out", 0.0021, 6),
                "base": copying("base", 0.0004, 5),
            },
            "passages": [
                {"sample": 3 * n + 1, "text": f"{COPIED[n % 2]}\n", "n_words": 9 - n // 4, "title": titles[n % 9]}
                | {"source": f"{titles[n % 9]}.txt", "n_songs": 1 + n % 3}
                for n in range(24)
            ],
            "near": [
                {"sample": 4, "line": "The salt and the coal-hole shade", "of": COPIED[1]}
                | {"title": titles[0], "similarity": 96.9}
            ],
        },
        "style": {
            "features": features,
            "rhyme_schemes": {
                "samples": {"ABCB": 0.28, "ABCD": 0.31, "AABB": 0.14, "ABAB": 0.12, "other": 0.15},
                "held_out": {"ABAB": 0.41, "ABCB": 0.35, "AABB": 0.13, "ABCD": 0.04, "other": 0.07},
                "base": {"ABCD": 0.81, "AAAA": 0.07, "ABCB": 0.05, "other": 0.07},
                "train": {"ABAB": 0.38, "ABCB": 0.36, "AABB": 0.15, "ABCD": 0.05, "other": 0.06},
            },
            "favourite_words": [
                {"word": word, "train": 9 - n / 2, "held_out": max(0.0, 8.5 - n / 2 + rng.gauss(0, 1)), "base": 0.3}
                | {"samples": max(0.0, 7 - n / 2 + rng.gauss(0, 1.2))}
                for n, word in enumerate(words)
            ],
            "told_apart": {
                "samples": apart | {"auc": 0.71, "interval": [0.62, 0.79], "n_songs": 100},
                "train": apart | {"auc": 0.53, "interval": [0.42, 0.64], "n_songs": 75},
                "base": apart | {"auc": 0.97, "interval": [0.93, 1.0], "n_songs": 40},
            },
            "ended": {"samples": 0.93, "base": 0.02},
            "nearer": {
                "samples": {"share": 0.83, "interval": [0.75, 0.9], "n_songs": 100},
                "held_out": {"share": 1.0, "interval": [1.0, 1.0], "n_songs": 12},
            },
            "mauve": {"samples": 0.61, "base": 0.07, "train": 0.9, "n": 40, "caveat": "Few texts: read the order."},
        },
        "verdict": {
            "learned": {"answer": "yes", "sentence": "It expects held-out songs better: loss 3.27 instead of 3.74."},
            "original": {"answer": "partly", "sentence": "0.4 % of its sequences of 6 words stand in training songs."},
            "in_style": {"answer": "no", "sentence": "It rhymes too little: it is told apart 71 times of 100."},
        },
        "advice": [
            {"do": "Train for two epochs more.", "why": "The held-out loss was still falling at the end."}
            | {"command": "python -m lyric_lm.train model=smollm2 trainer.max_epochs=5"},
            {"do": "Keep samples from copying.", "why": "The longest copied run has 9 words; the artist's own has 6."}
            | {"command": "python -m lyric_lm.generate run=latest originality=6"},
            {"do": "Add more songs.", "command": None, "why": "75 songs are few for a style to settle."},
        ],
        "guide": [
            {"temperature": t, "top_p": top_p, "min_p": min_p, "share_4": 0.02 / (1 + 6 * t) + cut}
            | {"noise": 0.08 * t**4 + 9 * cut, "style_distance": 0.36 + 0.3 * (t - 0.8) ** 2 + cut * 4}
            for top_p, min_p, cut in ((0.95, None, 0.003), (1.0, None, 0.001), (1.0, 0.05, 0.002))
            for t in (0.6, 0.8, 1.0, 1.2)
        ],
    }


def realistic_curves() -> dict[str, Any]:
    losses = [(0, 3.74, None), (1, 3.41, 3.52), (2, 3.27, 3.1), (3, 3.29, 2.8)]
    return {
        "held_out": [
            {"epoch": n, "val_loss": held_out, "train_loss": train, "bits_per_byte": held_out / 2.54}
            for n, held_out, train in losses
        ],
        "originality": [
            {"epoch": n, "share_6": 0.0004 + 0.0016 * n, "share_4": 0.012 + 0.011 * n, "longest_run": 4 + 2 * n}
            for n in range(4)
        ],
        "own": {"share_4": 0.019, "share_6": 0.0021},
        "best_epoch": 2,
    }


def sample(number: int = 3, title: str = "Snow on the Slipway", text: str = TEXT) -> dict[str, Any]:
    spans = [
        {"start": text.index(part), "end": text.index(part) + len(part), "title": title, "n_words": n}
        for part, n in zip(COPIED, (5, 7), strict=True)
    ]
    measures = {"longest_run": 7, "share_6": 0.031, "style": 0.61}
    return {"number": number, "seed": 7, "prompt": "", "text": text, "ended": True, "spans": spans} | {
        "picked_for": ["longest copied run"],
        "measures": measures,
    }


def bare() -> dict[str, Any]:
    """Return figures with nothing that may be missing: no untrained model, no classifier, nothing copied."""
    metrics = realistic()
    metrics["held_out"] |= {"base": None, "difference": None}
    metrics["held_out"]["songs"] = [song | {"base_loss": None} for song in metrics["held_out"]["songs"]]
    metrics["originality"] |= {"passages": [], "near": []}
    metrics["originality"]["sets"]["base"] = None
    style = metrics["style"]
    for feature in style["features"].values():
        feature["sets"]["base"] = feature["distance"]["base"] = None
    nothing = marks.spread_of([None, None]) | {"mean": None}
    style["features"]["rhyme_density"]["sets"] |= {"samples": nothing, "held_out": nothing, "train": nothing}
    style["features"]["rhyme_density"]["distance"] |= {"samples": None, "train": None}
    style |= {"rhyme_schemes": {"samples": {}, "held_out": {}, "base": None, "train": {}}, "favourite_words": []}
    style |= {"told_apart": {"samples": None, "train": None, "base": None}, "mauve": None}
    style |= {"ended": {"samples": None, "base": None}, "nearer": None}
    return metrics | {"advice": [], "guide": None, "noise": None}


def tiny() -> dict[str, Any]:
    """Return figures of songs so few and short that shares and intervals are of nothing."""
    metrics = bare()
    metrics["held_out"]["base"] = metrics["held_out"]["tuned"]
    metrics["held_out"]["difference"] = {"loss": 0.0, "loss_interval": None, "bits_per_byte": 0.0}
    metrics["held_out"]["difference"]["bits_per_byte_interval"] = None
    metrics["held_out"]["songs"] = metrics["held_out"]["songs"][:1]
    for one in filter(None, metrics["originality"]["sets"].values()):
        nothing = dict.fromkeys(("verbatim_lines", "near_lines", "share_4", "share_6", "share_8"))
        one |= {
            **nothing,
            "intervals": nothing,
            "longest_run": 0,
            "songs": [{"n_words": 0, "longest_run": 0} | nothing],
        }
    return metrics


NO_CURVES: dict[str, Any] = {"held_out": [], "originality": [], "own": None, "best_epoch": None}
NOTHING_SHARED = {
    "originality": [{"epoch": 0, "share_6": None, "share_4": None, "longest_run": 0}],
    "own": {"share_4": None, "share_6": None},
}


def hostile() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return figures and songs in which every text is hostile."""
    metrics = realistic()
    metrics |= {"artist": HOSTILE, "model": HOSTILE, "run": HOSTILE, "lyric_lm": HOSTILE}
    metrics["settings"] |= {"prompt": HOSTILE}
    for song in metrics["held_out"]["songs"]:
        song |= {"title": HOSTILE, "source": HOSTILE}
    for one in (*metrics["originality"]["passages"], *metrics["originality"]["near"]):
        one |= {key: HOSTILE for key in ("text", "title", "source", "line", "of") if key in one}
    for feature in metrics["style"]["features"].values():
        feature |= {"what": HOSTILE, "unit": HOSTILE}
    for word in metrics["style"]["favourite_words"]:
        word["word"] = HOSTILE
    metrics["style"]["mauve"]["caveat"] = HOSTILE
    for one in metrics["verdict"].values():
        one["sentence"] = HOSTILE
    metrics["advice"] = [{"do": HOSTILE, "command": HOSTILE, "why": HOSTILE}]
    song = sample(title=HOSTILE, text=f"{HOSTILE}\n{TEXT}\n{HOSTILE}")
    song |= {"prompt": HOSTILE, "picked_for": [HOSTILE], "measures": {HOSTILE: 1.0}}
    return metrics, [song]
