"""What a classification leaves behind: report, page and last message, with every figure per label and overall."""

from __future__ import annotations

from typing import ClassVar, Literal

from prompts.base import Prompt, Values
from prompts.report import Frame, MessageFrame, Turn
from prompts.scores import EvaluatedRow, GainRow, LabelTable
from prompts.units import Span

ClassificationVerdict = Literal["gain", "none", "worse", "not measured"]


class TunedRow(Values):
    """One candidate: what it was trained with and what it came to. Rates are fractions; `model` is the tuned model's id."""

    number: int
    base_model: str
    rank: int
    learning_rate: float
    epochs: int
    stage: Literal["sweep", "full run"]
    job: str
    state: str
    model: str
    train_loss: float | None
    accuracy: float | None
    interval: Span | None
    macro_f1: float | None
    won: bool
    note: str = ""


class LabelDetail(Values):
    """One label by one model. `base` is the untuned model's accuracy on the label, None where there is none; `predicted` None is not known."""

    label: str
    rows: int
    predicted: int | None
    correct: int
    precision: float
    recall: float
    f1: float
    base: float | None


class Mistake(Values):
    """So many rows of one label were answered with another."""

    truth: str
    answer: str
    rows: int


class DataOfLabels(Values):
    """What the data was: counts of labels, imbalance, what was merged. `merges` are (as written, label)."""

    labels: int
    source: str
    rule: str
    imbalance: float | None
    threshold: float
    above: bool
    mitigation: str
    merges: tuple[tuple[str, str], ...]
    merged: int
    empty: tuple[str, ...]
    unseen: tuple[str, ...]


class Facts(Frame):
    """What the report and the page of a classification say. `leader` is the model that `details` and `mistakes` are of."""

    verdict: ClassificationVerdict
    benchmark_only: bool
    split: str
    rows: int
    multi_label: bool
    models: tuple[EvaluatedRow, ...]
    gains: tuple[GainRow, ...]
    leaders: GainRow | None
    winner: TunedRow | None
    leader: str
    caveat: str
    candidates: tuple[TunedRow, ...]
    tables: tuple[LabelTable, ...]
    details: tuple[LabelDetail, ...]
    mistakes: tuple[Mistake, ...]
    data: DataOfLabels | None


class ClassificationReport(Facts):
    """final_report.md of a classification. `page` is the path of the page with the same figures."""

    template: ClassVar[str] = "report_classification.md.j2"
    page: str


class Square(Values):
    """Rows of one true label with one answer, at a place of the matrix. `share` is their part of the label's rows, 0-100."""

    x: int
    y: int
    rows: int
    share: int
    right: bool
    truth: str
    answer: str


class Tick(Values):
    """A name at an axis of the matrix; `at` is the middle of its row or column."""

    at: int
    name: str


class Matrix(Values):
    """A confusion matrix as a picture: lengths in pixels. `cut` labels of all are shown, 0 when all are."""

    title: str
    side: int
    left: int
    top: int
    width: int
    height: int
    squares: tuple[Square, ...]
    truths: tuple[Tick, ...]
    answers: tuple[Tick, ...]
    counts: bool
    cut: int


class ClassificationPage(Facts):
    """final_report.html of a classification: one file that needs nothing else."""

    template: ClassVar[str] = "report_classification.html.j2"
    matrices: tuple[Matrix, ...]


class LabelSnippet(Prompt):
    """A program for the official SDK that labels a text. `labels` are what counts as an answer; no `base_url`: the cloud."""

    template: ClassVar[str] = "snippet_labels.py.j2"
    address: str
    base_url: str | None
    context: tuple[Turn, ...]
    example: Turn
    labels: tuple[str, ...]
    multi_label: bool
    max_tokens: int


class ClassificationMessage(MessageFrame):
    """The last word of a classification."""

    template: ClassVar[str] = "last_message_classification.md.j2"
    benchmark_only: bool
    split: str
    rows: int
    multi_label: bool
    models: tuple[EvaluatedRow, ...]
    gains: tuple[GainRow, ...]
    leaders: GainRow | None
    winner: TunedRow | None
    table: LabelTable | None
    labels: int
    caveat: str
