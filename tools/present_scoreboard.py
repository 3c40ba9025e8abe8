"""Ranks the candidates of the sweep and asks the user which one goes on."""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field

from prompts.scoreboard import Lead, PromotionQuestion, ScoreboardText, ScoreRow
from prompts.units import Span
from tools.base import Arguments, Effect, FunctionTool, ToolContext, ToolError, ToolResult
from tools.facts import CandidateMeasured, GateShown
from tools.figures import read_curve
from tools.files import disk_errors, write_whole
from tools.known import SUCCEEDED, TERMINAL, Known
from tuning.plan import Candidate, Plan, PlanItem, canonical
from tuning.statistics import Interval, paired_loss_difference

SCOREBOARD_JSON = "outputs/scoreboard.json"


class Standing(BaseModel):
    """One candidate of a sweep. Losses are nats per assistant token, never NaN; None is not measured.

    `cost_*` are USD: the platform's figure where it reported one, else the plan's estimate.
    """

    model_config = ConfigDict(frozen=True)
    number: int
    base_model: str
    rank: int
    learning_rate: float
    epochs: int
    parameters: int | None
    item: str
    job: str
    state: str
    split: str
    eval_loss: float | None
    train_loss: float | None
    base_loss: float | None
    gain: float | None
    gain_low: float | None
    gain_high: float | None
    rows: int | None
    cost_low: float | None
    cost_high: float | None
    cost_reported: bool
    message: str

    @property
    def eligible(self) -> bool:
        """It left a model and a loss to rank it by."""
        return self.state in SUCCEEDED and self.eval_loss is not None


class ScoreboardArguments(Arguments):
    """`candidate`: the one that the user named instead of the winner. `round` counts the askings."""

    candidate: int | None = None
    round: int = Field(default=1, ge=1)


async def present_scoreboard(arguments: ScoreboardArguments, context: ToolContext) -> ToolResult:
    """Writes outputs/scoreboard.json and opens the promotion gate. Raises ToolError when there is nothing to promote."""
    known, plan = context.known, context.known.plan
    if plan is None:
        raise ToolError("there is no plan", owner="unknown", next_step="Plan and run a sweep first.")
    table = rank(standings(plan, known))
    _check(table, arguments.candidate)
    winner = table[0]
    chosen = next(s for s in table if s.number == (arguments.candidate or winner.number))
    with disk_errors("the metrics of the sweep"):
        difference = await asyncio.to_thread(row_difference, table, context)
    text = scoreboard_text(table, chosen.number, difference)
    question = _question(plan, known, winner, chosen)
    rows = [standing.model_dump(mode="json") for standing in table]
    digest = hashlib.sha256(canonical([plan.digest(), rows, chosen.number]).encode()).hexdigest()
    document = {"plan_digest": plan.digest(), "winner": winner.number, "candidate": chosen.number, "candidates": rows}
    with disk_errors("the scoreboard"):
        write_whole(context.workspace / SCOREBOARD_JSON, [json.dumps(document, indent=2).encode(), b"\n"])
    shown = GateShown(
        gate="promotion",
        digest=digest,
        question=question,
        text=text,
        candidate=chosen.number,
        round=arguments.round,
    )
    return ToolResult(facts=(shown,), text=f"{text}\n{question}")


def _check(table: tuple[Standing, ...], candidate: int | None) -> None:
    """Raises ToolError unless there is a winner and the named candidate can be promoted."""
    if any(s.state not in TERMINAL for s in table if s.job):
        raise ToolError("some candidates are still training", owner="unknown", next_step="Wait for them.", retry=True)
    able = [s.number for s in table if s.eligible]
    if not able:
        raise ToolError(
            "no candidate finished with a validation loss, so there is nothing to promote",
            owner="platform",
            next_step="Look at why the training jobs ended, then plan again.",
        )
    if candidate is not None and candidate not in able:
        choice = ", ".join(str(number) for number in sorted(able))
        raise ToolError(
            f"candidate {candidate} can't be promoted: "
            + ("it did not finish" if any(s.number == candidate for s in table) else "there is no such candidate"),
            owner="yours",
            next_step=f"Choose among: {choice}.",
        )


def standings(plan: Plan, known: Known) -> Iterable[Standing]:
    """The candidates of the plan's sweep as far as they are known, in the plan's order."""
    sizes = {model.name: model.parameter_count for model in known.models}
    for candidate in plan.candidates:
        item = plan.item(f"sweep-{candidate.number}")
        if item is not None:
            yield standing(candidate, item, known, sizes.get(candidate.base_model))


def standing(candidate: Candidate, item: PlanItem, known: Known, parameters: int | None) -> Standing:
    """One candidate and what the job of `item` came to."""
    job = known.job(item.id)
    measured = known.measured.get(item.id) or CandidateMeasured(
        item=item.id, candidate=candidate.number, split="", train_loss=None, eval_loss=None
    )
    reported = job.reported_cost_usd if job else None
    estimate = (item.cost.low, item.cost.high) if item.cost else (None, None)
    return Standing(
        number=candidate.number,
        base_model=candidate.base_model,
        rank=candidate.config.rank,
        learning_rate=candidate.config.learning_rate,
        epochs=candidate.epochs,
        parameters=parameters,
        item=item.id,
        job=job.resource if job else "",
        state=job.state if job else "not started",
        split=measured.split,
        eval_loss=_finite(measured.eval_loss),
        train_loss=_finite(measured.train_loss),
        base_loss=_finite(measured.base_loss),
        gain=_finite(measured.gain),
        gain_low=_finite(measured.gain_low),
        gain_high=_finite(measured.gain_high),
        rows=measured.rows,
        cost_low=estimate[0] if reported is None else reported,
        cost_high=estimate[1] if reported is None else reported,
        cost_reported=reported is not None,
        message=job.message if job else "",
    )


