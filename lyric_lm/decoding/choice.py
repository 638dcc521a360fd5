"""Which way of decoding a network takes, and in which precision."""

from transformers import PreTrainedModel

from lyric_lm.arguments import check_decoding
from lyric_lm.decoding.forward import ForwardDecoder, ForwardSongs
from lyric_lm.decoding.fused import FusedDecoder, FusedSongs
from lyric_lm.decoding.linear import can_pack
from lyric_lm.decoding.plain import is_plain
from lyric_lm.errors import InputError
from lyric_lm.hardware import resolve_precision

Decoder = FusedDecoder | ForwardDecoder
Songs = FusedSongs | ForwardSongs


def decoder_for(network: PreTrainedModel, precision: str = "auto", quantize: str | None = None) -> Decoder:
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
    if quantize == "int8":
        if not is_plain(network):
            raise InputError(_for_what("quantize=int8", network))
        return FusedDecoder(network, "int8")
    if precision == "bfloat16" and not (is_plain(network) and _has_bfloat16()):
        raise InputError(_for_what("precision=bfloat16", network))
    if precision != "float32" and is_plain(network) and _has_bfloat16():
        decoder = FusedDecoder(network, "bfloat16")
        if precision == "bfloat16" or decoder.keeps_rows_apart():
            return decoder
    return FusedDecoder(network, "float32") if is_plain(network) else ForwardDecoder(network)


def _has_bfloat16() -> bool:
    return can_pack() and resolve_precision("auto", "cpu") == "bf16-mixed"


def _for_what(setting: str, network: PreTrainedModel) -> str:
    where = " that multiplies bfloat16 in hardware (AMX, AVX512-BF16)" if "bfloat16" in setting else ""
    return (
        f"{setting} is for plain GPT-2 and Llama models on a CPU{where}; this is {type(network).__name__} "
        f"on {network.device.type}: leave {setting.partition('=')[0]} away"
    )
