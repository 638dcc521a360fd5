"""Which model to name to somebody whose songs are in a given language.

A language's code and script in, the words to type out. The models named are, by their pages on the hub, of the
GPT-2 or Qwen2 architecture, which transformers loads without code of theirs; none was loaded to make this table.
Well-known ones are missing on purpose where the loader could not use them or lyrics would lose their line breaks:
uer/gpt2-chinese-cluecorpussmall has BERT's tokenizer, without line breaks and without an end-of-text token.
"""

# Small models of one language, GPT-2 in size and make.
_BY_LANGUAGE = {
    "ar": "model.pretrained=aubmindlab/aragpt2-base",
    "de": "model.pretrained=dbmdz/german-gpt2",
    "en": "model=gpt2",
    "es": "model.pretrained=flax-community/gpt-2-spanish",
    "fr": "model.pretrained=asi/gpt-fr-cased-small",
    "it": "model.pretrained=GroNLP/gpt2-small-italian",
    "nl": "model.pretrained=GroNLP/gpt2-small-dutch",
    "pl": "model.pretrained=flax-community/papuGaPT2",
    "pt": "model.pretrained=pierreguillou/gpt2-small-portuguese",
    "ru": "model=rugpt3small",
}
_BY_SCRIPT = {"Cyrillic": "model=rugpt3small"}
# Half a billion parameters and, its makers say, over 29 languages, Chinese, Japanese, Korean and Thai among them.
_OF_MANY_LANGUAGES = "model.pretrained=Qwen/Qwen2.5-0.5B"

# The models of our own that know English and little else, by the names they have in messages.
ENGLISH_MODELS = {"gpt2", "gpt2-medium", "gpt2-large", "gpt2-xl", "distilgpt2", "smollm2"}


def model_for(language: str, script: str) -> str:
    """Return the setting that chooses a model for songs of a language (ISO 639-1, or "") and a script.

    >>> model_for("de", "Latin"), model_for("uk", "Cyrillic"), model_for("ja", "Kana")
    ('model.pretrained=dbmdz/german-gpt2', 'model=rugpt3small', 'model.pretrained=Qwen/Qwen2.5-0.5B')
    """
    return _BY_LANGUAGE.get(language) or _BY_SCRIPT.get(script) or _OF_MANY_LANGUAGES
