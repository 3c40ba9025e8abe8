"""The allow-list of approvals: the only texts that are a yes are made of these phrases and of nothing else.

A text must split into the phrases of the folder consent/. What is left over makes it no approval, so a condition, a
question, a change or an unknown word can never slip through.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

from rapidfuzz import process
from rapidfuzz.distance import OSA

from agent.understanding import patterns as re
from agent.understanding.phrases import Grammar, Part, Reader, rows_in
from agent.understanding.result import Gate
from agent.understanding.tokens import Tokens, Words, folded, without_umlauts, words_of
from agent.understanding.vocabulary import load_list, words

_LONGEST = 600
"""Characters: a longer text says more than yes."""
_LEAVE = re.compile(r"\b(?:i|we|ok(?:ay)? to|fine to|right to|me to) ((?!have\b|am\b|was\b|found\b)[^?]{3,120})\?")
_PRAISE = re.compile(
    r"(?:^|[.,!;:\n] *)(?:good|great|nice|excellent|perfect|solid|strong|super|lovely|brilliant|awesome|fantastic|cool|fine|very good) "
    r"(?:start|launch|run|go)(?=\s*(?:$|[.,!;:—\n]|thank))"
)
"""Words that judge what was done so far; "good, start" with its comma is a yes."""
_STANDS_FOR = frozenset(["it", "them", "that", "those", "these", "this", "one", "so", "both", "all", "yourself"])
_FOLDER = Path(__file__).parent / "consent"
_KINDS = ("approves", "weak", "read", "polite", "called", "at_promotion", "at_comparison", "at_question")
"""The lists of a language: what says yes at any gate, says it weakly, tells that one has read, is harmless beside a yes,
says yes at one gate, and is harmless only before a comma or a full stop, as calling somebody. Every other list is a part that these are made of."""

Kind = Literal["yes", "bare", "polite", "neither"]


def kind_of(text: str, gate: Gate, asked: str = "") -> Kind:
    """Whether a normalised, lower-case text is a yes at a gate, a bare "ok", only politeness, or anything else.

    The text must split into phrases without a rest; it is a yes when one way of splitting it holds a yes. A bare "yes"
    or "ok" beside "I have read it" tells that it was read, and no more. `asked` is a question for yes or no: a yes may
    say again what it asks leave for ("May I write it?": "sure, write it").
    """
    if len(text) > _LONGEST or trails_off(text) or _PRAISE.search(text):
        return "neither"
    said = words_of(text, _spellings())
    tokens = tuple(_corrected(token) for token in said.tokens)
    ways = _ways(replace(said, tokens=tokens), gate, _leave_asked(asked))
    if not ways or not tokens or any(_stands(idiom, tokens) for idiom in _idioms()):
        return "neither"
    if any("yes" in way for way in ways):
        return "yes"
    return "bare" if any("weak" in way and "read" not in way for way in ways) else "polite"


def trails_off(text: str) -> bool:
    """A yes that trails off ("ok...", "... yes") hesitates; asking once more costs less than a wrong start."""
    bare = text.strip(" \n!\"')")
    return bare.endswith(("..", ". .")) or bare.startswith(("..", ". ."))


def _ways(said: Words, gate: Gate, leave: tuple[Tokens, ...]) -> set[frozenset[str]]:
    """The kinds of phrases into which the whole text splits, for each way of splitting it."""
    tokens = said.tokens
    negative = {at for at, token in enumerate(tokens) if token in _negative()}
    marks = said.soft | said.hard
    parted = marks - said.colons

    def one_phrase(start: int, end: int) -> bool:
        """No phrase goes beyond its sentence, and none with a "no" beyond a comma: "no, problem" is a no."""
        inside = range(start + 1, end)
        return not any(at in said.hard for at in inside) and not (
            any(at in marks for at in inside) and any(at in negative for at in range(start, end))
        )

    reader = Reader(tokens, one_phrase)
    reached: list[set[frozenset[str]]] = [set() for _ in range(len(tokens) + 1)]
    reached[0].add(frozenset())
    for start, ways in enumerate(reached[:-1]):
        if not ways:
            continue
        for kind, part in _lists(gate):
            for end in reader.ends(part, start):
                if (kind == "called" and end not in parted) or (kind == "read" and end in said.colons):
                    continue
                said_so = "weak" if kind == "yes" and tokens[start:end] in _weak() else kind
                reached[end] |= {way | {said_so} for way in ways}
        for end in _ends_of_echo(tokens, start, leave):
            reached[end] |= {way | {"echo"} for way in ways}
    return reached[-1]


def _leave_asked(asked: str) -> tuple[Tokens, ...]:
    """What "may I ...?" and "is it ok to ...?" ask leave for, from the verb to the end of the question."""
    return tuple(words_of(match[1], _spellings()).tokens for match in _LEAVE.finditer(asked.lower()))


def _ends_of_echo(tokens: Tokens, start: int, leave: tuple[Tokens, ...]) -> set[int]:
    """Where words end that repeat what leave was asked for, from its verb on, with "it" or "them" for the rest."""
    ends: set[int] = set()
    for asked in leave:
        at = start
        while at < len(tokens) and at - start < len(asked) and tokens[at] == asked[at - start]:
            at += 1
        if at > start:
            ends |= {at, at + 1} if at < len(tokens) and tokens[at] in _STANDS_FOR else {at}
    return ends


@lru_cache(maxsize=8)
def _lists(gate: Gate) -> tuple[tuple[str, Part], ...]:
    """The lists that count at a gate, each with what it says there."""
    said = {
        "approves": "yes",
        "weak": "weak",
        "read": "read",
        "polite": "polite",
        "called": "called",
        f"at_{gate}": "yes",
    }
    return tuple((said[name], parts[name]) for parts in _languages().values() for name in said if name in parts)


@lru_cache(maxsize=1)
def _languages() -> dict[str, dict[str, Part]]:
    """The phrases of each language. The parts of English stand for all, for people mix it into theirs."""
    raw = {path.stem: load_list(f"consent/{path.name}") for path in sorted(_FOLDER.glob("??.yaml"))}
    english = Grammar(_spelt)
    english.add(raw.pop("en"))
    found = {"en": english.parts}
    shared = {name: part for name, part in english.parts.items() if name not in _KINDS}
    for code, lists in raw.items():
        grammar = Grammar(_spelt, shared)
        grammar.add(lists)
        found[code] = grammar.parts
    return found


def _spelt(piece: str) -> Tokens:
    return words_of(piece, _plain_spellings() | {"-": piece}).tokens if piece != "si" else ("si",)


@lru_cache(maxsize=1)
def _plain_spellings() -> dict[str, str]:
    lists = load_list("consent/words.yaml")["spellings"]
    return {other: str(word) for word, others in lists.items() for other in str(others).split()}


@lru_cache(maxsize=1)
def _spellings() -> dict[str, str]:
    """Other ways to write the words of the lists: chat spellings, umlauts as two letters, and where a hyphen parts."""
    written = {word for row in _all_rows() for word in row.split()}
    typed = {without_umlauts(word): word for word in written if re.search("[äöü]", word)}
    return typed | _plain_spellings() | {"-": " ".join(sorted(word for word in written if "-" in word))}


def _all_rows() -> Iterator[str]:
    for path in sorted(_FOLDER.glob("??.yaml")):
        for lines in load_list(f"consent/{path.name}").values():
            yield from rows_in(lines)


@lru_cache(maxsize=1)
def _weak() -> frozenset[Tokens]:
    return frozenset(words for parts in _languages().values() if "weak" in parts for words in parts["weak"].words)


@lru_cache(maxsize=1)
def _idioms() -> frozenset[Tokens]:
    return frozenset(_spelt(row) for row in rows_in(load_list("consent/words.yaml")["idioms"]))


def _stands(words: Tokens, tokens: Tokens) -> bool:
    return any(tokens[at : at + len(words)] == words for at in range(len(tokens) - len(words) + 1))


@lru_cache(maxsize=1)
def _negative() -> frozenset[str]:
    return frozenset(str(load_list("consent/words.yaml")["negative"]).split())


@lru_cache(maxsize=1)
def _vocabulary() -> frozenset[str]:
    """Every word of the lists; such a word is no slip."""
    return frozenset(word for row in _all_rows() for word in _spelt(row))


@lru_cache(maxsize=4096)
def _corrected(word: str) -> str:
    """A word within one slip of a long approval word (two from eight letters on) becomes it: "aproved", "procede"."""
    if len(word) < 5 or word in words("approval_neighbours") or word in _vocabulary():
        return word
    found = process.extractOne(word, _approval_words(), scorer=OSA.distance, score_cutoff=2)
    if found is None or found[0][0] != word[0] or found[1] > 1 + (len(found[0]) > 7):
        return word
    return found[0]


@lru_cache(maxsize=1)
def _approval_words() -> tuple[str, ...]:
    return tuple(sorted({piece for word in words("approval_words") if len(word) > 4 for piece in folded(word, {})}))
