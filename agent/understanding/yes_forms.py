"""The allow-list of approvals: the only texts that are a yes are made of these forms and of nothing else.

A text must split into the forms of yes_forms.yaml. What is left over makes it no approval, so a condition, a question,
a change or an unknown word can never slip through.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
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
_TRAILS_OFF = re.compile(r"\.\s*\.\s*$|^\W*\.\s*\.")
"""A yes that trails off ("ok...", "... yes") hesitates; asking once more costs less than a wrong start."""
_MOST_WORDS = 10
"""Tokens of the longest form, Chinese characters counted one by one."""

Kind = Literal["yes", "polite", "neither"]
Tokens = tuple[str, ...]
Node = frozenset[Tokens] | tuple["Node", ...]
"""A piece of a sentence: one of some words, or pieces in a row that may be there."""
_PIECE = re.compile(r"\[|\]|<\w+>|[^\s\[\]<>]+")


@dataclass(frozen=True)
class _Forms:
    """Forms as written, and sentences made of parts by the words that they may begin with."""

    forms: frozenset[Tokens]
    sentences: Mapping[str, tuple[tuple[Node, ...], ...]]

    def ends(self, tokens: Tokens, start: int) -> set[int]:
        """Where a form or a sentence that begins at `start` may end."""
        longest = min(len(tokens), start + _MOST_WORDS)
        found = {end for end in range(start + 1, longest + 1) if tokens[start:end] in self.forms}
        return found.union(*(_ends(sentence, tokens, start) for sentence in self.sentences.get(tokens[start], ())))


def kind_of(text: str, gate: Gate) -> Kind:
    """Whether a normalised, lower-case text is a yes at a gate, only politeness, or anything else.

    The text must split into forms without a rest; it is a yes when one way of splitting it holds a yes. A bare "yes" or
    "ok" beside "I have read it" tells that it was read, and no more.
    """
    if len(text) > _LONGEST or _TRAILS_OFF.search(text):
        return "neither"
    tokens = _tokens(text)
    lists = _lists(gate)
    reached: list[set[frozenset[str]]] = [set() for _ in range(len(tokens) + 1)]
    reached[0].add(frozenset())
    for start, ways in enumerate(reached[:-1]):
        for kind, forms in lists.items() if ways else ():
            for end in forms.ends(tokens, start):
                reached[end] |= {way | {kind} for way in ways}
    if not reached[-1] or not tokens:
        return "neither"
    return "yes" if any("yes" in way or ("weak" in way and "read" not in way) for way in reached[-1]) else "polite"


@lru_cache(maxsize=8)
def _lists(gate: Gate) -> Mapping[str, _Forms]:
    """What says yes at a gate, what says it weakly, what only tells that one has read, and what is harmless beside it."""
    raw = load_list("yes_forms.yaml")
    parts = {name: frozenset(map(_tokens, _split(lines))) for name, lines in raw["parts"].items()}

    def sentences(*names: str) -> Mapping[str, tuple[tuple[Node, ...], ...]]:
        by_word: dict[str, list[tuple[Node, ...]]] = {}
        for text in (text for name in names for text in _split(raw.get(name, ()))):
            nodes = _nodes(iter(_PIECE.findall(text)), parts)
            for word in _first(nodes):
                by_word.setdefault(word, []).append(nodes)
        return {word: tuple(found) for word, found in by_word.items()}

    weak = frozenset(map(_tokens, _split(raw["weak"])))
    yes = frozenset(map(_tokens, _split(raw["alone"]) | _split(raw.get(gate, ())))) - weak
    polite = frozenset(map(_tokens, _split(raw["polite"])))
    return {
        "yes": _Forms(yes, sentences("sentences", f"{gate}_sentences")),
        "weak": _Forms(weak, {}),
        "read": _Forms(frozenset(), sentences("acknowledged")),
        "polite": _Forms(polite, sentences("polite_sentences")),
    }


def _split(lines: Iterable[str]) -> set[str]:
    return {form.strip() for line in lines for form in line.split("|")} - {""}


def _nodes(pieces: Iterator[str], parts: Mapping[str, frozenset[Tokens]]) -> tuple[Node, ...]:
    """A sentence's pieces up to its end or to a closing bracket. Raises KeyError for a part that does not exist."""
    nodes: list[Node] = []
    for piece in pieces:
        if piece == "]":
            break
        if piece == "[":
            nodes.append(_nodes(pieces, parts))
        else:
            nodes.append(parts[piece[1:-1]] if piece.startswith("<") else frozenset({_tokens(piece)}))
    return tuple(nodes)


def _first(nodes: tuple[Node, ...]) -> frozenset[str]:
    """The words with which these pieces may begin."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, tuple):
            found |= _first(node)
        else:
            return frozenset(found | {words[0] for words in node})
    return frozenset(found)


def _ends(nodes: tuple[Node, ...], tokens: Tokens, start: int) -> set[int]:
    """Where these pieces, one after another, may end when they begin at `start`."""
    ends = {start}
    for node in nodes:
        if isinstance(node, tuple):
            ends |= {end for at in ends for end in _ends(node, tokens, at)}
        else:
            ends = {
                at + n for at in ends for n in _lengths(node) if tokens[at : at + n] in node and at + n <= len(tokens)
            }
        if not ends:
            break
    return ends


@lru_cache(maxsize=512)
def _lengths(words: frozenset[Tokens]) -> tuple[int, ...]:
    return tuple({len(word) for word in words})


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
