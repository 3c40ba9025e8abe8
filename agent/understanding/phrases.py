"""A small grammar over words: rows of words, of parts by name, of pieces that may be there or come many times.

"<start> [<object>] [now]*" is a part, one that may be there, and a word that may come any number of times. A part is a
list of such rows, one of which stands in its place. Parts must not begin with themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from agent.understanding import patterns as re
from agent.understanding.tokens import Tokens

_PIECE = re.compile(r"\[|\]\*?|<\w+>|[^\s\[\]<>]+")


@dataclass(frozen=True)
class Row:
    """Pieces one after another. `optional`: it may be left out; `many`: it may come again and again."""

    pieces: tuple[Tokens | Row | Part, ...]
    optional: bool = False
    many: bool = False


@dataclass(eq=False)
class Part:
    """Alternatives of which one stands: plain rows of words, and rows made of parts."""

    name: str
    words: set[Tokens] = field(default_factory=set)
    rows: list[Row] = field(default_factory=list)

    @cached_property
    def lengths(self) -> tuple[int, ...]:
        return tuple(sorted({len(words) for words in self.words}))

    @cached_property
    def by_first(self) -> Mapping[str, tuple[Row, ...]]:
        """The rows by the words that they may begin with."""
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            for word in first(row):
                found.setdefault(word, []).append(row)
        return {word: tuple(rows) for word, rows in found.items()}


def first(row: Row) -> frozenset[str]:
    """The words with which a row may begin."""
    found: set[str] = set()
    for piece in row.pieces:
        if isinstance(piece, Row):
            found |= first(piece)
            continue
        if isinstance(piece, Part):
            return frozenset(found | {words[0] for words in piece.words} | set(piece.by_first))
        return frozenset(found | {piece[0]})
    return frozenset(found)


class Reader:
    """Finds where parts end in one text. `allowed` says whether the words from one place to another are one phrase."""

    def __init__(self, tokens: Tokens, allowed: Callable[[int, int], bool]) -> None:
        self._tokens = tokens
        self._allowed = allowed
        self._known: dict[tuple[int, int], frozenset[int]] = {}

    def ends(self, part: Part, start: int) -> frozenset[int]:
        """The places where the part may end when it begins at `start`."""
        key = (id(part), start)
        if key not in self._known:
            self._known[key] = frozenset()  # a part that begins with itself would end here
            found = {
                start + n
                for n in part.lengths
                if start + n <= len(self._tokens) and self._tokens[start : start + n] in part.words
            }
            if start < len(self._tokens):
                for row in part.by_first.get(self._tokens[start], ()):
                    found |= self._of_row(row, start)
            self._known[key] = frozenset(end for end in found if self._allowed(start, end))
        return self._known[key]

    def _of_row(self, row: Row, start: int) -> set[int]:
        ends = {start}
        for piece in row.pieces:
            ends = {end for at in ends for end in self._of_piece(piece, at)}
            if not ends:
                break
        return ends

    def _of_piece(self, piece: Tokens | Row | Part, at: int) -> Iterable[int]:
        if isinstance(piece, Part):
            return self.ends(piece, at)
        if isinstance(piece, tuple):
            return (at + len(piece),) if self._tokens[at : at + len(piece)] == piece else ()
        once = self._of_row(piece, at) - {at}
        found = {at} | once
        while piece.many and once:
            once = {end for start in once for end in self._of_row(piece, start)} - found
            found |= once
        return found


class Grammar:
    """Parts by name, read from lists of rows between bars; unknown parts are taken from `shared`."""

    def __init__(self, spell: Callable[[str], Tokens], shared: Mapping[str, Part] | None = None) -> None:
        self._spell = spell
        self.parts: dict[str, Part] = dict(shared or {})

    def add(self, lists: Mapping[str, Iterable[str]]) -> None:
        """Takes up lists of rows by name. Raises KeyError for a part that no list defines."""
        own = {name: Part(name) for name in lists}
        self.parts |= own
        for name, lines in lists.items():
            for text in rows_in(lines):
                row = Row(self._pieces(iter(_PIECE.findall(text))))
                if all(isinstance(piece, tuple) for piece in row.pieces):
                    own[name].words.add(tuple(word for piece in row.pieces for word in piece))  # type: ignore[union-attr]
                else:
                    own[name].rows.append(row)

    def _pieces(self, pieces: Iterator[str]) -> tuple[Tokens | Row | Part, ...]:
        found: list[Tokens | Row | Part] = []
        for piece in pieces:
            if piece.startswith("]"):
                return (Row(tuple(found), optional=True, many=piece == "]*"),)
            if piece == "[":
                found += self._pieces(pieces)
            elif piece.startswith("<"):
                found.append(self.parts[piece[1:-1]])
            else:
                found.append(self._spell(piece))
        return tuple(found)


def rows_in(lines: Iterable[str]) -> list[str]:
    """The rows of a list, that stand between bars."""
    return [row for line in lines for row in (" ".join(text.split()) for text in line.split("|")) if row]
