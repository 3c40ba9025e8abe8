"""final_report.json of a classification: every figure of every model, for programs."""

from __future__ import annotations

from typing import Any

from tools.base import ToolContext
from tools.classification_outcome import ClassificationOutcome, Pair, source_of
from tools.judged import Judged, confusion, details_path
from tools.known import SUCCEEDED, Known
from tools.report_summary import NOT_MEASURED, frame_of

METHODS = {
    "accuracy_interval": "Wilson 1927, 95%",
    "difference_interval": "Newcombe 1998, method 10 for paired rows, 95%",
    "p_value": "McNemar, exact binomial form, two-sided",
}
LARGE = ("per_label", "confusion")


def classification_summary(context: ToolContext, found: ClassificationOutcome) -> dict[str, Any]:
    """A JSON object; equal knowledge and history give an equal one."""
    head, tail = frame_of(context, found)
    labels = context.known.material.labels if context.known.material else None
    candidates = [_candidate(context.known, found, number) for number in _numbers(context.known)]
    winner = found.winner.item.candidate if found.winner else None
    return {
        **head,
        "metric": "exact match" if labels and labels.multi_label else "accuracy",
        "methods": METHODS,
        "winner": next((c for c in candidates if c["number"] == winner), None),
        "candidates": candidates,
        "models": [_model(each) for each in found.models],
        "base": _side(found.base),
        "tuned": _side(found.winner),
        "gain": {"verdict": found.verdict, **_own_gain(found), "caveat": found.caveat},
        "comparisons": [_pair(pair, "base and tuned") for pair in found.gains]
        + ([_pair(found.leaders, "the two best")] if found.leaders else []),
        "labels": labels.model_dump(mode="json", exclude={"samples"}) if labels else None,
        **tail,
    }


def remembered(summary: dict[str, Any]) -> dict[str, Any]:
    """The summary without figures per label and confusions, which would fill the log; its scores have them already."""
    models = [{name: each[name] for name in each if name not in LARGE} for each in summary["models"]]
    return {**summary, "models": models}


def _numbers(known: Known) -> list[int]:
    return [candidate.number for candidate in known.plan.candidates] if known.plan else []


def _candidate(known: Known, found: ClassificationOutcome, number: int) -> dict[str, Any]:
    """One configuration: its last training job, and its figures on validation and held-out rows."""
    assert known.plan is not None
    candidate = next(c for c in known.plan.candidates if c.number == number)
    items = [item for item in known.plan.items if item.kind == "train" and item.candidate == number]
    runs = [(item, job) for item in items if (job := known.job(item.id)) is not None]
    item, job = runs[-1] if runs else (None, None)
    scores = {each.stage: each for each in found.models if each.candidate == candidate}
    return {
        "number": number,
        "base_model": candidate.base_model,
        "rank": candidate.config.rank,
        "learning_rate": candidate.config.learning_rate,
        "epochs": candidate.epochs,
        "job": job.resource if job else None,
        "state": job.state if job else "not started",
        "message": job.message if job else "",
        "succeeded": job is not None and job.state in SUCCEEDED,
        "model": known.outputs().get(item.id) if item else None,
        "sweep": _side(scores.get("sweep")),
        "evaluation": _side(scores.get("tuned")),
    }


def _model(each: Judged) -> dict[str, Any]:
    """Everything about one evaluated model."""
    return {
        "title": each.title,
        "stage": each.stage,
        "base_model": each.base_model,
        "candidate": each.candidate.number if each.candidate else None,
        "training": source_of(each.item) or None,
        **each.fact.model_dump(mode="json", exclude={"fact", "candidate"}),
        "strict_accuracy": each.fact.strict_correct / each.fact.rows if each.fact.rows else 0.0,
        "confusion": confusion(each.scores),
        "details": details_path(each),
    }


def _side(each: Judged | None) -> dict[str, Any] | str:
    """One model's overall figures."""
    if each is None:
        return NOT_MEASURED
    names = (
        "model",
        "split",
        "rows",
        "correct",
        "accuracy",
        "low",
        "high",
        "macro_f1",
        "micro_f1",
        "unparsable",
        "failed",
    )
    strict = each.fact.strict_correct / each.fact.rows if each.fact.rows else 0.0
    return {**{name: getattr(each.fact, name) for name in names}, "strict_accuracy": strict}


def _own_gain(found: ClassificationOutcome) -> dict[str, Any]:
    own = next((pair for pair in found.gains if pair.second == found.winner), None)
    if own is None or own.found is None:
        return {}
    return {"value": own.found.gain, **_difference(own)}


def _pair(pair: Pair, kind: str) -> dict[str, Any]:
    verdict = pair.found.verdict if pair.found else NOT_MEASURED
    gain = {"gain": pair.found.gain, **_difference(pair)} if pair.found else {}
    return {"kind": kind, "first": pair.first.title, "second": pair.second.title, "verdict": verdict, **gain}


def _difference(pair: Pair) -> dict[str, Any]:
    assert pair.found is not None
    names = ("low", "high", "p_value", "only_first", "only_second")
    return {name: getattr(pair.found, name) for name in names}
