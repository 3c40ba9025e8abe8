"""The word lists of this folder's YAML files."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The safe loader in C where the yaml library was built with it: ten times as fast."""


def load_list(file: str) -> dict[str, Any]:
    """A YAML file of this folder. Raises OSError and yaml.YAMLError."""
    text = (Path(__file__).parent / file).read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.load(text, Loader=_LOADER)
    return loaded


@lru_cache(maxsize=1)
def _all() -> dict[str, Any]:
    return load_list("vocabulary.yaml")


@lru_cache(maxsize=32)
def words(name: str) -> frozenset[str]:
    """One list by its name. Raises KeyError when there is none of that name."""
    return frozenset(str(_all()[name]).split())