def rank(table: Iterable[Standing]) -> tuple[Standing, ...]:
    """Best first: lowest validation loss, then fewer parameters, lower rank, lower number; unfit ones last. Pure."""

    def place(s: Standing) -> tuple[bool, float, float, int, int]:
        loss = s.eval_loss if s.eligible and s.eval_loss is not None else math.inf
        return not s.eligible, loss, s.parameters or math.inf, s.rank, s.number

    return tuple(sorted(table, key=place))


def lead(table: tuple[Standing, ...], difference: Interval | None) -> tuple[Lead, float | None, int | None]:
    """How the first of a ranked table stands to the second: the kind of lead, nats ahead, the second's number.

    `difference` is the second's loss minus the first's, paired by row, with its 95% interval; a lead is clear when the
    whole interval lies above zero.
    """
    able = [s for s in table if s.eligible]
    if len(able) < 2:
        return "alone", None, None
    first, second = able[:2]
    ahead = (second.eval_loss or 0.0) - (first.eval_loss or 0.0)
    if ahead == 0:
        return "tie", ahead, second.number
    if difference is None:
        return "unknown", ahead, second.number
    return ("clear" if difference.low > 0 else "noise"), ahead, second.number


def row_difference(table: tuple[Standing, ...], context: ToolContext) -> Interval | None:
    """Loss of the second of a ranked table minus the first's over the same rows.

    None where the metrics hold no losses by row, or these do not pair (other tokenizers count other tokens).
    """
    able = [s for s in table if s.eligible][:2]
    measured = [context.known.measured.get(s.item) for s in able]
    paths = [context.workspace / m.metrics_path for m in measured if m and m.metrics_path]
    if len(paths) < 2:
        return None
    first, second = (read_curve(path).eval_rows_end for path in paths)
    if not first or [n for _, n in first] != [n for _, n in second]:
        return None
    return paired_loss_difference(first, second)


def scoreboard_text(table: tuple[Standing, ...], chosen: int, difference: Interval | None) -> str:
    """A ranked table as Markdown."""
    kind, ahead, second = lead(table, difference)
    return ScoreboardText(
        rows=tuple(_row(s) for s in table),
        winner=table[0].number,
        chosen=chosen,
        split=table[0].split or "validation",
        lead=kind,
        ahead=ahead,
        runner_up=second,
        several_models=len({s.base_model for s in table}) > 1,
    ).render()


def state_in_words(state: str) -> str:
    return state.removeprefix("JOB_STATE_").replace("_", " ").lower()


def interval(s: Standing) -> Span | None:
    """The gain's 95% interval, None when it was not measured."""
    return None if s.gain_low is None or s.gain_high is None else Span(low=s.gain_low, high=s.gain_high)


def note(s: Standing) -> str:
    """What the reader must know about a candidate beside its numbers."""
    if s.state not in SUCCEEDED:
        return f"{state_in_words(s.state)}. {s.message}".strip()
    if s.eval_loss is None:
        return "finished, but without a usable validation loss (missing, or not a number)"
    if s.gain_low is not None and s.gain_high is not None and s.gain_low <= 0:
        return "worse than its base model" if s.gain_high < 0 else "no measurable gain over its base model"
    return ""


def _row(s: Standing) -> ScoreRow:
    known_cost = s.cost_low is not None and s.cost_high is not None
    return ScoreRow(
        number=s.number,
        model=s.base_model.rsplit("/", 1)[-1],
        rank=s.rank,
        learning_rate=s.learning_rate,
        epochs=s.epochs,
        state=state_in_words(s.state),
        eval_loss=s.eval_loss,
        train_loss=s.train_loss,
        base_loss=s.base_loss,
        gain=s.gain,
        interval=interval(s),
        cost=Span(low=s.cost_low or 0.0, high=s.cost_high or 0.0) if known_cost else None,
        reported=s.cost_reported,
        note=note(s),
    )


def _question(plan: Plan, known: Known, winner: Standing, chosen: Standing) -> str:
    candidate = next(c for c in plan.candidates if c.number == chosen.number)
    full = known.material.part("full") if known.material else None
    return (
        PromotionQuestion(
            chosen=chosen.number,
            winner=winner.number,
            describe=candidate.describe(),
            full_run=plan.item(f"final-{chosen.number}") is not None,
            deploy=plan.item(f"deploy-{chosen.number}") is not None,
            full_rows=full.rows if full else None,
        )
        .render()
        .strip()
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


TOOL = FunctionTool(
    name="present_scoreboard",
    effect=Effect.ASK,
    description="Shows the candidates of the sweep, best first, and asks the user to confirm the winner or name another.",
    arguments=ScoreboardArguments,
    function=present_scoreboard,
)
