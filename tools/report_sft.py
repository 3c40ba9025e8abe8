"""The report of supervised fine-tuning: losses of base and tuned model, the sweep, the loss curves."""

from __future__ import annotations

from prompts.report import Comparison, Figure, LastMessage, Report, Snippet, TrainedRow
from tools.base import ToolContext
from tools.outcome import Outcome, outcome
from tools.present_scoreboard import Standing, interval, note, state_in_words
from tools.report_frame import (
    Made,
    frame_values,
    held_out_turns,
    loss_figures,
    message_values,
    served_of,
    snippet_values,
)
from tools.report_summary import job_id, replies, summary


def sft_report(context: ToolContext) -> Made:
    """Draws the loss curves and renders the texts. Raises OSError."""
    found = outcome(context.known, replies(context.history), platform=context.platform_kind, free=context.prices.free)
    served = served_of(found)
    snippet = ""
    if served:
        snippet = Snippet(messages=held_out_turns(context), **snippet_values(context, served)).render()
    report = Report(
        winner=_row(found.winner) if found.winner else None,
        candidates=tuple(_row(s) for s in found.candidates if s.item.startswith("sweep-")),
        final=_row(found.final) if found.final else None,
        comparison=_comparison(found),
        **frame_values(context, found, snippet, _figures(context, found)),
    )
    message = LastMessage(
        result=_row(found.result) if found.result else None,
        result_split=found.measured.split if found.measured else "evaluation",
        comparison=_comparison(found),
        **message_values(context, found, snippet),
    )
    document = summary(context, found)
    return Made(report.render(), "", document, document, message.render(), snippet)


def _figures(context: ToolContext, found: Outcome) -> tuple[Figure, ...]:
    """One picture of the sweep and one of the full run, as far as their metrics files lie in the workspace."""
    sweep = [s.item for s in sorted(found.candidates, key=lambda s: s.number) if s != found.final]
    return tuple(loss_figures(context, sweep, [found.final.item] if found.final else []))


def _row(s: Standing) -> TrainedRow:
    return TrainedRow(
        number=s.number,
        model=s.base_model.rsplit("/", 1)[-1],
        rank=s.rank,
        learning_rate=s.learning_rate,
        epochs=s.epochs,
        job=s.job.rsplit("/", 1)[-1],
        state=state_in_words(s.state),
        train_loss=s.train_loss,
        eval_loss=s.eval_loss,
        base_loss=s.base_loss,
        gain=s.gain,
        interval=interval(s),
        note=note(s) if s.job else "",
    )


def _comparison(found: Outcome) -> Comparison:
    s, m = found.result, found.measured
    return Comparison(
        verdict=found.verdict,
        split=m.split if m else "",
        rows=m.rows if m else None,
        base_loss=s.base_loss if s else None,
        tuned_loss=s.eval_loss if s else None,
        gain=s.gain if s else None,
        interval=interval(s) if s else None,
        job=job_id(found),
        caveat=found.caveat,
    )
