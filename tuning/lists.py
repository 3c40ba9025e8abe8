"""A list in a sentence: what is left out of it is counted."""

from __future__ import annotations

from collections.abc import Sequence


def first_of(entries: Sequence[str], most: int) -> str:
    """The first entries with commas, then "and 5 more" where there are more than `most`."""
    more = len(entries) - most
    return ", ".join(entries[:most]) + (f" and {more:,} more" if more > 0 else "")
