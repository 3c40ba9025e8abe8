"""What each model of a classification was worth, read again from the answers that lie in the workspace.

The log keeps the figures (`ModelScored`); confusions and comparisons by row come from the answers' file (`answers_file`).
A file that no longer gives the log's figures was changed and is not used: the figures then stand alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tools.answers_file import read_replies
from tools.facts import ModelScored
from tools.files import write_whole
from tools.known import Known
from tuning.formats import labels_of
from tuning.judgement import Answer, Comparison, Scores, compare, score
from tuning.material import LabelSet
from tuning.plan import Candidate, PlanItem

Truths = list[tuple[str, ...]]
Stage = Literal["base", "sweep", "tuned"]
STAGES: Mapping[str, Stage] = {"benchmark": "base", "sweep": "sweep", "evaluation": "tuned"}


@dataclass(frozen=True)
class Judged:
    """One evaluated model. `base_model` is its own name or the one it was tuned from; `scores` None: no usable answers."""

    item: PlanItem
    stage: Stage
    base_model: str
    candidate: Candidate | None
    fact: ModelScored
    scores: Scores | None

    @property
    def title(self) -> str:
        """A short name: the base model, with the candidate's number when it is tuned."""
        model = self.base_model.rsplit("/", 1)[-1]
        return model if self.candidate is None else f"{model} tuned ({self.candidate.number})"


def judged(known: Known, workspace: Path) -> tuple[Judged, ...]:
    """Every scored model of the plan, in the plan's order. Raises OSError."""
    plan, labels = known.plan, known.material.labels if known.material else None
    parts = known.material.parts if known.material else ()
    truths = {part.role: _truths(workspace / part.path) for part in parts if part.role in ("validation", "test")}
    found: list[Judged] = []
    for item in plan.items if plan else ():
        fact, stage = known.scores.get(item.id), STAGES.get(item.phase)
        if item.kind != "evaluate" or fact is None or stage is None:
            continue
        candidate = next((c for c in plan.candidates if c.number == item.candidate), None) if plan else None
        candidate = None if stage == "base" else candidate
        base_model = candidate.base_model if candidate else fact.model
        found.append(
            Judged(
                item, stage, base_model, candidate, fact, _scores(fact, labels, truths.get(fact.split, []), workspace)
            )
        )
    return tuple(found)


def best_first(models: Iterable[Judged], stage: Stage) -> list[Judged]:
    """The models of one stage by accuracy; of equals the earlier one of the plan."""
    return sorted((each for each in models if each.stage == stage), key=lambda each: -each.fact.accuracy)


def difference(first: Judged | None, second: Judged | None) -> Comparison | None:
    """The second model against the first on the same rows; None where either's answers are missing or do not pair."""
    if first is None or second is None or first.scores is None or second.scores is None:
        return None
    one, other = first.scores.correct_rows, second.scores.correct_rows
    return compare(one, other) if len(one) == len(other) and first.fact.split == second.fact.split else None


def write_details(workspace: Path, each: Judged) -> str:
    """Writes all figures of one model as JSON beside its answers; returns the path in the workspace. Raises OSError."""
    path = details_path(each)
    document = {
        "item": each.item.id,
        "model": each.fact.model,
        "base_model": each.base_model,
        "stage": each.stage,
        **each.fact.model_dump(mode="json", exclude={"fact", "item", "model"}),
        "confusion": confusion(each.scores),
    }
    write_whole(workspace / path, [json.dumps(document, indent=2, ensure_ascii=False).encode(errors="replace"), b"\n"])
    return path


def details_path(each: Judged) -> str:
    """Where `write_details` puts its file, relative to the workspace."""
    return f"outputs/evaluations/{each.item.resource_id}.json"


def confusion(scores: Scores | None) -> list[dict[str, Any]] | None:
    """Rows by true label and answer; None where it was not kept, or a row may have several labels."""
    if scores is None or not scores.confusion:
        return None
    return [{"truth": truth, "answer": answer.strip(), "rows": rows} for truth, answer, rows in scores.confusion]


def _scores(fact: ModelScored, labels: LabelSet | None, truths: Truths, workspace: Path) -> Scores | None:
    if labels is None or not fact.answers_path or len(truths) != fact.rows:
        return None
    replies = read_replies(workspace / fact.answers_path, truths)
    answers = [Answer(truth, replies[row].text if row in replies else None) for row, truth in enumerate(truths)]
    found = score(answers, labels.labels, labels.multi_label)
    figures = (found.correct, found.strict_correct, found.unparsable, found.failed)
    return found if figures == (fact.correct, fact.strict_correct, fact.unparsable, fact.failed) else None


def _truths(path: Path) -> Truths:
    """The labels of a prepared file's rows; none for a file that is gone or was edited."""
    if not path.is_file():
        return []
    with path.open("rb") as lines:
        try:
            return [labels_of(json.loads(line)) for line in lines if line.strip()]
        except (ValueError, KeyError, TypeError, AttributeError):
            return []
