"""The promotion gate: who wins, how clearly, and what a yes would promote."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.report.conftest import plan_of
from tools.base import ToolContext, ToolError
from tools.facts import CandidateMeasured, GateShown, JobSeen
from tools.known import Known
from tools.present_scoreboard import TOOL, ScoreboardArguments, Standing, lead, rank
from tuning.statistics import Interval

Make = Callable[..., Any]


def _standing(number: int, loss: float | None = 0.5, **changes: Any) -> Standing:
    values: dict[str, Any] = {
        "base_model": "accounts/local/models/a",
        "rank": 8,
        "learning_rate": 1e-3,
        "epochs": 1,
        "parameters": 1_000,
        "item": f"sweep-{number}",
        "job": f"accounts/local/supervisedFineTuningJobs/j{number}",
        "state": "JOB_STATE_COMPLETED",
        "split": "validation",
        "train_loss": 0.4,
        "base_loss": 2.0,
        "gain": 1.5,
        "gain_low": 1.4,
        "gain_high": 1.6,
        "rows": 30,
        "cost_low": 0.0,
        "cost_high": 0.0,
        "cost_reported": False,
        "message": "",
        **changes,
    }
    return Standing(number=number, eval_loss=loss, **values)


async def _shown(context: ToolContext, **arguments: Any) -> GateShown:
    (fact,) = (await TOOL.run(ScoreboardArguments(**arguments), context)).facts
    assert isinstance(fact, GateShown)
    return fact


@given(
    table=st.lists(
        st.builds(
            _standing,
            st.integers(1, 99),
            st.none() | st.floats(0, 9),
            rank=st.sampled_from([8, 16]),
            parameters=st.sampled_from([None, 1, 2]),
            state=st.sampled_from(["JOB_STATE_COMPLETED", "JOB_STATE_FAILED", "not started"]),
        ),
        unique_by=lambda s: s.number,
    )
)
def test_ranking_is_by_loss_and_the_unfit_come_last(table: list[Standing]) -> None:
    ranked = rank(table)
    fit = [s for s in ranked if s.eligible]
    assert sorted(s.number for s in ranked) == sorted(s.number for s in table)
    assert ranked[: len(fit)] == tuple(fit)
    losses = [s.eval_loss for s in fit if s.eval_loss is not None]
    assert losses == sorted(losses)
    assert rank(reversed(table)) == ranked


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"parameters": 1, "rank": 32}, {"parameters": 2, "rank": 8}),
        ({"parameters": 1}, {"parameters": None}),
        ({"rank": 8}, {"rank": 16}),
        ({}, {}),
    ],
)
def test_ties_go_to_the_smaller(better: dict[str, Any], worse: dict[str, Any]) -> None:
    first, second = _standing(1, **better), _standing(2, **worse)
    assert rank([second, first])[0].number == 1
    assert lead(rank([second, first]), None)[0] == "tie"


def test_a_lead_is_clear_only_when_its_interval_is_above_zero() -> None:
    table = (_standing(1, 0.5), _standing(2, 0.6))
    assert lead(table, Interval(0.1, 0.05, 0.15))[0] == "clear"
    kind, ahead, second = lead(table, Interval(0.1, -0.01, 0.2))
    assert (kind, second) == ("noise", 2)
    assert ahead == pytest.approx(0.1)
    assert lead(table, None)[0] == "unknown"
    assert lead((_standing(1), _standing(2, None)), None) == ("alone", None, None)


async def test_the_gate_names_the_winner(trained: Make, context: Make, metrics: Make, tmp_path: Path) -> None:
    known = trained()
    metrics(known)
    shown = await _shown(context(known))
    assert (shown.gate, shown.candidate) == ("promotion", 2)
    assert "| 1 | 2 **(winner)** |" in shown.text
    assert "Candidate 2 wins: its validation loss is 0.0900 below that of candidate 3" in shown.text
    assert 'Reply "Proceed with the winning config." or name another candidate.' in shown.question
    assert "full data (864 rows) and then deployed" in shown.question
    stored = json.loads((tmp_path / "outputs" / "scoreboard.json").read_text())
    assert (stored["winner"], stored["candidate"], stored["plan_digest"]) == (2, 2, plan_of(known).digest())
    assert [row["number"] for row in stored["candidates"]] == [2, 3, 1]
    assert await _shown(context(known)) == shown


async def test_a_small_lead_over_noisy_rows_is_said_to_be_noise(trained: Make, context: Make, metrics: Make) -> None:
    known = trained(losses={1: 0.62, 2: 0.5000, 3: 0.5001})
    metrics(known)
    path = context(known).workspace / known.measured["sweep-3"].metrics_path
    rows = [[(0.5 + (0.3 if i % 2 else -0.2998)) * 20, 20] for i in range(30)]
    path.write_text(json.dumps({"step": 8, "eval_loss": 0.5001, "eval_rows": rows}))
    assert "within noise" in (await _shown(context(known))).text


async def test_another_candidate_has_another_digest(trained: Make, context: Make) -> None:
    made = context(trained())
    winner, other = await _shown(made), await _shown(made, candidate=3)
    assert other.candidate == 3
    assert other.digest != winner.digest
    assert "**(your choice)**" in other.text
    assert "the lowest validation loss has candidate 2" in other.question
    assert "winning config" not in other.question


async def test_other_figures_have_another_digest(trained: Make, context: Make) -> None:
    one, two = trained(), trained(losses={1: 0.62, 2: 0.51, 3: 0.61})
    assert (await _shown(context(one))).digest != (await _shown(context(two))).digest


async def test_a_winner_without_a_full_run_is_deployed_as_it_is(trained: Make, context: Make) -> None:
    shown = await _shown(context(trained(skip_final_run=True)))
    assert "be deployed as it is? There is no full run" in shown.question


async def test_the_failed_and_the_unmeasured_come_last_with_a_reason(trained: Make, context: Make) -> None:
    known: Known = trained(losses={1: None, 2: 0.51, 3: 0.4})
    known = known.learn(known.measured["sweep-3"].model_copy(update={"eval_loss": float("nan")}))
    shown = await _shown(context(known))
    assert shown.candidate == 2
    assert "only one with a validation loss" in shown.text
    assert "Candidate 1: failed. the trainer ran out of memory" in shown.text
    assert "Candidate 3: finished, but without a usable validation loss" in shown.text


@pytest.mark.parametrize("candidate", [1, 9])
async def test_a_candidate_that_cannot_go_on_is_refused(trained: Make, context: Make, candidate: int) -> None:
    with pytest.raises(ToolError, match=f"candidate {candidate} can't be promoted") as caught:
        await _shown(context(trained(losses={1: None, 2: 0.5, 3: 0.6})), candidate=candidate)
    assert (caught.value.owner, caught.value.next_step) == ("yours", "Choose among: 2, 3.")


async def test_no_survivor_no_gate(trained: Make, context: Make, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="nothing to promote"):
        await _shown(context(trained(losses={1: None, 2: None, 3: None})))
    assert list(tmp_path.iterdir()) == []


async def test_a_sweep_that_still_runs_is_waited_for(trained: Make, context: Make) -> None:
    known: Known = trained()
    job = known.job("sweep-1")
    assert isinstance(job, JobSeen)
    with pytest.raises(ToolError, match="still training") as caught:
        await _shown(context(known.learn(job.model_copy(update={"state": "JOB_STATE_RUNNING"}))))
    assert caught.value.retry


async def test_no_gain_over_the_base_is_said(trained: Make, context: Make) -> None:
    known: Known = trained()
    for number, (low, high) in {2: (-0.1, 0.2), 3: (-0.3, -0.1)}.items():
        seen: CandidateMeasured = known.measured[f"sweep-{number}"]
        known = known.learn(seen.model_copy(update={"gain_low": low, "gain_high": high}))
    text = (await _shown(context(known))).text
    assert "Candidate 2: no measurable gain over its base model" in text
    assert "Candidate 3: worse than its base model" in text
