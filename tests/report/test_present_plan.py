"""The plan gate: what is written, what is asked, and what the digest covers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.report.conftest import CLOUD_MODEL, history, plan_of
from tools.base import ToolContext, ToolError
from tools.facts import GateShown
from tools.known import Known
from tools.present_plan import TOOL, PresentPlanArguments

Make = Callable[..., Any]


async def _shown(context: ToolContext, **arguments: Any) -> GateShown:
    result = await TOOL.run(PresentPlanArguments(**arguments), context)
    (fact,) = result.facts
    assert isinstance(fact, GateShown)
    return fact


async def test_the_gate_shows_plan_table_and_question(drafted: Make, context: Make, tmp_path: Path) -> None:
    known = drafted(cloud=True)
    shown = await _shown(context(known, cloud=True), revision=1)
    plan = plan_of(known)
    assert (shown.gate, shown.digest) == ("plan", plan.digest())
    assert (tmp_path / "plan.md").read_text() == shown.text
    stored = json.loads((tmp_path / "plan.json").read_text())
    assert stored.pop("digest") == plan.digest()
    assert type(plan).model_validate(stored) == plan
    assert plan.digest() in shown.text
    for item in plan.items:
        assert item.request is None or item.resource() in shown.text
    assert f"**${plan.cost.low:.2f} to ${plan.cost.high:.2f}**" in shown.text
    assert "12 rows carried the answer as ground_truth" in shown.text
    assert "- Training data: accounts/local/datasets/support-tickets: 960 rows of chat data" in shown.text
    assert shown.text.count("3 rows are exact duplicates") == 1, "an issue is a warning and not said twice"
    assert shown.question.splitlines()[-1].startswith('Reply "Approved, proceed."')


async def test_the_same_call_gives_the_same_gate(drafted: Make, context: Make) -> None:
    made = context(drafted())
    assert await _shown(made) == await _shown(made)
    assert (await _shown(made, round=2)).round == 2


async def test_a_plan_above_the_budget_is_not_offered_for_approval(drafted: Make, context: Make) -> None:
    shown = await _shown(context(drafted(cloud=True, budget_usd=1.0), cloud=True))
    assert "above your budget of $1.00" in shown.question
    assert "Nothing whose upper bound would pass the budget will be launched" in shown.question
    assert "Approved, proceed" not in shown.question
    assert "change" in shown.question.splitlines()[-1]


async def test_a_budget_that_suffices_changes_nothing(drafted: Make, context: Make) -> None:
    shown = await _shown(context(drafted(cloud=True, budget_usd=100.0), cloud=True))
    assert 'Reply "Approved, proceed."' in shown.question


async def test_an_unknown_price_needs_its_own_words(drafted: Make, context: Make) -> None:
    sizeless = CLOUD_MODEL.model_copy(update={"parameter_count": None})
    shown = await _shown(context(drafted(cloud=True, model=sizeless), cloud=True))
    assert "at an unknown price" in shown.question.splitlines()[-1]
    assert "unknown; the known part is" in shown.text
    assert "Train candidate 1" in shown.text.split("No price is known for:")[1]


@pytest.mark.parametrize(
    ("slots", "words"),
    [
        ({"skip_sweep": True}, "There is no second question"),
        ({"skip_final_run": True}, "the chosen candidate is taken as it is"),
        (
            {"lora_ranks": (16,), "learning_rates": (1e-4,)},
            'To train it once, on the full data alone, say "skip HP tuning".',
        ),
        (
            {"lora_ranks": (16,), "learning_rates": (1e-4,), "skip_final_run": True},
            "There is no full run, so it is trained once.",
        ),
        ({"deploy": False}, "Nothing is deployed."),
        ({"max_parallel_jobs": 1}, "At most 1 job is active at once."),
        ({"budget_usd": 5.0}, "- Budget, in USD: 5"),
        ({"epochs": (2, 3), "learning_rates": (5e-5,)}, "- Epochs: 2, 3"),
    ],
)
async def test_the_users_words_are_told_back(drafted: Make, context: Make, slots: dict[str, Any], words: str) -> None:
    assert words in (await _shown(context(drafted(**slots)))).text


async def test_money_spent_before_is_named(drafted: Make, context: Make) -> None:
    made = context(drafted(cloud=True), cloud=True, history=history(spent_usd=1.5))
    assert "Cost so far in this session: $1.50." in (await _shown(made)).text


async def test_what_cannot_be_used_is_a_warning(drafted: Make, context: Make) -> None:
    known: Known = drafted()
    staged = known.staged["train"].model_copy(update={"usable": False, "reason": "it is empty"})
    known = replace(known.learn(staged), models_missing=("accounts/local/models/none",))
    text = (await _shown(context(known))).text
    assert "can't be used: it is empty" in text
    assert "accounts/local/models/none is not a model of this platform" in text


@pytest.mark.parametrize("revision", [None, 2])
async def test_no_such_plan_is_told(drafted: Make, context: Make, tmp_path: Path, revision: int | None) -> None:
    known = Known() if revision is None else drafted()
    with pytest.raises(ToolError) as caught:
        await _shown(context(known), revision=revision)
    assert caught.value.next_step
    assert list(tmp_path.iterdir()) == []


async def test_several_candidates_are_not_told_that_nothing_is_compared(drafted: Make, context: Make) -> None:
    for slots in ({}, {"skip_sweep": True}, {"skip_final_run": True}):
        assert "nothing to compare" not in (await _shown(context(drafted(**slots)))).text


async def test_one_candidate_is_trained_once_where_the_user_takes_up_the_plans_word(
    drafted: Make, context: Make
) -> None:
    one = {"lora_ranks": (16,), "learning_rates": (1e-4,)}
    jobs = [sum(item.kind == "train" for item in drafted(**one, skip_sweep=skip).plan.items) for skip in (False, True)]
    assert jobs == [2, 1]
