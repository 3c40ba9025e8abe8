"""What a user says about a classification, at the start and at the gate, is in the plan that they are asked about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.server.view import phase
from agent.session.state import SessionState
from tests.house import House
from tests.labelled import labelled_rows
from tests.session.steps import YES, at_gate, to_plan, when
from tests.session.test_classification import CLASSIFY, rooms
from tests.session.test_classification_troubles import SLOW
from tuning.plan import Plan

SKEWED = [*labelled_rows(104, ("billing", "billing")), *labelled_rows(124, ("technical", "sales"))[104:]]
"""104 rows of one label, ten of each of two others."""


def plan_of(state: SessionState) -> Plan:
    assert state.known.plan is not None
    return state.known.plan


def shown(state: SessionState) -> str:
    assert state.gate is not None
    return state.gate.shown.text


def benchmark_alone(state: SessionState) -> bool:
    return {item.phase for item in plan_of(state).items} == {"benchmark"}


def one_model(state: SessionState) -> bool:
    return {c.base_model[-6:] for c in plan_of(state).candidates} == {"tiny-a"} and "tiny-b" not in shown(state).split(
        "## Your data"
    )[1]


def seventy_thirty(state: SessionState) -> bool:
    part = state.known.material.part("test") if state.known.material else None
    return part is not None and part.rows == 37


def two_labels(state: SessionState) -> bool:
    return "technical (10)" in shown(state) and "you listed them" in shown(state)


def flagged(state: SessionState) -> bool:
    return "above the threshold of 5" in shown(state) and "say 'oversample'" in shown(state)


def oversampled(state: SessionState) -> bool:
    rows = {p.role: p.rows for p in state.known.material.parts} if state.known.material else {}
    return rows["full"] > 150 and rows["test"] == 25 and "rows of rare labels are repeated" in shown(state)


def undersampled(state: SessionState) -> bool:
    rows = {p.role: p.rows for p in state.known.material.parts} if state.known.material else {}
    return rows["full"] < 50 and rows["test"] == 25


def without_sales(state: SessionState) -> bool:
    labels = state.known.material.labels if state.known.material else None
    return labels is not None and labels.labels == ("billing", "technical")


def merged(state: SessionState) -> bool:
    text, labels = shown(state), state.known.material.labels if state.known.material else None
    assert labels is not None
    data = text.split("## Your data")[1].split("##")[0]
    return (
        "sales into technical" in data
        and "the label `sales` becomes `technical`" in text
        and "sales" not in labels.labels
    )


def targeted(state: SessionState) -> bool:
    return "accuracy of at least 0.92" in shown(state)


def macro_f1(state: SessionState) -> bool:
    return "macro-F1 of at least 0.8" in shown(state) and "Target: 0.8 for the macro-F1" in shown(state)


def two_epochs_one_rank(state: SessionState) -> bool:
    return {(c.epochs, c.config.rank) for c in plan_of(state).candidates} == {(2, 8)}


WISHES: list[tuple[str, Any]] = [
    ("Just benchmark, don't fine-tune.", benchmark_alone),
    ("Only fine-tune tiny-a, skip the base-vs-base comparison.", one_model),
    ("Use a 70/30 train/test split.", seventy_thirty),
    ("Labels are: billing, sales.", two_labels),
    ("Use an imbalance threshold of 5.", flagged),
    ("Oversample the rare labels.", oversampled),
    ("Undersample the frequent labels.", undersampled),
    ("Leave out the label sales.", without_sales),
    ("Merge sales into technical.", merged),
    ("We need at least 92% accuracy.", targeted),
    ("We need a macro F1 of at least 0.8.", macro_f1),
    ("Use LoRA rank 8 and 2 epochs.", two_epochs_one_rank),
]
IDS = [wish for wish, _ in WISHES]


@pytest.mark.parametrize(("wish", "holds"), WISHES, ids=IDS)
async def test_a_wish_at_the_gate_makes_a_new_plan(tmp_path: Path, wish: str, holds: Any) -> None:
    async with rooms(tmp_path, SKEWED) as (home, platform):
        session = await to_plan(home, CLASSIFY)
        assert not holds(home.store.state(session))
        home.reply(session, wish)
        state = await when(home, session, lambda s: s.gate is not None and s.revision == 2)
        assert holds(state), shown(state)
        assert plan_of(state).revision == 2 and platform.count("POST", "deployments$") == 0


@pytest.mark.parametrize(("wish", "holds"), WISHES, ids=IDS)
async def test_a_wish_in_the_instruction_is_in_the_first_plan(tmp_path: Path, wish: str, holds: Any) -> None:
    async with rooms(tmp_path, SKEWED) as (home, _):
        state = home.store.state(await to_plan(home, f"{CLASSIFY} {wish}"))
        assert holds(state), shown(state)


async def test_merges_are_undone_in_words_and_each_plan_has_a_digest_of_its_own(tmp_path: Path) -> None:
    rows = [*labelled_rows(90), *({**row, "ground_truth": "Billing"} for row in labelled_rows(30, ("billing",)))]
    async with rooms(tmp_path, rows) as (home, _):
        session = await to_plan(home, CLASSIFY)
        digests, found = set[str](), []
        for revision, reply in enumerate(
            ("", "merge sales into technical", "don't merge them", "keep Billing and billing apart", "merge them after all"), 1
        ):  # fmt: skip
            if reply:
                home.reply(session, reply)
            state = await when(home, session, lambda s, n=revision: s.gate is not None and s.revision == n)
            assert state.known.material is not None and state.known.material.labels is not None
            digests.add(plan_of(state).digest())
            found.append(len(state.known.material.labels.labels))
        assert found == [3, 2, 3, 4, 3] and len(digests) == 3


async def test_the_models_are_asked_for_and_never_all(tmp_path: Path) -> None:
    async with rooms(tmp_path) as (home, _):
        session = home.create("Run classification on accounts/local/datasets/intents with all models.")
        state = await at_gate(home, session, "question")
        assert all(name in shown(state) for name in ("tiny-a", "tiny-b", "tiny-c"))
        home.reply(session, "tiny-a")
        await at_gate(home, session, "plan")


async def test_weighted_training_is_refused_in_words(tmp_path: Path) -> None:
    async with rooms(tmp_path, SKEWED) as (home, _):
        session = home.create(f"{CLASSIFY} Use class weights.")
        state = await at_gate(home, session, "question")
        assert state.gate is not None and "Weighted training is not served" in state.gate.shown.question
        home.reply(session, "oversample")
        await at_gate(home, session, "plan")
        assert oversampled(home.store.state(session))


async def test_several_labels_a_row(tmp_path: Path) -> None:
    rows = [
        {**row, "ground_truth": ["billing", "sales"] if n % 4 == 0 else [str(row["ground_truth"])]}
        for n, row in enumerate(labelled_rows(120))
    ]
    async with rooms(tmp_path, rows) as (home, _):
        session = await to_plan(home, CLASSIFY)
        assert "one or more of them" in shown(home.store.state(session))
        home.reply(session, YES)
        state = await home.until(session, "succeeded", seconds=60)
        assert all(score.micro_f1 is not None for score in state.known.scores.values())


async def test_the_phase_is_told(tmp_path: Path) -> None:
    async def seen(home: House, session: str, wanted: str) -> None:
        await when(home, session, lambda s: phase(s) == wanted)

    async with rooms(tmp_path, scripts=SLOW) as (home, _):
        session = await to_plan(home, CLASSIFY)
        home.reply(session, YES)
        await seen(home, session, "benchmark")
        await seen(home, session, "sweep")
