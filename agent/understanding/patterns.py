"""A drop-in for `re` that skips a search where no word that a match must hold is in the text.

The readers ask some 400 patterns of every text and most of them look for words that are not there. `re` tries each
alternative at each character; to look for a plain word takes a hundredth of that. So each pattern's parse tree is read
once for its needles: strings of which every match holds at least one. A pattern without such strings stays as it is,
and what matches never changes.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache
from re import ASCII, DOTALL, IGNORECASE, MULTILINE, VERBOSE, I, M, Match, Pattern, S, X, error, escape
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, cast

__all__ = (
    "ASCII",
    "DOTALL",
    "IGNORECASE",
    "MULTILINE",
    "VERBOSE",
    "I",
    "M",
    "Match",
    "Pattern",
    "S",
    "X",
    "compile",
    "error",
    "escape",
    "findall",
    "finditer",
    "fullmatch",
    "match",
    "search",
    "split",
    "sub",
    "subn",
)

_MOST_SPELLINGS = 8
"""Spellings of one run of letters ("customi[sz]e" has two) that are kept apart."""
_MOST_NEEDLES = 60
_LONG_ENOUGH = 4
"""Letters from which on a longer needle is no rarer; then fewer needles are better."""
_LAST_ASCII = 127
_CASELESS = str.maketrans({"İ": "i", "ı": "i", "ſ": "s", "\u212a": "k"})
"""Letters beyond ASCII that `re.IGNORECASE` takes for ASCII letters."""

Needles = frozenset[str]
_NO_LETTERS: Needles = frozenset([""])


class _Sifted:
    """A pattern that looks for its needles first. Has what the readers use of `re.Pattern`.

    It is parsed when first asked and compiled when first found likely: most patterns never see a text that they match.
    """

    __slots__ = ("_compiled", "_present", "flags", "pattern")
    _compiled: re.Pattern[str]
    _present: Callable[[str], bool]

    def __init__(self, pattern: str, flags: int) -> None:
        self.pattern = pattern
        self.flags = flags

    def __getattr__(self, name: str) -> Any:
        """Fills the two slots when they are first read."""
        if name == "_present":
            self._present = _finder(self.pattern, self.flags)
            return self._present
        if name == "_compiled":
            self._compiled = re.compile(self.pattern, self.flags)
            return self._compiled
        return getattr(self._compiled, name)

    def search(self, text: str, start: int = 0, end: int = sys.maxsize) -> Match[str] | None:
        return self._compiled.search(text, start, end) if self._present(text) else None

    def match(self, text: str, start: int = 0, end: int = sys.maxsize) -> Match[str] | None:
        return self._compiled.match(text, start, end)  # fails at its first letter: nothing is faster

    def fullmatch(self, text: str, start: int = 0, end: int = sys.maxsize) -> Match[str] | None:
        return self._compiled.fullmatch(text, start, end)

    def finditer(self, text: str, start: int = 0, end: int = sys.maxsize) -> Iterator[Match[str]]:
        return self._compiled.finditer(text, start, end) if self._present(text) else iter(())

    def findall(self, text: str) -> list[Any]:
        return self._compiled.findall(text) if self._present(text) else []

    def split(self, text: str, maxsplit: int = 0) -> list[str | Any]:
        return self._compiled.split(text, maxsplit) if self._present(text) else [text]

    def sub(self, new: str | Callable[[Match[str]], str], text: str, count: int = 0) -> str:
        return self._compiled.sub(new, text, count) if self._present(text) else text

    def subn(self, new: str | Callable[[Match[str]], str], text: str, count: int = 0) -> tuple[str, int]:
        return self._compiled.subn(new, text, count) if self._present(text) else (text, 0)


def _finder(pattern: str, flags: int) -> Callable[[str], bool]:
    """A test of a text: False where the pattern can't match in it."""
    tree = parser.parse(pattern, flags)
    caseless = bool(tree.state.flags & IGNORECASE)
    needles = tuple(sorted(_needles(tree, caseless)))

    def present(text: str) -> bool:
        for needle in needles:  # noqa: SIM110  any() with a generator takes twice as long
            if needle in text:
                return True
        return False

    def present_caseless(text: str) -> bool:
        return present(text.lower() if text.isascii() else _folded(text))

    if not needles:
        return lambda _: True
    return present_caseless if caseless else present


