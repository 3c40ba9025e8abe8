"""What a classification plan holds: its items in order, its price over the branches, and the user's word over every default."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tuning.election import elect, winner
from tuning.material import LabelSet, Material, ModelFacts, Part, Site
from tuning.plan import Interval, Plan, PlanItem
from tuning.plan_classification import compile_classification
from tuning.pricing import LOCAL_PRICES, load_prices
from tuning.request import Request

PRICES = load_prices((Path(__file__).parents[2] / "tuning" / "prices.yaml").read_text())
LABELS = LabelSet(
    labels=("billing", "sales"),
    source="you listed them",
    rule="ground_truth",
    counts=(("billing", 510), ("sales", 10)),
    test_counts=(("billing", 90), ("sales", 10)),
    imbalance=51.0,
)


def part(role: str) -> Part:
    tokens = Interval(low=3_000, high=3_000)
    return Part(
        role=role, path=f"datasets/{role}.jsonl", rows=100, bytes=9_000, sha256=role * 8, tokens=tokens, longest=900
    )


ROLES = ("sweep", "validation", "full", "test")


def planned(
    kind: str = "fireworks", models: tuple[str, ...] = ("a", "b"), labels: LabelSet = LABELS, **slots: Any
) -> Plan:
    request = Request(workflow="classification", train_dataset="rows", base_models=models, **slots)
    roles = ("test",) if request.benchmark_only else ROLES
    material = Material(source="rows", total_rows=1_000, parts=tuple(map(part, roles)), labels=labels)
    facts = tuple(
        ModelFacts(name=f"accounts/fireworks/models/{name}", parameter_count=10**9 * 4**place, tunable=True)
        for place, name in enumerate(models)
    )
    prices = PRICES if kind == "fireworks" else LOCAL_PRICES
    return compile_classification(request, material, facts, Site(kind, "acme", "s1", prices), 1)


def items(plan: Plan, phase: str, kind: str = "") -> list[PlanItem]:
    return [item for item in plan.items if item.phase == phase and kind in ("", item.kind)]


def warned(plan: Plan, *words: str) -> bool:
    return any(all(word in warning for word in words) for warning in plan.warnings)


def _model(plan: Plan, item: PlanItem) -> str:
    return next(c.base_model for c in plan.candidates if c.number == item.candidate)


class Score:
    """As much of a score as an election looks at."""

    def __init__(self, accuracy: float) -> None:
        self.accuracy = accuracy


def test_every_phase_has_its_items_and_every_evaluation_is_put_to_rest() -> None:
    plan = planned()
    assert [i.id for i in items(plan, "benchmark")] == [
        f"{verb}-base-{model}" for model in ("a", "b") for verb in ("deploy", "evaluate", "scale")
    ]
    assert len(items(plan, "sweep", "train")) == len(items(plan, "full run", "train")) == 6
    for evaluate in (item for item in plan.items if item.kind == "evaluate"):
        deploy = plan.item(evaluate.needs[0])
        rests = [item for item in plan.items if item.kind == "scale" and evaluate.id in item.needs]
        assert deploy is not None and [rest.resource_id for rest in rests] == [deploy.resource_id]
        assert rests[0].required and not evaluate.required
    assert {item.gate for item in plan.items} == {"plan"}
    assert len({item.resource_id for item in plan.items if item.kind == "deploy"}) == 2 + 6 + 6 + 6


def test_the_ceiling_covers_the_dearest_branch_and_the_table_adds_up() -> None:
    plan = planned(models=("a", "b", "c", "d"))
    known = [cost for _, cost in plan.cost_lines if cost is not None]
    assert plan.cost.high == pytest.approx(sum(cost.high for cost in known))
    dearest = {c.base_model for c in plan.candidates[-9:]}
    numbers = {c.number for c in plan.candidates if c.base_model in dearest}
    sweep = sum(i.cost.high for i in items(plan, "sweep", "train") if i.candidate in numbers and i.cost)
    full = sum(max(i.cost.high for i in items(plan, "full run") if i.cost and _model(plan, i) == m) for m in dearest)
    line = dict(plan.cost_lines)["Fine-tuning"]
    assert line is not None and line.high == pytest.approx(sweep + full, abs=1e-4)
    assert planned(models=("a", "b", "c", "d"), tune_all=True).cost.high > plan.cost.high
    assert planned("local").cost == Interval(low=0.0, high=0.0)


def test_of_more_than_three_models_the_best_by_base_accuracy_are_tuned() -> None:
    plan = planned(models=("a", "b", "c", "d"))
    scores = {f"evaluate-base-{m}": Score(s) for m, s in zip("abc", (0.2, 0.5, 0.4), strict=True)}
    assert elect(plan, scores, (), "strongest") == ((), ("evaluate-base-d",))
    last = {c.number for c in plan.candidates if c.base_model.endswith("/d")}
    unmeasured = elect(plan, scores, {"evaluate-base-d"}, "strongest")
    assert not last & set(unmeasured.numbers) and len(unmeasured.numbers) == 9
    chosen = elect(plan, {**scores, "evaluate-base-d": Score(0.9)}, (), "strongest")
    assert {c.base_model[-1] for c in plan.candidates if c.number in chosen.numbers} == {"b", "c", "d"}


def test_each_models_best_goes_on_and_ties_go_to_the_earlier_number() -> None:
    plan = planned(models=("a", "b"))
    scores = {f"evaluate-sweep-{n}": Score(s) for n, s in enumerate((0.5, 0.7, 0.7, 0.1, 0.2), start=1)}
    assert elect(plan, scores, (), "validation") == ((2,), ("evaluate-sweep-6",))
    done = {**scores, "evaluate-sweep-6": Score(0.3)}
    assert elect(plan, done, (), "validation").numbers == (2, 6)
    assert elect(plan, scores, {"evaluate-sweep-6"}, "validation").numbers == (2, 5)
    assert winner(plan, {**done, "evaluate-final-2": Score(0.8)}, ()) is None
    assert winner(plan, {**done, "evaluate-final-2": Score(0.8), "evaluate-final-6": Score(0.8)}, ()) == 2
    assert winner(plan, {**done, "evaluate-final-6": Score(0.1)}, {"evaluate-final-2"}) == 6


def test_one_configuration_is_not_swept() -> None:
    plan = planned(models=("a",), lora_ranks=(8,), learning_rates=(1e-4,))
    assert not items(plan, "sweep") and [i.id for i in items(plan, "full run")] == ["final-1"]
    assert elect(plan, {}, (), "validation").numbers == (1,)


def test_benchmark_only_trains_and_leaves_nothing() -> None:
    plan = planned(benchmark_only=True)
    assert {item.phase for item in plan.items} == {"benchmark"} and not plan.candidates
    assert [label for label, _ in plan.cost_lines] == ["Base inference"]


def test_models_that_are_named_for_it_alone_are_tuned() -> None:
    plan = planned(models=("a", "b"), tune_models=("b",))
    assert {c.base_model[-1] for c in plan.candidates} == {"b"} and len(items(plan, "benchmark", "evaluate")) == 2


def test_without_a_full_run_the_best_of_the_sweep_are_compared() -> None:
    plan = planned(skip_final_run=True)
    assert not items(plan, "full run")
    assert plan.item("deploy-final-2").needs == ("sweep-2",)  # type: ignore[union-attr]
    assert plan.item("deploy-2").needs == ("sweep-2",)  # type: ignore[union-attr]


@pytest.mark.parametrize(("ratio", "said"), [(50.0, False), (50.01, True)])
def test_imbalance_is_flagged_strictly_above_the_threshold(ratio: float, said: bool) -> None:
    plan = planned(labels=LABELS.model_copy(update={"imbalance": ratio}))
    assert warned(plan, "imbalanced", "'billing' has 510", "'sales' 10") == said
    assert warned(plan, "oversample", "undersample", "leave out the label sales") == said
    calm = planned(labels=LABELS.model_copy(update={"imbalance": ratio}), rebalance="none")
    assert not warned(calm, "oversample")


def test_a_target_is_judged_by_accuracy_or_refused_in_words() -> None:
    plan = planned(target={"metric": "accuracy", "value": 0.92})
    assert "accuracy of at least 0.92" in next(d.value for d in plan.decisions if d.name == "Target")
    assert warned(planned(target={"metric": "win_rate", "value": 0.7}), "win rate", "can't be judged")


def test_an_equal_evaluation_has_an_equal_id_in_a_revised_plan() -> None:
    first, second = planned(models=("a", "b")), planned(models=("b",), epochs=(1,))
    mine = [plan.item("evaluate-base-b").resource_id for plan in (first, second)]  # type: ignore[union-attr]
    assert mine[0] == mine[1]
    relabelled = LABELS.model_copy(update={"labels": ("billing", "sales", "other")})
    assert planned(labels=relabelled).item("evaluate-base-b").resource_id != mine[0]  # type: ignore[union-attr]
