"""The word lists of vocabulary.yaml."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml


@lru_cache(maxsize=1)
def _all() -> dict[str, str]:
    loaded: dict[str, str] = yaml.safe_load((Path(__file__).parent / "vocabulary.yaml").read_text(encoding="utf-8"))
    return loaded


@lru_cache(maxsize=32)
def words(name: str) -> frozenset[str]:
    """One list by its name. Raises KeyError when there is none of that name."""
    return frozenset(_all()[name].split())
