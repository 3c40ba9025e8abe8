"""The allow-list of approvals: the only texts that are a yes are made of these forms and of nothing else.

A text must split into the forms of yes_forms.yaml. What is left over makes it no approval, so a condition, a question,
a change or an unknown word can never slip through.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from rapidfuzz import process
from rapidfuzz.distance import OSA

from agent.understanding.result import Gate
from agent.understanding.vocabulary import load_list, words

_FORMS_OF_TYPOS = tuple(sorted(words("approval_words")))
_KEEP = words("approval_neighbours")
_LONGEST = 300
"""Characters: a longer text says more than yes."""
_TOKEN = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]|[^\W\d_]+(?:['-][^\W\d_]+)*|\+?\d+|[^\s,.!;:—*\-\w]|_")
_DECORATION = re.compile("[\U0001f3fb-\U0001f3ff]|:-?[)d](?![a-z])|\\^\\^")
_TRAILS_OFF = re.compile(r"\.\s*\.\s*$")
"""A yes that trails off ("ok...") hesitates; asking once more costs less than a wrong start."""
_MOST_WORDS = 10
"""Tokens of the longest form, Chinese characters counted one by one."""

Kind = Literal["yes", "polite", "neither"]
Tokens = tuple[str, ...]


def kind_of(text: str, gate: Gate) -> Kind:
    """Whether a normalised, lower-case text is a yes at a gate, only politeness, or anything else.

    The text must split into forms without a rest; it is a yes when one way of splitting it holds a yes.
    """
    if len(text) > _LONGEST or _TRAILS_OFF.search(text):
        return "neither"
    tokens = _tokens(text)
    yes, polite = _lists(gate)
    reached: list[set[bool]] = [{False}] + [set() for _ in tokens]
    for start, states in enumerate(reached):
        for end in range(start + 1, min(len(tokens), start + _MOST_WORDS) + 1) if states else ():
            form = tokens[start:end]
            if form in yes:
                reached[end].add(True)
            elif form in polite:
                reached[end] |= states
    return "neither" if not reached[-1] or not tokens else "yes" if True in reached[-1] else "polite"


@lru_cache(maxsize=8)
def _lists(gate: Gate) -> tuple[frozenset[Tokens], frozenset[Tokens]]:
    """The forms of a gate that say yes, and those that are harmless beside a yes."""
    raw = load_list("yes_forms.yaml")
    forms = {name: {f.strip() for line in lines for f in line.split("|")} - {""} for name, lines in raw.items()}
    spoken = {f"{verb} {what}" for verb in forms["verbs"] for what in forms["objects"]}
    yes = forms["alone"] | spoken | forms.get(gate, set())
    return frozenset(map(_tokens, yes)), frozenset(map(_tokens, forms["polite"]))


def _tokens(text: str) -> Tokens:
    """Words, Chinese characters and signs one by one; drawn-out letters shortened ("yeeees"), slips put right."""
    plain = re.sub(r"([^\W\d_])\1{2,}", r"\1", _DECORATION.sub(" ", text))
    return tuple(_word(token) for token in _TOKEN.findall(plain))


@lru_cache(maxsize=4096)
def _word(word: str) -> str:
    """A word within one slip of a long approval word (two from eight letters on) becomes it: "aproved", "procede"."""
    if len(word) < 5 or word in _KEEP or word in _FORMS_OF_TYPOS:
        return word
    found = process.extractOne(word, _FORMS_OF_TYPOS, scorer=OSA.distance, score_cutoff=2)
    if found is None or found[0][0] != word[0] or len(found[0]) < 5 or found[1] > 1 + (len(found[0]) > 7):
        return word
    return found[0]
