"""How numbers are written for people: money, time, losses, counts. Each returns text that templates print as it is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from prompts.quoting import Safe


class Span(BaseModel):
    """low <= truth <= high."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    low: float
    high: float


def dollars(value: float | None) -> Safe:
    """An amount of USD to the cent, below ten cents to a hundredth of a cent where that matters; None is unknown."""
    if value is None:
        return Safe("unknown")
    sign, size = ("-" if value < 0 else ""), abs(value)
    fine = size < 0.1 and round(size, 4) != round(size, 2)
    return Safe(f"{sign}${size:.4f}" if fine else f"{sign}${size:,.2f}")


def usd(span: Span | None) -> Safe:
    """A range of USD."""
    if span is None:
        return Safe("unknown")
    low, high = dollars(span.low), dollars(span.high)
    return low if low == high else Safe(f"{low} to {high}")


def minutes(span: Span) -> Safe:
    """A range of wall time given in minutes."""
    low, high = _duration(span.low), _duration(span.high)
    return Safe(low if low == high else f"{low} to {high}")


def _duration(value: float) -> str:
    if value < 1:
        return f"{max(1, round(value * 60))} s"
    return f"{value:.0f} min" if value < 120 else f"{value / 60:.1f} h"


def loss(value: float | None) -> Safe:
    """A loss in nats; None was not measured."""
    return Safe("not measured" if value is None else f"{value:.4f}")


def rate(value: float) -> Safe:
    """A learning rate as people write it: 0.0001, 1.5e-05."""
    return Safe(f"{value:g}")


def percent(value: float | None) -> Safe:
    """A rate between 0 and 1, in percent."""
    return Safe("not measured" if value is None else f"{value:.1%}")


def points(value: float | None) -> Safe:
    """A difference of two rates, in percentage points with its sign."""
    return Safe("not measured" if value is None else f"{100 * value:+.1f}")


def fraction(value: float | None) -> Safe:
    """A figure between 0 and 1 that is no rate, such as F1."""
    return Safe("not measured" if value is None else f"{value:.3f}")


def pvalue(value: float | None) -> Safe:
    """A p-value as people write it; very small ones are bounded."""
    if value is None:
        return Safe("p not measured")
    return Safe("p < 0.0001" if value < 0.0001 else f"p = {value:.2g}")


def ratio(value: float) -> Safe:
    """How many times as many."""
    return Safe(f"{value:,.1f}".removesuffix(".0"))


def count(value: int) -> Safe:
    return Safe(f"{value:,}")


def parameters(value: int) -> Safe:
    """A number of parameters as people say it: 1.25M, 8.2B."""
    for unit, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if value >= unit:
            return Safe(f"{value / unit:.3g}{letter}")
    return Safe(str(value))


def size(value: int) -> Safe:
    """Bytes in the unit that gives one to three digits before the point."""
    amount = float(value)
    for unit in ("bytes", "kB", "MB"):
        if amount < 1000:
            return Safe(f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}")
        amount /= 1000
    return Safe(f"{amount:.1f} GB")


FILTERS = {
    "dollars": dollars,
    "usd": usd,
    "minutes": minutes,
    "loss": loss,
    "rate": rate,
    "percent": percent,
    "points": points,
    "fraction": fraction,
    "pvalue": pvalue,
    "ratio": ratio,
    "count": count,
    "parameters": parameters,
    "size": size,
}
