"""The songs that callbacks let the model write: the untrained model's are kept for the next run that starts from it."""

from dataclasses import asdict
from typing import Any

from transformers import PreTrainedTokenizerBase

from lyric_lm.decoding.choice import decoder_for
from lyric_lm.model.lora import is_adapted
from lyric_lm.model.module import SongModule
from lyric_lm.recall import recall_of_model
from lyric_lm.sampling import Sample, write_songs
from lyric_lm.sampling_settings import Sampling


def songs_of(
    module: SongModule,
    tokenizer: PreTrainedTokenizerBase,
    prompts: list[str],
    seeds: list[int],
    sampling: Sampling,
    is_untrained: bool,
) -> list[Sample]:
    """Return a song for every prompt and seed, by the module's network as it is now."""

    network = module.measured

    def write() -> list[dict[str, Any]]:
        decoder = decoder_for(network)
        songs = (write_songs(network, tokenizer, prompt, seeds, sampling, decoder=decoder) for prompt in prompts)
        return [asdict(song) for of_prompt in songs for song in of_prompt]

    key = {
        "device": module.device.type,
        "is_adapted": is_adapted(network),  # then the decoder is another one
        "prompts": prompts,
        "seeds": seeds,
        "sampling": asdict(sampling),
    }
    known_as = module.identity if is_untrained else None
    return [Sample(**song) for song in recall_of_model(known_as, "songs", key, write)]
