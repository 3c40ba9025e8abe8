"""Reads the cases of this folder and compares predictions with them, slot by slot, as the public benchmark does."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FREE = {"evaluator": {"evaluation", "rubric", "labels"}, "rft": {"rubric"}}
NOT_READ = {"question", "unsupported"}


def cases(name: str) -> list[dict[str, Any]]:
    """The cases of one file of this folder."""
    return [json.loads(line) for line in (HERE / f"{name}.jsonl").read_text(encoding="utf-8").splitlines() if line]


def same(want: object, got: object) -> bool:
    """Equal values; lists in any order, numbers to 1e-6, texts without regard to case."""
    if isinstance(want, (int, float)) and isinstance(got, (int, float)) and not isinstance(want, bool):
        return math.isclose(want, got, rel_tol=1e-6)
    if isinstance(want, list) and isinstance(got, list):
        return sorted(map(str.casefold, map(_text, want))) == sorted(map(str.casefold, map(_text, got)))
    if isinstance(want, dict) and isinstance(got, dict):
        return want.keys() == got.keys() and all(same(want[k], got[k]) for k in want)
    return want == got


def _text(value: object) -> str:
    return f"{float(value):.6g}" if isinstance(value, (int, float)) else str(value)


def differences(
    case: Mapping[str, Any], pred: Mapping[str, Any], missing: list[str]
) -> dict[str, tuple[object, object]]:
    """The slots in which an instruction was read otherwise than it should: name to (wanted, got)."""
    want = dict(case["expect"])
    got = dict(pred) if want["workflow"] not in NOT_READ else {"workflow": pred.get("workflow")}
    free = FREE.get(want["workflow"], set())
    if contains := want.pop("rubric_contains", None):
        want["rubric"] = contains
        got["rubric"] = contains if contains in str(got.get("rubric")) else got.get("rubric")
    slots = (want.keys() | got.keys()) - (free - want.keys())
    wrong = {s: (want.get(s), got.get(s)) for s in sorted(slots) if not same(want.get(s), got.get(s))}
    if sorted(case["missing"]) != sorted(missing):
        wrong["missing"] = (case["missing"], missing)
    return wrong
