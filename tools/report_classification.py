"""The report of a classification: every model overall and per label, base against tuned, the winner, confusion pictures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prompts.report import Figure, Served
from prompts.report_classification import (
    ClassificationMessage,
    ClassificationPage,
    ClassificationReport,
    DataOfLabels,
    LabelDetail,
    LabelSnippet,
    Matrix,
    Mistake,
    TunedRow,
)
from prompts.scores import GainRow
from prompts.units import Span
from tools.base import ToolContext
from tools.classification_outcome import ClassificationOutcome, Pair, classification_outcome, source_of
from tools.classification_summary import classification_summary, remembered
from tools.confusion_picture import draw_matrix, matrix
from tools.judged import Judged, best_first, write_details
from tools.known import SUCCEEDED, Known
from tools.present_scoreboard import state_in_words
from tools.present_scores import SHOWN_LABELS, SHOWN_MODELS, columns_of, gain_row, label_table, model_row
from tools.report_frame import (
    REPORT_PAGE,
    Made,
    figure_path,
    frame_values,
    held_out_turns,
    loss_figures,
    message_values,
    served_of,
    snippet_values,
)
from tuning.material import LabelSet
from tuning.plan import PlanItem

CONFUSION_FIGURE = "figures/confusion.png"
BASE_FIGURE = "figures/confusion_base.png"
SHOWN_MISTAKES = 20
SHOWN_MERGES = 40


def classification_report(context: ToolContext) -> Made:
    """Draws the pictures, writes the details of every model, and renders the texts. Raises OSError."""
    found = classification_outcome(
        context.known, context.workspace, platform=context.platform_kind, free=context.prices.free
    )
    for each in found.models:
        write_details(context.workspace, each)
    served = served_of(found)
    snippet = _snippet(context, served).render() if served else ""
    shared = _shared(context, found)
    facts = {
        **shared,
        **_facts(context, found),
        **frame_values(context, found, snippet, tuple(_figures(context, found))),
    }
    report = ClassificationReport(page=REPORT_PAGE, **facts)
    page = ClassificationPage(matrices=tuple(_matrices(found)), **facts)
    message = ClassificationMessage(**shared, **_weakest_labels(found), **message_values(context, found, snippet))
    summary = classification_summary(context, found)
    return Made(report.render(), page.render(), summary, remembered(summary), message.render(), snippet)


def _shared(context: ToolContext, found: ClassificationOutcome) -> dict[str, Any]:
    """What report, page and last message say alike."""
    shown = _shown(found)
    labels = _labels(context.known)
    first = shown[0].fact if shown else None
    return {
        "benchmark_only": _benchmark_only(context.known),
        "split": first.split if first else "test",
        "rows": first.rows if first else 0,
        "multi_label": labels.multi_label if labels else False,
        "models": tuple(model_row(each) for each in shown),
        "gains": tuple(gain_row(pair.first, pair.second) for pair in found.gains),
        "leaders": _gain_row(found.leaders),
        "winner": _winner_row(context.known, found),
        "caveat": found.caveat,
    }


def _facts(context: ToolContext, found: ClassificationOutcome) -> dict[str, Any]:
    """What report and page say beside that."""
    leader, labels = _leader(found), _labels(context.known)
    sweep = label_table([each for each in found.models if each.stage == "sweep"])
    tables = [table for table in (label_table(_columns(found)), sweep) if table is not None]
    return {
        "verdict": found.verdict,
        "leader": leader.title if leader else "",
        "candidates": tuple(_candidates(context.known, found)),
        "tables": tuple(tables),
        "details": tuple(_details(leader, found.base)) if leader else (),
        "mistakes": tuple(_mistakes(leader)) if leader else (),
        "data": _data(labels) if labels else None,
    }


def _weakest_labels(found: ClassificationOutcome) -> dict[str, Any]:
    """What of the labels the last message shows, and how many there are."""
    table = label_table(_columns(found)[:SHOWN_MODELS], SHOWN_LABELS)
    leader = _leader(found)
    return {
        "table": table,
        "labels": sum(1 for result in leader.fact.per_label if result.rows) if leader else 0,
    }


def _shown(found: ClassificationOutcome) -> list[Judged]:
    """The models on the rows that judge them: each base, then what was tuned from any."""
    return [*(each for each in found.models if each.stage == "base"), *best_first(found.models, "tuned")]


def _columns(found: ClassificationOutcome) -> list[Judged]:
    return columns_of("tuned" if best_first(found.models, "tuned") else "base", found.models)


def _leader(found: ClassificationOutcome) -> Judged | None:
    """The model that is looked at label by label: the winner, else the best that was measured."""
    return found.winner or next(iter(_columns(found)), None)


def _benchmark_only(known: Known) -> bool:
    return known.plan is not None and not known.plan.candidates


def _labels(known: Known) -> LabelSet | None:
    return known.material.labels if known.material else None


def _gain_row(pair: Pair | None) -> GainRow | None:
    return gain_row(pair.first, pair.second) if pair else None


def _snippet(context: ToolContext, served: Served) -> LabelSnippet:
    *before, last = held_out_turns(context)
    labels = _labels(context.known)
    return LabelSnippet(
        context=tuple(before),
        example=last,
        labels=labels.labels if labels else (),
        multi_label=labels.multi_label if labels else False,
        **snippet_values(context, served),
    )


def _figures(context: ToolContext, found: ClassificationOutcome) -> Iterator[Figure]:
    """Confusion pictures of the model that leads and of its base, then loss curves, as far as their files are there."""
    for name, each in ((CONFUSION_FIGURE, _leader(found)), (BASE_FIGURE, found.base)):
        if each is None or each.scores is None or not each.scores.confusion:
            continue
        path, title = figure_path(context, name), f"Confusion matrix of {each.title}"
        draw_matrix(title, each.scores, context.workspace / path)
        yield Figure(title=title, path=path)
    items = context.known.plan.items if context.known.plan else ()
    trains = [item for item in items if item.kind == "train"]
    yield from loss_figures(
        context, [i.id for i in trains if i.phase == "sweep"], [i.id for i in trains if i.phase == "full run"]
    )


def _matrices(found: ClassificationOutcome) -> Iterator[Matrix]:
    for each in (_leader(found), found.base):
        if each is not None and each.scores is not None and each.scores.confusion:
            yield matrix(each.title, each.scores)


def _details(leader: Judged, base: Judged | None) -> Iterator[LabelDetail]:
    before = {result.label: result.recall for result in base.fact.per_label} if base else {}
    predicted = {result.label: result.predicted for result in leader.scores.per_label} if leader.scores else {}
    for result in leader.fact.per_label:
        yield LabelDetail(
            label=result.label,
            rows=result.rows,
            predicted=predicted.get(result.label),
            correct=result.correct,
            precision=result.precision,
            recall=result.recall,
            f1=result.f1,
            base=before.get(result.label),
        )


def _mistakes(leader: Judged) -> Iterator[Mistake]:
    wrong = [entry for entry in (leader.scores.confusion if leader.scores else ()) if entry[0] != entry[1]]
    for truth, answer, rows in sorted(wrong, key=lambda entry: (-entry[2], entry[:2]))[:SHOWN_MISTAKES]:
        yield Mistake(truth=truth, answer=answer, rows=rows)


def _data(labels: LabelSet) -> DataOfLabels:
    return DataOfLabels(
        labels=len(labels.labels),
        source=labels.source,
        rule=labels.rule,
        imbalance=labels.imbalance,
        threshold=labels.threshold,
        above=labels.imbalance is not None and labels.imbalance > labels.threshold,
        mitigation=labels.mitigation,
        merges=labels.merges[:SHOWN_MERGES],
        merged=len(labels.merges),
        empty=labels.empty,
        unseen=labels.unseen,
    )


def _candidates(known: Known, found: ClassificationOutcome) -> Iterator[TunedRow]:
    """Every training that began, in the plan's order."""
    for item in known.plan.items if known.plan else ():
        if item.kind == "train" and known.job(item.id) is not None:
            yield _tuned_row(known, found, item)


