"""Which way of decoding a network takes, and in which precision."""

from typing import TYPE_CHECKING, Union

from lyric_lm.arguments import check_decoding
from lyric_lm.decoding.forward import ForwardDecoder, ForwardSongs
from lyric_lm.decoding.fused import FusedDecoder, FusedSongs
from lyric_lm.decoding.linear import can_pack
from lyric_lm.decoding.plain import Plain, plain_of
from lyric_lm.errors import InputError
from lyric_lm.hardware import multiplies_bf16

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Decoder = FusedDecoder | ForwardDecoder
Songs = FusedSongs | ForwardSongs
Network = Union["PreTrainedModel", Plain]


def decoder_for(network: Network, precision: str = "auto", quantize: str | None = None) -> Decoder:
    """Make a network ready to write songs; made anew when its weights have changed.

    Args:
        precision: ``float32``; ``bfloat16``, where the processor has it in hardware and the network is a plain GPT-2
            or Llama; ``auto``: the latter where it is to be had, since it is faster and each row's numbers are the
            same in any company.
        quantize: ``int8``: weights of eight bits, on a CPU; or None.

    Raises:
        InputError: a value is not known, or is not to be had here.
    """
    check_decoding(precision, quantize)
    if isinstance(network, Plain):
        plain = network
    elif (found := plain_of(network)) is not None:
        plain = found
    elif quantize or precision == "bfloat16":
        setting = f"quantize={quantize}" if quantize else f"precision={precision}"
        raise InputError(_for_what(setting, f"{type(network).__name__} on {network.device.type}"))
    else:
        return ForwardDecoder(network)
    if quantize:
        return FusedDecoder(plain, quantize)
    if precision == "bfloat16" and not _has_bfloat16():
        raise InputError(_for_what("precision=bfloat16", "a processor that does not"))
    if precision != "float32" and _has_bfloat16():
        decoder = FusedDecoder(plain, "bfloat16")
        if precision == "bfloat16" or decoder.keeps_rows_apart():
            return decoder
    return FusedDecoder(plain, "float32")


def _has_bfloat16() -> bool:
    return can_pack() and multiplies_bf16("cpu")


def _for_what(setting: str, what: str) -> str:
    where = " that multiplies bfloat16 in hardware (AMX, AVX512-BF16)" if "bfloat16" in setting else ""
    return (
        f"{setting} is for plain GPT-2 and Llama models on a CPU{where}; this is {what}: "
        f"leave {setting.partition('=')[0]} away"
    )
