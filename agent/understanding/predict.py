"""The benchmark's form of what was understood: prediction rows as its scorer reads them."""

from __future__ import annotations

from collections.abc import Mapping

from agent.understanding.instruction import read_instruction
from agent.understanding.replies import read_reply
from agent.understanding.result import Gate
from agent.understanding.vocabulary import words

PUBLIC_SLOTS = words("public_slots")
"""Slots that the benchmark knows; others (batch size, context length) would count there as inventions."""
_GATES: tuple[Gate, ...] = ("plan", "promotion", "comparison", "question")


def predict_instruction(row: Mapping[str, object]) -> dict[str, object]:
    """Reads a case {"id", "instruction"} and gives {"id", "pred", "missing"}. Raises KeyError where one is absent."""
    reading = read_instruction(str(row["instruction"]))
    return {"id": row["id"], "pred": public(reading.request.slots()), "missing": list(reading.missing)}


def predict_reply(row: Mapping[str, object]) -> dict[str, object]:
    """Reads a case {"id", "gate", "reply", "context"?} and gives {"id", "label", "changes"}.

    Raises KeyError where a field is absent and ValueError for a gate that does not exist.
    """
    reply = read_reply(str(row["reply"]), gate_of(row), str(row.get("context") or ""))
    return {"id": row["id"], "label": reply.label, "changes": public(dict(reply.changes))}


def gate_of(row: Mapping[str, object]) -> Gate:
    """The gate of a reply's case. Raises KeyError, and ValueError for a gate that does not exist."""
    gate = next((g for g in _GATES if g == row["gate"]), None)
    if gate is None:
        raise ValueError(f"unknown gate {row['gate']!r}: one of {', '.join(_GATES)} is expected")
    return gate


def public(slots: Mapping[str, object]) -> dict[str, object]:
    """Only the slots and metrics that the benchmark knows: a macro-F1 counts there as a score."""
    known = {slot: value for slot, value in slots.items() if slot in PUBLIC_SLOTS}
    target = known.get("target")
    if isinstance(target, Mapping) and target["metric"] == "macro_f1":
        known["target"] = {**target, "metric": "score"}
    return known
