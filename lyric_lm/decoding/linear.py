"""A weight matrix made ready for few rows at a time, in the precision it is to be multiplied in.

Writing one token reads every weight once, so the time is that of reading: bfloat16 halves it, int8 quarters it. What
comes out has one more promise to keep: a row's numbers do not depend on the rows beside it, so that a song is the same
in any company. The kernels of bfloat16 and int8 keep it to the last bit (``FusedDecoder.keeps_rows_apart`` asks them);
those of float32 to rounding.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

Linear = Callable[[Tensor], Tensor]  # (M, K) -> (M, N)

PRECISIONS = ("float32", "bfloat16", "int8")
_ROWS = 16  # that the packed layout is chosen for; one row costs as much


def make_linear(weight: Tensor, bias: Tensor | None, precision: str) -> Linear:
    """Return ``x @ weight.T + bias`` of activations in ``activation_dtype(precision)``.

    Args:
        weight: (N, K) float32; float32 uses it where it is, the others make a copy of half or a quarter its size.
        bias: (N,) float32, or None.
    """
    if precision == "float32":
        return lambda x: F.linear(x, weight, bias)
    if precision == "int8":
        return _int8(weight, bias)
    half_bias = None if bias is None else bias.bfloat16()
    packed = torch.ops.mkldnn._reorder_linear_weight(weight.bfloat16().contiguous(), _ROWS)
    multiply = torch.ops.mkldnn._linear_pointwise
    return lambda x: multiply(x, packed, half_bias, "none", [], "")


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
