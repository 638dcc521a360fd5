"""A weight matrix made ready for few rows at a time, in the precision it is to be multiplied in.

Writing one token reads every weight once, so the time is that of reading: bfloat16 halves it, int8 quarters it. What
comes out has one more promise to keep: a row's numbers do not depend on the rows beside it, so that a song is the same
in any company. A usual product does not keep it: one row and eight are summed in other orders, and of 56 songs of 48
tokens in float32 one came out otherwise. oneDNN's packed products do up to 32 rows (``FusedDecoder.keeps_rows_apart``
asks them), and that of int8; where there is no oneDNN, rows are equal to rounding.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

Linear = Callable[[Tensor], Tensor]  # (M, K) -> (M, N)

_ROWS = 32  # that the packed layout is chosen for
_WIDTH = 768  # float32: a longer row is summed in pieces, else one alone is summed otherwise than several


def make_linear(weight: Tensor, bias: Tensor | None, precision: str) -> Linear:
    """Return ``x @ weight.T + bias`` of activations in ``activation_dtype(precision)``.

    Args:
        weight: (N, K) float32, which is copied: as it is, at half or at a quarter of its size.
        bias: (N,) float32, or None.
        precision: ``float32``, ``bfloat16`` or ``int8``.
    """
    if precision == "int8":
        return _int8(weight, bias)
    if not can_pack():
        return lambda x: F.linear(x, weight, bias)
    if precision == "bfloat16":
        return _packed(weight.bfloat16(), None if bias is None else bias.bfloat16())
    if weight.shape[1] <= _WIDTH:
        return _packed(weight, bias)
    first, *others = torch.split(weight, _WIDTH, dim=1)
    pieces = [_packed(first, bias), *(_packed(other, None) for other in others)]

    def in_pieces(x: Tensor) -> Tensor:
        y, *rest = (piece(part) for piece, part in zip(pieces, torch.split(x, _WIDTH, dim=1), strict=True))
        for other in rest:
            y += other
        return y

    return in_pieces


def can_pack() -> bool:
    """Tell whether oneDNN's packed products are to be had: with torch for x86."""
    is_x86 = torch.backends.cpu.get_cpu_capability().startswith("AVX")
    return is_x86 and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]


def _packed(weight: Tensor, bias: Tensor | None) -> Linear:
    packed = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), _ROWS)
    multiply = torch.ops.mkldnn._linear_pointwise
    return lambda x: multiply(x, packed, bias, "none", [], "")


def _int8(weight: Tensor, bias: Tensor | None) -> Linear:
    """Quantize each row of a weight by its largest value; activations stay bfloat16, sums are float32."""
    scale = (weight.abs().amax(dim=1) / 127).clamp(min=1e-12).bfloat16()  # (N,)
    rounded = (weight / scale.float()[:, None]).round_().clamp_(-127, 127).to(torch.int8).contiguous()
    if bias is None:
        return lambda x: torch._weight_int8pack_mm(x, rounded, scale)
    return lambda x: torch._weight_int8pack_mm(x, rounded, scale).add_(bias)


def activation_dtype(precision: str) -> torch.dtype:
    """Return what goes into the products and comes out of them."""
    return torch.float32 if precision == "float32" else torch.bfloat16
