"""Patterns that look for a word first match exactly what `re` matches."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import agent.understanding
from agent.understanding import patterns

PATTERNS = [
    (r"\bfine-?tun\w*|\btrain(?:ed|ing)?\b", 0),
    (r"\b(?:customi[sz]e|adapt)\b", patterns.IGNORECASE),
    (r"(?<!no )kiss|(?=mask)m", patterns.IGNORECASE),
    (r"\d+ ?%|⟦m\d+⟧", 0),
    (r"(?:not )?ok(?! then)", 0),
    (r"(?:win){2,}|x*", 0),
    (r"ß|straße", patterns.IGNORECASE),
    (r"(?i:Yes)|no+", 0),
]
PIECES = (
    *("fine", "-", "tun", "TRAIN", "ed", "customi", "z", "se", " ", "adapt", "no ", "kiss", "KİSſ", "mas\u212a", "5%"),
    *("⟦m1⟧", "ok", " then", "win", "winwin", "x", "ß", "STRASSE", "Straße", "yes", "YES", "noo", "ı", "\n"),
)
TEXTS = st.lists(st.sampled_from(PIECES)).map("".join)


@pytest.mark.parametrize(("pattern", "flags"), PATTERNS)
@given(text=TEXTS)
def test_a_pattern_matches_what_re_matches(pattern: str, flags: int, text: str) -> None:
    plain, ours = re.compile(pattern, flags), patterns.compile(pattern, flags)
    spans = [m.span() for m in plain.finditer(text)]
    assert [m.span() for m in ours.finditer(text)] == spans
    assert bool(ours.search(text)) == bool(spans)
    assert ours.findall(text) == plain.findall(text)
    assert ours.split(text) == plain.split(text)
    assert ours.subn("_", text) == plain.subn("_", text)


def test_a_text_without_the_words_is_never_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    pattern = patterns.compile(r"\bnever-asked-for\b|\bnor-th[iy]s\b")
    monkeypatch.setattr(re, "compile", lambda *_: pytest.fail("the pattern was compiled"))
    assert pattern.search("fine-tune it on support-v2") is None


def test_every_pattern_of_the_readers_is_well_formed() -> None:
    modules = [
        importlib.import_module(f"agent.understanding.{m.name}")
        for m in pkgutil.iter_modules(agent.understanding.__path__)
    ]
    found = [value for module in modules for value in vars(module).values() if isinstance(value, patterns._Sifted)]
    assert len(found) > 200
    for pattern in found:
        pattern.fullmatch("")
