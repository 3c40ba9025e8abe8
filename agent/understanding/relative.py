"""Changes that only say how far from what stands: "one epoch fewer", "the bigger model too", "drop the 32B"."""

from __future__ import annotations

from collections.abc import Sequence

from agent.understanding import patterns as re
from tuning.request import Request

_N = r"(?P<n>\d+|an?|another)"
_MORE = r"(?:more|additional|extra|further|higher|longer)"
_LESS = r"(?:fewer|less|lower|shorter)"
_EPOCHS = re.compile(
    rf"\b{_N} (?:(?P<more>{_MORE})|(?P<less>{_LESS})) epochs?\b|\b{_N.replace('<n>', '<m>')} epochs? (?:(?P<plus>{_MORE})|(?P<minus>{_LESS}))\b"
)
_FACTORS = {"double": 2.0, "twice": 2.0, "triple": 3.0, "halve": 0.5, "half": 0.5}
_SCALED = re.compile(
    r"\b(?P<factor>double|twice|triple|halve|half)(?: of)? (?:the |my |our )?(?:number of )?(?P<what>epochs?|learning rates?|lrs?|ranks?|budget|samples|parallel jobs|jobs)\b"
)
_SLOTS = {
    "epoch": "epochs", "learning rate": "learning_rates", "lr": "learning_rates", "rank": "lora_ranks",
    "budget": "budget_usd", "sample": "subsample", "parallel job": "max_parallel_jobs", "job": "max_parallel_jobs",
}  # fmt: skip
_TOO = re.compile(r"\b(?:too|also|as well|add|additionally|in addition|plus|on top)\b")
_ONLY = re.compile(r"\b(?:only|just|alone|instead|replace|switch|rather)\b")


def read_relative(text: str, current: Request) -> dict[str, object]:
    """The slots that a reply changes by a step or a factor from `current`; none where `current` does not set them."""
    found: dict[str, object] = {}
    if (step := _EPOCHS.search(text)) and current.epochs:
        count = step["n"] or step["m"]
        by = int(count) if count.isdigit() else 1
        by = by if step["more"] or step["plus"] else -by
        found["epochs"] = [max(1, epochs + by) for epochs in current.epochs]
    for match in _SCALED.finditer(text):
        slot = _SLOTS[match["what"].rstrip("s")]
        if value := _times(getattr(current, slot), _FACTORS[match["factor"]]):
            found[slot] = value
    return found


def _times(value: object, factor: float) -> object:
    """A number or a list of them times a factor; whole numbers stay whole and do not fall below 1."""
    if isinstance(value, tuple):
        return [_times(one, factor) for one in value]
    if isinstance(value, int):
        return max(1, round(value * factor))
    return float(f"{value * factor:.10g}") if isinstance(value, float) else None


def models_after(
    text: str, named: Sequence[str], withdrawn: Sequence[str], current: Sequence[str]
) -> tuple[str, ...] | None:
    """The base models when a reply adds to those that stand or takes some away; None when it does neither."""
    if withdrawn and not named:
        rest = tuple(model for model in current if model not in withdrawn)
        return rest if rest and len(rest) < len(current) else None
    if named and current and _TOO.search(text) and not _ONLY.search(text):
        return tuple(dict.fromkeys((*current, *named)))
    return None
