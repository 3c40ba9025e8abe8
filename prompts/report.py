"""What a session leaves behind: the report, its last message, and a snippet that calls the deployed model."""

from __future__ import annotations

from typing import ClassVar, Literal

from prompts.base import Prompt, Values
from prompts.plan import Line
from prompts.units import Span

Ended = Literal["succeeded", "cancelled", "failed"]
Verdict = Literal["gain", "none", "worse", "no interval", "not measured"]


class TrainedRow(Values):
    """One candidate with the job that its numbers come from. Losses are nats per assistant token."""

    number: int
    model: str
    rank: int
    learning_rate: float
    epochs: int
    job: str
    state: str
    train_loss: float | None
    eval_loss: float | None
    base_loss: float | None
    gain: float | None
    interval: Span | None
    note: str = ""


class Comparison(Values):
    """Base against tuned. `split` are the rows both were scored on; `caveat` says what the figure can't claim."""

    verdict: Verdict
    split: str
    rows: int | None
    base_loss: float | None
    tuned_loss: float | None
    gain: float | None
    interval: Span | None
    job: str
    caveat: str = ""


class CostResult(Values):
    """One cost line in USD. `actual` None: the platform did not report it, or not all; `delta` is the part outside the estimate.

    `reported` is, for the total, what it did report.
    """

    label: str
    estimated: Span | None
    actual: float | None
    reported: float = 0.0
    delta: float | None


class Reply(Values):
    """The user's answer to one gate, in the user's own words; `at` is UTC."""

    gate: str
    answer: str
    by: str
    at: str
    digest: str
    text: str


class Figure(Values):
    """A picture in the workspace."""

    title: str
    path: str


class Served(Values):
    """A deployment. `address` is what a request names as its model."""

    model: str
    deployment: str
    endpoint: str
    address: str
    serving: bool


class Turn(Values):
    """One message of the snippet's request."""

    role: str
    content: str


class Snippet(Prompt):
    """A program for the official SDK that asks the deployed model one question. No `base_url`: the cloud."""

    template: ClassVar[str] = "snippet.py.j2"
    address: str
    base_url: str | None
    messages: tuple[Turn, ...]
    max_tokens: int


class Frame(Prompt):
    """What the report of every workflow says. `plan_text` is the plan as the user saw it, "" when there was none."""

    template: ClassVar[str] = "report_frame.md.j2"
    session: str
    ended: Ended
    workflow: str
    instruction: str
    training_job: str
    model: str
    served: Served | None
    snippet: str
    figures: tuple[Figure, ...]
    cost_rows: tuple[CostResult, ...]
    total: CostResult | None
    approvals: tuple[Reply, ...]
    other_replies: tuple[Reply, ...]
    provenance: tuple[Line, ...]
    running: tuple[str, ...]
    bills: tuple[str, ...]
    notes: tuple[str, ...]
    plan_text: str
    plan_approved: bool


class Report(Frame):
    """final_report.md of supervised fine-tuning."""

    template: ClassVar[str] = "report.md.j2"
    winner: TrainedRow | None
    candidates: tuple[TrainedRow, ...]
    final: TrainedRow | None
    comparison: Comparison


class MessageFrame(Prompt):
    """What the last word of every session says. `report` is the path of final_report.md."""

    template: ClassVar[str] = "last_message_frame.md.j2"
    ended: Ended
    training_job: str
    model: str
    served: Served | None
    snippet: str
    total: CostResult | None
    running: tuple[str, ...]
    bills: tuple[str, ...]
    notes: tuple[str, ...]
    report: str


class LastMessage(MessageFrame):
    """The last word of a session of supervised fine-tuning."""

    template: ClassVar[str] = "last_message.md.j2"
    result: TrainedRow | None
    result_split: str
    comparison: Comparison
