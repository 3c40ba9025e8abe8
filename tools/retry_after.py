"""How long a server wants to be left alone, by the header of its refusal (RFC 9110, section 10.2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

LONGEST_AFTER = 3_600.0
"""Seconds; a server that wants more is asked again after them."""


def wanted_pause(headers: Mapping[str, str], now: float) -> float:
    """Seconds that the server wants to be left alone, by its Retry-After header (a number or a date); 0 if it says none."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name, "")
        try:
            seconds = float(value) * unit
        except ValueError:
            seconds = _until(value) - now
        if seconds > 0:  # NaN is not, infinity is
            return min(LONGEST_AFTER, seconds)
    return 0.0


def _until(date: str) -> float:
    """Seconds since the epoch; 0 for what is no date."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except ValueError:
        return 0.0
