"""Makes text from elsewhere inert before a template prints it: no new lines, rows, headings, links or fake questions.

Names, labels, errors and file contents are data. A template prints every plain string through `line`, whether its author
thinks of it or not (`prompts.base` sets it as the environment's finalizer); the other filters are for other places.
Only `Safe` text passes as it is, and only the filters here and in `prompts.units` make it.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence

LINE_LIMIT = 300
CELL_LIMIT = 80
CODE_LIMIT = 200
NAMES_LIMIT = 20
BLOCK_LINES = 40
BLOCK_LIMIT = 4_000
LITERAL_LIMIT = 8_000
PAGE_LIMIT = 200_000

_BLOCK_START = re.compile(r"^(#|>|~~~|===|---|\*\*\*|___|[-+*]( |$)|\d+[.)]( |$))")
_OUTPUT_LINE = re.compile(r"^(\[\d{4}-|\[done\]|Session ID:|Status:)")
"""How lines begin that programs read from the CLI's text output."""
_HTML = re.compile(r"<(?=[A-Za-z/!?])")


class Safe(str):
    """Text that a filter of this package made: printed as it stands."""

    __slots__ = ()


def clean(text: str, limit: int) -> str:
    """One line of visible characters, at most `limit` of them; what was cut is marked by an ellipsis.

    Control, format (zero-width and direction-changing) and unassigned characters and lone surrogates become blanks.
    """
    head = text[: 4 * limit + 4]
    visible = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in head)
    joined = " ".join(visible.split())
    cut = len(joined) > limit or len(text) > len(head)
    return joined[: limit - 1].rstrip() + "…" if cut else joined


def _inert(text: str) -> str:
    """No table cell, code span, HTML tag or link can begin or end in it."""
    text = text.replace("|", "¦").replace("`", "'").replace("](", "] (").replace("![", "! [")
    return _HTML.sub("‹", text)


def line(text: str, limit: int = LINE_LIMIT) -> Safe:
    """One inert line of running text. Text that would open a heading, list or quote is preceded by a backslash."""
    plain = _inert(clean(text, limit))
    return Safe("\\" + plain if _BLOCK_START.match(plain) or _OUTPUT_LINE.match(plain) else plain)


def cell(text: str) -> Safe:
    """One cell of a table."""
    return line(text, CELL_LIMIT)


def code(text: str) -> Safe:
    """A name or address, in a code span. Empty text gives a dash."""
    plain = clean(text, CODE_LIMIT).replace("|", "¦").replace("`", "'")
    return Safe(f"`{plain}`" if plain else "-")


def names(values: Sequence[str]) -> Safe:
    """The first of several names in code spans, the others counted."""
    more = f" and {len(values) - NAMES_LIMIT} more" if len(values) > NAMES_LIMIT else ""
    return Safe(", ".join(code(value) for value in values[:NAMES_LIMIT]) + more)


def block(text: str) -> Safe:
    """Several lines quoted by `> `, each inert, capped in number and length."""
    rows = text[:BLOCK_LIMIT].splitlines() or [""]
    shown = [f"> {line(row)}".rstrip() for row in rows[:BLOCK_LINES]]
    if len(text) > BLOCK_LIMIT or len(rows) > BLOCK_LINES:
        shown.append("> … (cut here)")
    return Safe("\n".join(shown))


def prose(text: str) -> Safe:
    """A planner's own words: lines and Markdown stand, but none can pass for a line of the CLI's output."""
    rows = [clean(row, BLOCK_LIMIT) for row in text[:BLOCK_LIMIT].strip().splitlines()[:BLOCK_LINES]]
    return Safe("\n".join("\\" + row if _OUTPUT_LINE.match(row) else row for row in rows))


def literal(text: str) -> Safe:
    """A string literal of Python that can't be left from inside, for code the user will run; the value is exact.

    What can't be seen is escaped, and so is the backtick, which would end the fence around the code.
    """
    single = repr('"' + text[:LITERAL_LIMIT])[2:-1]
    double = single.replace("\\'", "'").replace('"', '\\"')
    return Safe('"' + double.replace("`", "\\x60") + '"')


def deeper(text: str, levels: int = 2) -> Safe:
    """Rendered Markdown with its headings that many levels lower, to stand inside another text."""
    return Safe(re.sub(r"^(?=#+ )", "#" * levels, text, flags=re.MULTILINE))


def verbatim(text: str) -> Safe:
    """Text that another template of this package rendered."""
    return Safe(text)


def escaped(text: str) -> Safe:
    """One inert line of a page: no tag, attribute or entity can begin or end in it."""
    return Safe(html.escape(clean(text, LINE_LIMIT)))


def lines(text: str) -> Safe:
    """Several lines of a page, for an element that keeps white space."""
    rows = text[:PAGE_LIMIT].splitlines()
    visible = ("".join(" " if unicodedata.category(c)[0] == "C" else c for c in row) for row in rows)
    return Safe(html.escape("\n".join(visible)))


FILTERS = {
    "line": line,
    "cell": cell,
    "code": code,
    "names": names,
    "block": block,
    "literal": literal,
    "deeper": deeper,
    "verbatim": verbatim,
}
PAGE_FILTERS = {"lines": lines}
