"""What a supervised fine-tuning plan takes of the user's wishes, and what it says about those that it can't take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tuning.material import Material, ModelFacts, Part, Site
from tuning.plan import Interval, Plan
from tuning.plan_sft import compile_sft
from tuning.pricing import LOCAL_PRICES, load_prices
from tuning.request import Request
from tuning.workflows import NotTrainableError, held_out

PRICES = load_prices((Path(__file__).parents[2] / "tuning" / "prices.yaml").read_text())


def part(role: str) -> Part:
    tokens = Interval(low=3_000, high=3_000)
    return Part(role=role, path=f"datasets/{role}.jsonl", rows=100, bytes=9_000, sha256=role * 8, tokens=tokens)


MATERIAL = Material(
    source="rows", total_rows=1_000, parts=tuple(part(role) for role in ("sweep", "validation", "full", "test"))
)


def planned(kind: str = "fireworks", models: tuple[str, ...] = ("qwen3-8b",), **slots: Any) -> Plan:
    request = Request(workflow="sft", train_dataset="rows", base_models=models, **slots)
    facts = tuple(
        ModelFacts(name=f"accounts/fireworks/models/{name}", parameter_count=8_200_000_000, tunable=True)
        for name in models
    )
    prices = PRICES if kind == "fireworks" else LOCAL_PRICES
    return compile_sft(request, MATERIAL, facts, Site(kind, "acme", "s1", prices), 1)


def bodies(plan: Plan, kind: str) -> list[dict[str, Any]]:
    return [item.request.body or {} for item in plan.items if item.kind == kind and item.request]


def decision(plan: Plan, name: str) -> str:
    return next((f"{d.value} ({d.source})" for d in plan.decisions if d.name == name), "")


def warned(plan: Plan, *words: str) -> bool:
    return any(all(word in warning for word in words) for warning in plan.warnings)


def test_a_cloud_deployment_scales_to_zero_after_five_idle_minutes() -> None:
    policy = {"scaleToZeroWindow": "300s"}
    assert [body.get("autoscalingPolicy") for body in bodies(planned(), "deploy")] == [policy] * 3
    assert all("autoscalingPolicy" not in body for body in bodies(planned("local"), "deploy"))


def test_a_budget_comes_with_what_a_deployment_bills_and_how_to_stop_it() -> None:
    assert warned(planned(budget_usd=500.0), "$8.00 to $16.00 for each hour", "fireagent deployment stop", "5 minutes")
    alone = planned(budget_usd=500.0, skip_sweep=True)
    assert warned(alone, f"fireagent deployment stop {next(i for i in alone.items if i.kind == 'deploy').resource_id}")
    for quiet in (planned(), planned("local", budget_usd=5.0), planned(budget_usd=500.0, deploy=False)):
        assert not warned(quiet, "deployment stop")


@pytest.mark.parametrize(("said", "taken"), [(2048, 2048), (2050, 2048), (31, 16)])
def test_a_context_length_is_a_multiple_of_sixteen_and_the_plan_says_what_became_of_it(said: int, taken: int) -> None:
    plan = planned(max_context_length=said)
    assert {body["maxContextLength"] for body in bodies(plan, "train")} == {taken}
    shown = decision(plan, "Context length")
    assert shown.startswith(str(taken)) and ("rounded down" in shown) == (said != taken)


def test_a_context_length_below_one_step_is_refused() -> None:
    with pytest.raises(NotTrainableError, match="at least 16"):
        planned(max_context_length=15)


@pytest.mark.parametrize("rank", [2, 12, 64])
def test_ranks_that_the_cloud_does_not_train_are_refused_before_there_is_a_plan(rank: int) -> None:
    with pytest.raises(NotTrainableError, match=f"rank {rank}: it takes 4, 8, 16, 32"):
        planned(lora_ranks=(8, rank))
    assert len(planned("local", lora_ranks=(8, rank)).candidates) == 2


def test_a_loss_target_is_a_decision_and_another_is_refused_in_words() -> None:
    loss = planned(target={"metric": "validation_loss", "value": 0.4})
    assert "at or below 0.4" in decision(loss, "Target")
    assert not loss.warnings
    assert warned(planned(target={"metric": "win_rate", "value": 0.7}), "target of 0.7 for the win rate", "can't be")


def test_no_sweep_says_what_is_trained_and_what_is_not() -> None:
    plan = planned(skip_sweep=True)
    assert "LoRA rank 8, learning rate 0.00015 is trained directly" in decision(plan, "Sweep")
    assert not plan.warnings
    several = planned(skip_sweep=True, lora_ranks=(8, 32))
    assert warned(several, "2 configurations and no sweep", "only the first (LoRA rank 8")
    assert len(several.candidates) == 1
    assert warned(planned(skip_sweep=True, skip_final_run=True), "full run is the only training")
    assert warned(planned(skip_sweep=True, subsample=500), "nothing to subsample: the 500 rows")
    two = planned(models=("qwen3-8b", "qwen3-14b"), skip_sweep=True, subsample=500)
    assert warned(two, "compared all the same") and not warned(two, "nothing to subsample")


def test_the_same_configuration_twice_is_one_candidate() -> None:
    plan = planned(lora_ranks=(8, 8, 16), learning_rates=(1e-4, 1e-4), epochs=(2, 2))
    assert [(c.number, c.config.rank, c.epochs) for c in plan.candidates] == [(1, 8, 2), (2, 16, 2)]
    jobs = [item.resource_id for item in plan.items if item.kind == "train"]
    assert len(jobs) == len(set(jobs)) == 4


def test_an_evaluation_set_of_the_users_own_stays_held_out() -> None:
    assert warned(planned(train_on_all=True), "no held-out gain")
    own = planned(train_on_all=True, eval_dataset="mine")
    assert not own.warnings and held_out(own.request)
