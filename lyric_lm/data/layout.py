"""Which sizes of blocks and batches can work; looked at before anything heavy is loaded, so without torch."""

from lyric_lm.errors import InputError

LEAST_BLOCK = 8  # tokens


def check_layout(block_size: int, batch_size: int | str, context_length: int | None) -> None:
    """Refuse blocks that the model cannot read, and batches that hold none.

    Args:
        context_length: the model's, where it is known.

    Raises:
        InputError: which, and what is allowed.
    """
    if context_length and not LEAST_BLOCK <= block_size <= context_length:
        raise InputError(
            f"data.block_size={block_size} does not fit: the model's context length is {context_length}; "
            f"set {LEAST_BLOCK} <= data.block_size <= {context_length}"
        )
    if block_size < LEAST_BLOCK:
        raise InputError(f"data.block_size={block_size} is too short; set data.block_size >= {LEAST_BLOCK}")
    if batch_size != "auto" and batch_size < 1:  # type: ignore[operator]
        raise InputError(f"data.batch_size={batch_size}: a batch has at least one block; set data.batch_size=1")
