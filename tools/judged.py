"""What each model of a classification was worth, read again from the answers that lie in the workspace.

The log keeps the figures (`ModelScored`); confusions and comparisons by row come from the answers' file, which holds one
JSON object a row: {"row": number, "truth": [labels], "text": answer or null, ...}. A file that no longer gives the log's
figures was changed and is not used: the figures then stand alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tools.facts import ModelScored
from tools.files import write_whole
from tools.known import Known
from tuning.judgement import Answer, Comparison, Scores, compare, score
from tuning.material import LabelSet
from tuning.plan import Candidate, PlanItem

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
    found: list[Judged] = []
    for item in plan.items if plan else ():
        fact, stage = known.scores.get(item.id), STAGES.get(item.phase)
        if item.kind != "evaluate" or fact is None or stage is None:
            continue
        candidate = next((c for c in plan.candidates if c.number == item.candidate), None) if plan else None
        candidate = None if stage == "base" else candidate
        base_model = candidate.base_model if candidate else fact.model
        found.append(Judged(item, stage, base_model, candidate, fact, _scores(fact, labels, workspace)))
    return tuple(found)


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
    return [{"truth": truth, "answer": answer, "rows": rows} for truth, answer, rows in scores.confusion]


def _scores(fact: ModelScored, labels: LabelSet | None, workspace: Path) -> Scores | None:
    path = workspace / fact.answers_path
    if labels is None or not fact.answers_path or not path.is_file():
        return None
    answers = _answers(path)
    if len(answers) != fact.rows:
        return None
    found = score(answers, labels.labels, labels.multi_label)
    figures = (found.correct, found.strict_correct, found.unparsable, found.failed)
    return found if figures == (fact.correct, fact.strict_correct, fact.unparsable, fact.failed) else None


def _answers(path: Path) -> list[Answer]:
    """The rows in order. A line with a text outweighs one without; a line that is no such row is passed over."""
    rows: dict[int, Answer] = {}
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                entry = json.loads(line)
            except (ValueError, RecursionError):
                continue  # a line that a kill cut short; its row was asked again
            if _is_answer(entry) and (entry.get("text") is not None or entry["row"] not in rows):
                rows[entry["row"]] = Answer(tuple(entry["truth"]), entry.get("text"))
    return [rows[row] for row in sorted(rows)]


def _is_answer(entry: Any) -> bool:
    if not isinstance(entry, dict) or not isinstance(entry.get("row"), int):
        return False
    truth, text = entry.get("truth"), entry.get("text")
    labelled = isinstance(truth, list) and bool(truth) and all(isinstance(label, str) for label in truth)
    return labelled and (text is None or isinstance(text, str))
