"""See to it, token by token, that no run of more than so many words of a training song is written.

The hashes of the runs that may not be written go in; of each token that is about to be written, the answer whether
it would complete one comes out. The question is put to the text, not to the tokens: the end of the song is decoded with
the token and its words are folded, so neither tokenization nor case, punctuation and line breaks make a difference.
A word counts as soon as its letters are there, though more may follow: so the text is clean wherever it is cut off.
"""

from collections.abc import Sequence

import numpy as np

from lyric_lm.data.plain_tokenizer import AnyTokenizer
from lyric_lm.lyrics.folding import folded_words
from lyric_lm.originality.hashes import Hashes, hash_run


class Guard:
    """What may not be written: the runs of ``allowed`` + 1 words whose hashes are given."""

    def __init__(self, allowed: int, hashes: Hashes):
        self.n_words = allowed + 1
        self.hashes = hashes

    def forbids(self, words: Sequence[str]) -> bool:
        """Tell whether a run of ``n_words`` folded words stands in a training song."""
        value = np.uint64(hash_run(words))
        place = int(np.searchsorted(self.hashes, value))
        return place < len(self.hashes) and bool(self.hashes[place] == value)


class GuardedSong:
    """A song that is being written, and whether a token may be its next.

    The prompt's words are the user's: a run that lies wholly within them is theirs, one that goes on into what the
    model writes is not.

    Args:
        guard: what may not be written.
        tokenizer: the model's.
        prompt: what the song begins with.
        prompt_ids: its tokens, without the opening before it.
    """

    def __init__(self, guard: Guard, tokenizer: AnyTokenizer, prompt: str, prompt_ids: list[int]):
        self.guard, self.tokenizer = guard, tokenizer
        self.ids = list(prompt_ids)  # of the song's end: as many as its last words need
        self.prompt = prompt  # stands for the first so many characters of what the tokens say, as it was typed
        self.n_replaced = len(self._decode(self.ids))
        self.words = self._words(self.ids)  # the first may be the end of a word
        self._asked: tuple[int, list[str]] | None = None  # the last token asked about, and the words with it

    def forbids(self, token: int) -> bool:
        """Tell whether the song with this token would hold a run that it may not."""
        words = self._words([*self.ids, token])
        self._asked = (token, words)
        n_same = next(
            (i for i, pair in enumerate(zip(self.words, words, strict=False)) if pair[0] != pair[1]),
            min(len(self.words), len(words)),
        )
        n_words = self.guard.n_words
        return any(
            self.guard.forbids(words[end - n_words : end]) for end in range(max(n_same + 1, n_words), len(words) + 1)
        )

    def add(self, token: int) -> None:
        """Write a token."""
        is_asked = self._asked is not None and self._asked[0] == token
        self.ids.append(token)
        self.words = self._asked[1] if is_asked and self._asked else self._words(self.ids)
        if len(self.words) > 4 * self.guard.n_words:
            self._forget()

    def _forget(self) -> None:
        """Let the older half of the tokens go, if the words that are still needed are the same without them."""
        ids = self.ids[len(self.ids) // 2 :]
        words = [word for word, _, _ in folded_words(self._decode(ids))]
        if len(words) > self.guard.n_words + 2 and words[1:] == self.words[len(self.words) - len(words) + 1 :]:
            self.ids, self.words, self.prompt, self.n_replaced = ids, words, "", 0

    def _words(self, ids: list[int]) -> list[str]:
        return [word for word, _, _ in folded_words(self.prompt + self._decode(ids)[self.n_replaced :])]

    def _decode(self, ids: list[int]) -> str:
        return self.tokenizer.decode(ids, skip_special_tokens=True)