@lru_cache(maxsize=64)
def _folded(text: str) -> str:
    return text.translate(_CASELESS).lower()


@cache
def compile(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """As `re.compile`, for patterns that stand in the code: each is kept for good, and a wrong one fails when used."""
    return cast("re.Pattern[str]", _Sifted(pattern, flags))


def search(pattern: str, text: str, flags: int = 0) -> Match[str] | None:
    return compile(pattern, flags).search(text)


def match(pattern: str, text: str, flags: int = 0) -> Match[str] | None:
    return compile(pattern, flags).match(text)


def fullmatch(pattern: str, text: str, flags: int = 0) -> Match[str] | None:
    return compile(pattern, flags).fullmatch(text)


def findall(pattern: str, text: str, flags: int = 0) -> list[Any]:
    return compile(pattern, flags).findall(text)


def finditer(pattern: str, text: str, flags: int = 0) -> Iterator[Match[str]]:
    return compile(pattern, flags).finditer(text)


def split(pattern: str, text: str, maxsplit: int = 0, flags: int = 0) -> list[str | Any]:
    return compile(pattern, flags).split(text, maxsplit)


def sub(pattern: str, new: str | Callable[[Match[str]], str], text: str, count: int = 0, flags: int = 0) -> str:
    return compile(pattern, flags).sub(new, text, count)


def subn(
    pattern: str, new: str | Callable[[Match[str]], str], text: str, count: int = 0, flags: int = 0
) -> tuple[str, int]:
    return compile(pattern, flags).subn(new, text, count)


def _needles(tree: Iterable[Any], caseless: bool) -> Needles:
    """Strings of which every match of a sequence holds at least one; empty where none are certain."""
    best, worth = frozenset[str](), _worth(frozenset())
    runs = _NO_LETTERS
    for code, value in [*tree, (None, None)]:
        letters = _letters(code, value, caseless)
        if letters and len(runs) * len(letters) <= _MOST_SPELLINGS:
            runs = frozenset([run + letter for run in runs for letter in letters])
            continue
        for found in (runs, _inside(code, value, caseless)):
            if found and found is not _NO_LETTERS and (of_found := _worth(found)) > worth:
                best, worth = found, of_found
        runs = letters or _NO_LETTERS
    return best


def _letters(code: Any, value: Any, caseless: bool) -> Needles:
    """The characters that one step of a pattern stands for, where they are few."""
    if code is op.LITERAL:
        if caseless and value > _LAST_ASCII:
            return frozenset()
        return frozenset([chr(value).lower() if caseless else chr(value)])
    if code is op.IN and all(kind is op.LITERAL for kind, _ in value):
        each = [_letters(op.LITERAL, letter, caseless) for _, letter in value]
        return frozenset().union(*each) if all(each) else frozenset()
    return frozenset()


def _inside(code: Any, value: Any, caseless: bool) -> Needles:
    """The needles of a group, of alternatives, of what is repeated at least once or of what is looked ahead for."""
    if code is op.SUBPATTERN:
        _, added, removed, tree = value
        return frozenset() if added or removed else _needles(tree, caseless)
    if code is op.ATOMIC_GROUP:
        return _needles(value, caseless)
    if code in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
        least, _, tree = value
        return _needles(tree, caseless) if least else frozenset()
    if code is op.ASSERT:
        return _needles(value[1], caseless)
    if code is op.BRANCH:
        return _union([_needles(tree, caseless) for tree in value[1]])
    return frozenset()


def _union(each: list[Needles]) -> Needles:
    """One needle of every alternative; a needle that holds another one is left out."""
    if not all(each):
        return frozenset()
    together = frozenset().union(*each)
    return frozenset(n for n in together if not any(other in n for other in together if other != n))


def _worth(needles: Needles) -> tuple[int, int]:
    """How well needles sift: long ones are rare, and few are found fast. Single letters and blanks are everywhere."""
    shortest = min(needles, key=len, default="")
    common = len(shortest) < 2 and (not shortest or shortest.isalnum() or shortest in " .,\n")
    if common or len(needles) > _MOST_NEEDLES:
        return (0, 0)
    return (min(len(shortest), _LONG_ENOUGH), -len(needles))
