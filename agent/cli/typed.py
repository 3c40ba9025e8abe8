"""What is typed, as one message: a line that ends in a backslash goes on, and so does everything between two triple quotes."""

from __future__ import annotations

from collections.abc import Callable

QUOTES = '"""'


def unfinished(text: str) -> bool:
    """Does more belong to this message?"""
    if text.lstrip().startswith(QUOTES):
        return text.count(QUOTES) % 2 == 1
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1


def message(text: str) -> str:
    """The message without the marks that only held it together."""
    plain = text.strip()
    if plain.startswith(QUOTES):
        return plain.removeprefix(QUOTES).removesuffix(QUOTES).strip()
    return (plain[:-1] if unfinished(plain) else plain).replace("\\\n", "\n").strip()


def next_message(line: Callable[[], str | None]) -> str | None:
    """The next message that says something, read line by line; None at the end of the input."""
    text = ""
    while (read := line()) is not None:
        text += read
        if unfinished(text):
            text += "\n"
        elif said := message(text):
            return said
        else:
            text = ""
    return message(text) or None
