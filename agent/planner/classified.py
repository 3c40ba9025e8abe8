"""Answers about a classification session's own labels, splits, figures and winner. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from agent.session.state import SessionState
from prompts.units import percent
from tools.facts import ModelScored
from tuning.election import evaluation, winner
from tuning.plan import Plan

ROLES = {
    "sweep": "the sweep's training rows",
    "full": "the full runs' training rows",
    "validation": "validation rows, which rank the candidates",
    "test": "held-out rows, which judge base and tuned models",
}
WORST = 5
"""Labels that are told of where the question names none."""
_NUMBER = re.compile(r"\b(?:candidate|number|no\.?|#) ?#?(\d{1,3})\b")


def winner_told(question: str, state: SessionState) -> str:
    """Who won and by what figures, or why nobody did yet; a candidate named in the question is told about too."""
    plan = state.known.plan
    number = winner(plan, state.known.scores, state.known.lost()) if plan else None
    asked = _NUMBER.search(question)
    if plan is None or number is None:
        rule = "The winner will be the tuned model with the best accuracy on the held-out rows; that is still open."
        return f"{rule} {figures(question, state)}"
    ranked = sorted(_finals(plan, state), key=lambda pair: (-pair[1].accuracy, pair[0]))
    (_, best), *others = ranked
    text = f"Candidate {number} won: of the fully trained models it has the best accuracy on the {best.rows:,} held-out rows, {_rate(best)}."
    if others:
        text += f" Next is candidate {others[0][0]} with {_rate(others[0][1])}."
    if others and others[0][1].accuracy == best.accuracy:
        text += " Of equals the earlier number wins."
    if asked and int(asked[1]) != number:
        text += f" {_loser(int(asked[1]), plan, state)}"
    return f"{text} Whether the difference is more than chance is in the report, as a paired test."


def figures(question: str, state: SessionState) -> str:
    """What was measured so far, model by model."""
    plan = state.known.plan
    if plan is None or not state.known.scores:
        return "No model has been measured yet."
    rows = []
    for item in plan.items:
        fact = state.known.scores.get(item.id)
        if fact is None:
            continue
        name = f"candidate {item.candidate}" if item.candidate else fact.model.rsplit("/", 1)[-1]
        stage = {"benchmark": "untuned", "sweep": "in the sweep", "evaluation": "after its full run"}.get(
            item.phase, ""
        )
        rows.append(f"{name} {stage}: {_rate(fact)} of {fact.rows:,} {fact.split} rows, macro-F1 {fact.macro_f1:.3f}")
    return "Measured so far: " + "; ".join(rows) + "."


def mistakes(question: str, state: SessionState) -> str:
    """How a label that the question names did, else which did worst. What stands in for what is in the report, not in the log."""
    plan, scores = state.known.plan, state.known.scores
    measured = [scores[item.id] for item in plan.items if item.id in scores] if plan else []
    if not measured:
        return ""
    fact = max(
        (f for f in measured if f.split == measured[-1].split), key=lambda f: (f.candidate is not None, f.accuracy)
    )
    results = [each for each in fact.per_label if each.rows]
    named = [each for each in results if re.search(rf"(?<!\w){re.escape(each.label.casefold())}(?!\w)", question)]
    worst = (
        named or sorted((each for each in results if each.correct < each.rows), key=lambda each: each.recall)[:WORST]
    )
    whose = f"candidate {fact.candidate}" if fact.candidate else fact.model.rsplit("/", 1)[-1]
    if not worst:
        return f"On the {fact.rows:,} {fact.split} rows {whose} mixed up nothing."
    told = "; ".join(
        f"{each.label}: {each.correct:,} of {each.rows:,} rows right, and {percent(each.precision)} of the answers naming it are right"
        for each in worst
    )
    beyond = f" {fact.unparsable:,} answers name no label." if fact.unparsable else ""
    where = "the confusion matrix of final_report.md" if state.known.report else "the report, once it is written"
    return (
        f"On the {fact.split} rows, {whose}: {told}.{beyond} What "
        f"is answered instead of a label is in {where}; each answer is in {fact.answers_path or 'the answers file'}."
    )


def splits(question: str, state: SessionState) -> str:
    """Which rows train, rank and judge, and where they lie."""
    material, request = state.known.material, state.known.request
    if material is None:
        return ""
    parts = [f"{part.rows:,} {ROLES.get(part.role, part.role)} ({part.path})" for part in material.parts]
    if request.eval_dataset:
        how = f"The held-out rows are those of {request.eval_dataset}."
    elif material.validation_is_test:
        how = "There are too few rows for held-out ones: the validation rows judge too."
    else:
        how = "They were drawn once with seed 42, each label in proportion, equal prompts kept on one side."
    return f"In this session's workspace: {'; '.join(parts)}. {how}"


def labels(question: str, state: SessionState) -> str:
    """The labels, where they were read, and what was merged or left out."""
    found = state.known.material.labels if state.known.material else None
    if found is None:
        return "The labels have not been read yet."
    counts = ", ".join(f"{label} ({rows:,})" for label, rows in found.counts[:40])
    text = f"{len(found.labels):,} labels, read from {found.rule}, with their training rows: {counts}."
    if found.merges:
        text += (
            f" {len(found.merges):,} other spellings or labels count as one of these; outputs/labels.json has them all."
        )
    return text


def _finals(plan: Plan, state: SessionState) -> Iterable[tuple[int, ModelScored]]:
    for candidate in plan.candidates:
        item = evaluation(plan, "evaluation", candidate.number)
        if item is not None and item.id in state.known.scores:
            yield candidate.number, state.known.scores[item.id]


def _loser(number: int, plan: Plan, state: SessionState) -> str:
    """Why that candidate did not win."""
    scores = state.known.scores
    for phase, where in (("evaluation", "held-out"), ("sweep", "validation")):
        item = evaluation(plan, phase, number)
        if item is not None and item.id in scores:
            return f"Candidate {number} did not win: it has {_rate(scores[item.id])} on the {where} rows."
    return f"Candidate {number} did not win: it was not measured."


def _rate(fact: ModelScored) -> str:
    return f"{percent(fact.accuracy)} (95% interval {percent(fact.low)} to {percent(fact.high)})"
