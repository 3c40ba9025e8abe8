"""What the user reads at the promotion gate: the candidates side by side, and the question which one goes on."""

from __future__ import annotations

from typing import ClassVar, Literal

from prompts.base import Prompt, Values
from prompts.units import Span

Lead = Literal["clear", "noise", "unknown", "alone", "tie"]


class ScoreRow(Values):
    """One candidate. Losses are nats per assistant token; gain is base minus tuned, with its 95% interval."""

    number: int
    model: str
    rank: int
    learning_rate: float
    epochs: int
    state: str
    eval_loss: float | None
    train_loss: float | None
    base_loss: float | None
    gain: float | None
    interval: Span | None
    cost: Span | None
    reported: bool
    """The cost is the platform's own figure, not our estimate."""
    note: str = ""


class ScoreboardText(Prompt):
    """The table, best first. `chosen` is the candidate that a yes promotes, `winner` the best by validation loss."""

    template: ClassVar[str] = "scoreboard.md.j2"
    rows: tuple[ScoreRow, ...]
    winner: int
    chosen: int
    split: str
    lead: Lead
    ahead: float | None
    runner_up: int | None
    several_models: bool


class PromotionQuestion(Prompt):
    """The question at the promotion gate."""

    template: ClassVar[str] = "promotion_question.j2"
    chosen: int
    winner: int
    describe: str
    full_run: bool
    deploy: bool
    full_rows: int | None
