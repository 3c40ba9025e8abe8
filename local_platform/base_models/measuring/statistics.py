"""Intervals for the table."""

import math
from statistics import mean, stdev


def wilson(hits: int, count: int, z: float = 1.96) -> tuple[float, float]:
    """95% interval of a proportion (Wilson 1927)."""
    share = hits / count
    spread = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    middle = share + z * z / (2 * count)
    scale = 1 + z * z / count
    return (middle - spread) / scale, (middle + spread) / scale


def mean_interval(values: list[float], z: float = 1.96) -> tuple[float, float, float]:
    """Mean and its 95% interval by the normal approximation; for paired differences of a hundred or more cases."""
    middle = mean(values)
    spread = z * stdev(values) / math.sqrt(len(values))
    return middle, middle - spread, middle + spread


def shown(hits: int, count: int) -> str:
    """ "93.1% [91.0, 94.8] of 500"."""
    low, high = wilson(hits, count)
    return f"{hits / count:.1%} [{low * 100:.1f}, {high * 100:.1f}] of {count}"
