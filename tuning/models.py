"""The catalogue of tunable base models, and the reading of model names as people write them.

A name is compared piece by piece (family, version, size, variant), never as one string: two names whose sizes or
versions differ are different models however similar they look.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict
from rapidfuzz import fuzz, process

TuningKind = Literal["sft", "dpo", "rft"]

_PIECE = re.compile(r"a\d+(?:\.\d+)?b|\d+(?:\.\d+)?[bm](?![a-z])|[a-z]+|\d+(?:\.\d+)?")
_SIZE = re.compile(r"\d+(?:\.\d+)?[bm]")
_VENDORS = frozenset(
    {"meta", "alibaba", "moonshot", "moonshotai", "google", "openai", "mistralai", "nvidia", "ai", "zai"}
)
_FILLERS = frozenset({"v", "model", "models", "the"})
_FAMILY_CUTOFF = 75
"""Similarity (0..100) from which a misspelt family name is taken: "quen" to "qwen" is 75, "owens" to "qwen" 67."""


class ModelInfo(BaseModel):
    """One base model. `parameters_b` in billions; `context` in tokens, None where the catalogue gives none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: str
    parameters_b: float
    moe: bool = False
    tunable: tuple[TuningKind, ...]
    context: int | None = None


@lru_cache(maxsize=1)
def load_models() -> tuple[ModelInfo, ...]:
    """All models of models.yaml, in the file's order (ascending in size, older RFT-only ones last)."""
    raw = yaml.safe_load((Path(__file__).parent / "models.yaml").read_text(encoding="utf-8"))
    return tuple(ModelInfo.model_validate(entry) for entry in raw["models"])


@lru_cache(maxsize=4096)
def pieces(name: str) -> tuple[str, ...]:
    """The comparable pieces of a name: "Qwen 3 32 B", "qwen3-32b" and its resource name all give qwen, 3, 32b."""
    text = name.strip().lower().rsplit("/", 1)[-1].replace("_", "-").replace(",", ".")
    text = re.sub(r"(?<=\d)p(?=\d)", ".", text)
    text = re.sub(r"(?<=\d)\s*-?\s*(?:billion|bn|b)\b", "b", text)
    text = re.sub(r"(\d)\.0(?=b\b)", r"\1", text)
    return tuple(p for p in _PIECE.findall(text) if p not in _FILLERS and p not in _VENDORS)


def sizes(parts: Iterable[str]) -> frozenset[str]:
    """The pieces that are sizes: 32b, 1m."""
    return frozenset(p for p in parts if _SIZE.fullmatch(p))


@lru_cache(maxsize=4096)
def _resolve(name: str, known: tuple[str, ...]) -> str | None:
    written = name.strip().lower().rsplit("/", 1)[-1]
    if written in known:
        return written
    wanted = pieces(name)
    if not wanted:
        return None
    families = {piece for candidate in known for piece in pieces(candidate) if piece.isalpha()}
    wanted = tuple(_nearest_word(p, families) if p.isalpha() and p not in families else p for p in wanted)
    fits = [candidate for candidate in known if _fits(wanted, pieces(candidate))]
    return _best(fits, wanted)


def _nearest_word(word: str, words: set[str]) -> str:
    """A misspelt family word becomes the known one; short words stay, for one letter is too much of them."""
    if len(word) < 4:
        return word
    found = process.extractOne(
        word, sorted(w for w in words if len(w) > 3), scorer=fuzz.ratio, score_cutoff=_FAMILY_CUTOFF
    )
    return found[0] if found else word


def _fits(wanted: tuple[str, ...], have: tuple[str, ...]) -> bool:
    """Everything written is in the candidate's name, the family among it, and something that pins it down."""
    rest = list(have)
    for piece in wanted:
        if piece not in rest:
            return False
        rest.remove(piece)
    return have[0] in wanted and any(any(c.isdigit() for c in piece) for piece in wanted)


def _best(fits: list[str], wanted: tuple[str, ...]) -> str | None:
    """The one meant: a model of supervised tuning first, then the one with the fewest unnamed pieces; a tie is no answer."""
    if not fits:
        return None
    unsized = [f for f in fits if sizes(pieces(f)) and not sizes(wanted)]
    if len(fits) > 1 and len(unsized) == len(fits):
        return None
    kinds = {model.id: model.tunable for model in load_models()}
    # A space-written "Qwen3 4B" means the variant that is tuned today, as "Llama 3.1 8B" means the instruct model.
    ranked = sorted(("sft" not in kinds.get(f, ("sft",)), len(pieces(f)), f) for f in fits)
    tied = len(ranked) > 1 and ranked[0][:2] == ranked[1][:2]
    return None if tied or (len(ranked) > 1 and _versions_differ(fits, wanted)) else ranked[0][2]


def _versions_differ(fits: list[str], wanted: tuple[str, ...]) -> bool:
    """Whether the writer left the version open ("Qwen 32B") and more than one is there."""
    if any(re.fullmatch(r"\d+(?:\.\d+)?", piece) for piece in wanted):
        return False
    return len({pieces(f)[1] for f in fits if len(pieces(f)) > 1}) > 1


def resolve(name_as_written: str, known: Iterable[str] | None = None) -> str | None:
    """The canonical id that a written name means, or None when none or more than one fits. Never another size.

    `known` are the ids to choose from; without it those of models.yaml.
    """
    return _resolve(name_as_written, tuple(known) if known is not None else all_ids())


@lru_cache(maxsize=1)
def all_ids() -> tuple[str, ...]:
    """The canonical ids of models.yaml."""
    return tuple(model.id for model in load_models())


def nearest(name_as_written: str, known: Iterable[str] | None = None, limit: int = 3) -> tuple[str, ...]:
    """The `limit` known ids nearest to a name that could not be resolved, best first, to be offered in a question."""
    ids = tuple(known) if known is not None else all_ids()
    wanted = " ".join(pieces(name_as_written))
    texts = {candidate: " ".join(pieces(candidate)) for candidate in ids}
    ranked = process.extract(wanted, texts, scorer=fuzz.token_sort_ratio, limit=limit)
    return tuple(key for _, _, key in ranked)
