"""What a model gets wrong is told from its figures by label."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

from agent.planner.classified import mistakes
from agent.session.state import SessionState
from tools.facts import LabelScore, ModelScored
from tools.known import Known


def scored() -> SessionState:
    per_label = (
        LabelScore(label="billing", rows=4, correct=0, precision=0.0, recall=0.0, f1=0.0),
        LabelScore(label="login", rows=6, correct=6, precision=0.6, recall=1.0, f1=0.75),
    )
    fact = ModelScored(
        item="eval-1", model="m", candidate=1, split="test", rows=10, correct=6, strict_correct=6, unparsable=0,
        accuracy=0.6, low=0.3, high=0.8, macro_f1=0.4, per_label=per_label, answers_path="outputs/evaluations/e.jsonl",
    )  # fmt: skip
    plan = SimpleNamespace(items=(SimpleNamespace(id="eval-1"),))
    return replace(SessionState(), known=replace(Known(), plan=plan, scores={"eval-1": fact}))  # type: ignore[arg-type]


def test_the_label_that_is_named_or_else_the_worst_is_told_of() -> None:
    named = mistakes("why is login at 0%? what does it answer instead?", scored())
    assert "login: 6 of 6" in named and "60%" in named.replace("60.0%", "60%") and "billing" not in named
    worst = mistakes("what does it mix up most often?", scored())
    assert "billing: 0 of 4 rows right" in worst and "login" not in worst and "outputs/evaluations/e.jsonl" in worst
    assert mistakes("what does it mix up?", SessionState()) == ""