def _winner_row(known: Known, found: ClassificationOutcome) -> TunedRow | None:
    """The winner with its figure on the rows that judge it, whichever run its model came from."""
    winner = found.winner
    item = known.plan.item(source_of(winner.item)) if known.plan and winner else None
    return _tuned_row(known, found, item, winner) if item is not None and winner is not None else None


def _tuned_row(known: Known, found: ClassificationOutcome, item: PlanItem, judged: Judged | None = None) -> TunedRow:
    assert known.plan is not None
    candidate = next(c for c in known.plan.candidates if c.number == item.candidate)
    job, measured = known.job(item.id), known.measured.get(item.id)
    stage = "sweep" if item.phase == "sweep" else "tuned"
    judged = judged or next((e for e in found.models if e.stage == stage and source_of(e.item) == item.id), None)
    fact = judged.fact if judged else None
    state = job.state if job else "not started"
    note = "" if fact else "not evaluated"
    if job is not None and job.state not in SUCCEEDED:
        note = job.message
    return TunedRow(
        number=candidate.number,
        base_model=candidate.base_model.rsplit("/", 1)[-1],
        rank=candidate.config.rank,
        learning_rate=candidate.config.learning_rate,
        epochs=candidate.epochs,
        stage="sweep" if item.phase == "sweep" else "full run",
        job=job.resource.rsplit("/", 1)[-1] if job else "",
        state=state_in_words(state),
        model=known.outputs().get(item.id, ""),
        train_loss=measured.train_loss if measured else None,
        accuracy=fact.accuracy if fact else None,
        interval=Span(low=fact.low, high=fact.high) if fact else None,
        macro_f1=fact.macro_f1 if fact else None,
        won=found.winner is not None and source_of(found.winner.item) == item.id,
        note=note,
    )
