"""The files of a trained tokenizer, as text: what `tokenizers` and `transformers` load, and the facts about it.

tokenizer.json           everything, for `tokenizers` and `transformers`
tokenizer_config.json    what `transformers.AutoTokenizer.from_pretrained(folder)` asks for besides
vocab.json, merges.txt   the same vocabulary and merges as a GPT-2 style pair

Byte-level files decode to the exact NFC text. They cut text by PIECE alone: a tokenizer trained on morphemes is to be
given lists of morphemes (`is_pretokenized=True`), as the pipeline does. No marker character stands in a token.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.kernels.bpe import Trained
from corpus_pipeline.kernels.morphemes import LONGEST_RUN, PIECE

_AT_ONCE = 20_000  # pieces handed to the library at once; about 30 MB of its objects
_TRAIN = "Train one (make tokenizer)."


def segmentation(morphemes: bool) -> dict[str, object]:
    """How text is cut before BPE: part of the card, and what an encoder compares with its own.

    morphemes  whether runs of Hangul are cut by the analyser; without it `analyser` and `dictionary` are null

    >>> segmentation(False)["analyser"], segmentation(True)["longest_run"]
    (None, 64)
    """
    return {
        "pattern": PIECE,
        "morphemes": morphemes,
        "longest_run": LONGEST_RUN,
        "letters": _versioned("regex"),
        "analyser": _versioned("mecab-python3") if morphemes else None,
        "dictionary": _versioned("python-mecab-ko-dic") if morphemes else None,
    }


def _versioned(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        raise ResourceError(package, "an installed package", "none", "Install it (make setup).") from None


def to_json(trained: Trained, special_tokens: Sequence[str], unk_token: str | None = None) -> str:
    """The text of tokenizer.json. NFC is stated as its normalizer for readers outside the pipeline.

    unk_token  None: byte-level, nothing is unknown. Else the tokens are characters, and one that the vocabulary
               lacks becomes this token, one for each character; it must be among `special_tokens`.
    """
    model = models.BPE(vocab=trained.vocab, merges=trained.merges, unk_token=unk_token, fuse_unk=False)
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.NFC()
    cut = pre_tokenizers.Split(Regex(PIECE), behavior="isolated")
    if unk_token is None:
        letters = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([cut, letters])
        tokenizer.decoder = decoders.ByteLevel()
    else:
        tokenizer.pre_tokenizer = cut
        tokenizer.decoder = decoders.Fuse()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special_tokens])
    return tokenizer.to_str(pretty=True)


def to_config(special_tokens: Sequence[str], roles: Mapping[str, str]) -> str:
    """The text of tokenizer_config.json. `roles` is transformers' name (eos_token, pad_token, unk_token) -> token."""
    others = [token for token in special_tokens if token not in roles.values()]
    config: dict[str, object] = {"tokenizer_class": "PreTrainedTokenizerFast", **roles}
    if others:
        config["additional_special_tokens"] = others
    return _pretty({**config, "clean_up_tokenization_spaces": False})


def to_pair(trained: Trained) -> dict[str, str]:
    """vocab.json and merges.txt, by name. For byte-level tokens: merges.txt parts tokens at a space, and only their
    letters never hold one.
    """
    lines = "".join(f"{left} {right}\n" for left, right in trained.merges)
    return {"vocab.json": _pretty(trained.vocab), "merges.txt": f"#version: 0.2\n{lines}"}


def to_card(facts: Mapping[str, object]) -> str:
    """The text of card.json: `facts` in the order given."""
    return _pretty(facts)


def _pretty(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


class Usage(NamedTuple):
    """What a tokenizer makes of counted pieces.

    tokens    of all occurrences
    unknown   tokens among them that stand for a character the vocabulary lacks
    ordinary  ids of the vocabulary that are no special token
    used      of these, how many occur
    """

    tokens: int
    unknown: int
    ordinary: int
    used: int


def usage(tokenizer_json: str, pieces: pa.Array | pa.ChunkedArray, counts: np.ndarray) -> Usage:
    """Encode every distinct piece once and weigh by `counts` (int64, as many as `pieces`)."""
    tokenizer = Tokenizer.from_str(tokenizer_json)
    tokenizer.encode_special_tokens = True
    unk = getattr(tokenizer.model, "unk_token", None)
    totals = np.zeros(tokenizer.get_vocab_size(), np.int64)
    for start in range(0, len(pieces), _AT_ONCE):
        some = pieces.slice(start, _AT_ONCE).to_pylist()
        encoded = tokenizer.encode(some, is_pretokenized=True, add_special_tokens=False)
        places = np.array(encoded.word_ids, np.int64)
        np.add.at(totals, np.array(encoded.ids, np.int64), counts[start : start + _AT_ONCE][places])
    unknown = int(totals[tokenizer.token_to_id(unk)]) if unk else 0
    ordinary = np.delete(totals, list(tokenizer.get_added_tokens_decoder()))
    return Usage(int(totals.sum()), unknown, len(ordinary), int(np.count_nonzero(ordinary)))


def check(tokenizer_json: str, card_json: str) -> Tokenizer:
    """The tokenizer, if it is one to encode a corpus with here: byte-level, and cutting text as this version does.

    Raises ResourceError that names the file and what differs.
    """
    try:
        tokenizer = Tokenizer.from_str(tokenizer_json)
        layout = json.loads(tokenizer_json)
    except Exception as error:  # the library raises bare Exception
        what = "a tokenizer of the `tokenizers` library"
        raise ResourceError("tokenizer.json", what, type(error).__name__, _TRAIN) from None
    found = (layout["model"].get("type"), (layout.get("decoder") or {}).get("type"))
    if found != ("BPE", "ByteLevel"):
        got, todo = f"{found[0]} decoded by {found[1]}", "Set train_tokenizer.mode to morpheme or byte."
        raise ResourceError("tokenizer.json", "a byte-level BPE, which loses no text", got, todo)
    try:
        card = json.loads(card_json)
        cut, digest = dict(card["segmentation"]), card["tokenizer_sha256"]
    except (ValueError, KeyError, TypeError) as error:
        raise ResourceError("card.json", "the card of a tokenizer", type(error).__name__, _TRAIN) from None
    if digest != sha256(tokenizer_json):
        raise ResourceError("card.json", "the card of this tokenizer.json", "that of another", _TRAIN)
    own = segmentation(cut.get("morphemes") is True)
    differing = sorted(name for name in own.keys() | cut.keys() if own.get(name) != cut.get(name))
    if differing:
        raise ResourceError("card.json: segmentation", "text cut as here", f"other {', '.join(differing)}", _TRAIN)
    return tokenizer


def sha256(text: str) -> str:
    """Hex digest of `text` in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()
