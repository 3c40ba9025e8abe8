"""A request as a model writes it down: the same typed Request, canonical names, and no looser limit."""

from __future__ import annotations

from typing import Any

import pytest

from agent.planner.slots import SlotError, changed, slots_schema
from tuning.request import Request

NONE = Request()


def test_names_become_canonical_and_unknown_ones_are_told() -> None:
    slots = {"workflow": "sft", "base_models": ["Qwen 3 32 B", "llama 3.1 8b instruct", "gpt-99"]}
    request, unknown = changed(NONE, slots, NONE)
    assert request.base_models == ("qwen3-32b", "llama-v3p1-8b-instruct")
    assert [model.written for model in unknown] == ["gpt-99"] and unknown[0].nearest
    assert changed(NONE, {"base_models": ["tiny-a"]}, NONE, ("tiny-a",))[0].base_models == ("tiny-a",)


def test_merges_are_pairs() -> None:
    pairs = [["refunds", "billing"], ["b", "c"]]
    assert changed(NONE, {"merge_labels": pairs}, NONE)[0].merge_labels == (("refunds", "billing"), ("b", "c"))
    with pytest.raises(SlotError, match="merge_labels"):
        changed(NONE, {"merge_labels": [["refunds", "billing", "x"]]}, NONE)


def test_slots_left_out_stay_and_null_clears() -> None:
    before = Request(epochs=(3,), lora_ranks=(8,), deploy=False)
    assert changed(before, {"epochs": [2]}, NONE)[0] == Request(epochs=(2,), lora_ranks=(8,), deploy=False)
    assert changed(before, {"epochs": None, "deploy": None, "lora_ranks": []}, NONE)[0] == NONE


@pytest.mark.parametrize(
    ("wanted", "allowed", "stands"),
    [(500.0, 5.0, 5.0), (3.0, 5.0, 3.0), (None, 5.0, 5.0), (7.0, None, 7.0), (None, None, None)],
)
def test_a_budget_only_gets_tighter(wanted: float | None, allowed: float | None, stands: float | None) -> None:
    assert changed(NONE, {"budget_usd": wanted}, Request(budget_usd=allowed))[0].budget_usd == stands


@pytest.mark.parametrize(
    ("wanted", "allowed", "stands"), [(60, None, 6), (2, None, 2), (60, 8, 8), (7, 8, 7), (None, 8, 8)]
)
def test_jobs_at_once_only_get_fewer(wanted: int | None, allowed: int | None, stands: int) -> None:
    assert (
        changed(NONE, {"max_parallel_jobs": wanted}, Request(max_parallel_jobs=allowed))[0].max_parallel_jobs == stands
    )


@pytest.mark.parametrize(
    "slots", [{"nothing": 1}, {"epochs": "many"}, {"workflow": "magic"}, {"base_models": "tiny-a"}, {"target": 1}]
)
def test_what_can_not_stand_is_told_without_its_value(slots: dict[str, Any]) -> None:
    with pytest.raises(SlotError, match="these slots can't stand"):
        changed(NONE, slots, NONE)


def test_the_schema_names_every_slot() -> None:
    assert set(slots_schema()["properties"]) == set(Request.model_fields)
