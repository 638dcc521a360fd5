"""Songs written side by side with transformers' own forward: for every architecture and device."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class ForwardDecoder:
    """A network as it is, in its own precision."""

    def __init__(self, network: "PreTrainedModel"):
        self.network = network
        self.context = int(network.config.max_position_embeddings)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write songs within this: in eval mode, which is left as it was."""
        was_training = self.network.training
        self.network.eval()
        try:
            yield
        finally:
            self.network.train(was_training)

    @property
    def precision(self) -> str:
        """The network's own."""
        return str(self.network.dtype).removeprefix("torch.")

    def songs(self, n_tokens: int, most: int) -> "ForwardSongs":
        """See ``FusedDecoder.songs``."""
        return ForwardSongs(self.network, most)


class ForwardSongs:
    """The songs that are being written, a row each; see ``FusedSongs``.

    Rows are of one length, so nothing is padded: songs leave as they finish, others begin when all have left.
    """

    def __init__(self, network: "PreTrainedModel", most: int):
        self.network, self.most = network, most
        self.n_rows, self.n_read = 0, 0
        self.cache: Any = None

    @property
    def room(self) -> int:
        """How many songs more may begin now."""
        return 0 if self.n_rows else self.most

    def begin(self, prompts: list[list[int]]) -> Tensor:
        """Begin the first ``n`` songs, whose prompts are of one length; return the logits (n, V) of their first tokens.

        Args:
            prompts: ids of each, at least one; there must be ``room``.
        """
        alike = list(takewhile(lambda ids: len(ids) == len(prompts[0]), prompts))
        self.n_rows, self.n_read, self.cache = len(alike), 0, None
        return self.read(alike)

    def go_on(self, keep: list[int], tokens: list[int]) -> Tensor:
        """Go on with the rows ``keep`` alone, in this order, each with its token; return the next logits (M, V)."""
        n_rows, self.n_rows = self.n_rows, len(keep)
        if not keep:
            return torch.empty(0)
        if keep != list(range(n_rows)):
            self.cache.batch_select_indices(torch.tensor(keep, device=self.network.device))
        return self.read([[token] for token in tokens])

    @torch.no_grad()
    def read(self, ids: list[list[int]]) -> Tensor:
        """Return the logits (B, V) after ids (B, T) that the cache does not hold yet, in float32."""
        self.n_read += len(ids[0])
        step_input = torch.tensor(ids, device=self.network.device)
        output: Any = self.network(
            input_ids=step_input,
            attention_mask=step_input.new_ones((len(ids), self.n_read)),
            past_key_values=self.cache,
            use_cache=True,
            logits_to_keep=1,
        )
        self.cache = output.past_key_values
        logits: Tensor = output.logits[:, -1].float()
        return logits
