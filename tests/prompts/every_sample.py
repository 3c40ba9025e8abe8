"""The samples of all prompts: those of gates and reports, and those of a classification's end."""

from __future__ import annotations

from prompts.base import Prompt
from prompts.report import Turn
from prompts.report_classification import (
    ClassificationMessage,
    ClassificationPage,
    ClassificationReport,
    DataOfLabels,
    LabelDetail,
    LabelSnippet,
    Matrix,
    Mistake,
    Square,
    Tick,
    TunedRow,
)
from prompts.units import Span
from tests.prompts import samples
from tests.prompts.samples import BASE_MODEL, LABEL_TABLE, MESSAGE, NO_SCORES_GAIN, REPORT, SCORES_GAIN, TUNED_MODEL

WINNER = TunedRow(
    number=2,
    base_model="qwen3-8b",
    rank=16,
    learning_rate=1e-4,
    epochs=2,
    stage="full run",
    job="fa-final-2",
    state="completed",
    model="accounts/acme/models/fa-final-2",
    train_loss=0.12,
    accuracy=0.93,
    interval=Span(low=0.914, high=0.943),
    macro_f1=0.9,
    won=True,
)
LOST = WINNER.model_copy(
    update={
        "number": 1, "stage": "sweep", "state": "failed", "accuracy": None, "interval": None, "macro_f1": None,
        "train_loss": None, "won": False, "note": "the trainer ran out of memory", "model": "",
    }
)  # fmt: skip
LABEL_SNIPPET = LabelSnippet(
    address=samples.SERVED.address,
    base_url=None,
    context=(Turn(role="system", content="Answer with exactly one of these labels: billing, refund."),),
    example=Turn(role="user", content="Where is my money?"),
    labels=("billing", "refund"),
    multi_label=False,
    max_tokens=1024,
)
SHARED = {
    "benchmark_only": False,
    "split": "test",
    "rows": 1200,
    "multi_label": False,
    "models": (BASE_MODEL, TUNED_MODEL),
    "gains": (SCORES_GAIN,),
    "leaders": NO_SCORES_GAIN,
    "winner": WINNER,
    "caveat": "",
}
FRAME = {
    name: getattr(REPORT, name)
    for name in type(REPORT).model_fields
    if name not in ("winner", "candidates", "final", "comparison")
}
MESSAGE_FRAME = {
    name: getattr(MESSAGE, name)
    for name in type(MESSAGE).model_fields
    if name not in ("result", "result_split", "comparison")
}
FACTS = {
    **FRAME,
    **SHARED,
    "snippet": LABEL_SNIPPET.render(),
    "verdict": "gain",
    "leader": "qwen3-8b tuned (2)",
    "candidates": (LOST, WINNER),
    "tables": (LABEL_TABLE, LABEL_TABLE.model_copy(update={"split": "validation"})),
    "details": (
        LabelDetail(
            label="billing", rows=1140, predicted=1100, correct=1080, precision=0.98, recall=0.947, f1=0.964, base=0.7
        ),
        LabelDetail(label="refund", rows=60, predicted=None, correct=36, precision=0.6, recall=0.6, f1=0.6, base=None),
    ),
    "mistakes": (Mistake(truth="refund", answer="billing", rows=20),),
    "data": DataOfLabels(
        labels=2,
        source="inferred from the data",
        rule="ground_truth",
        imbalance=61.5,
        threshold=50.0,
        above=True,
        mitigation="",
        merges=(("Refund", "refund"),),
        merged=3,
        empty=("ghost",),
        unseen=("new",),
    ),
}
NOTHING = {
    "models": (), "gains": (), "leaders": None, "winner": None, "served": None, "model": "", "training_job": "", "snippet": "",
}  # fmt: skip
NO_FIGURES = {
    **NOTHING, "verdict": "not measured", "candidates": (), "tables": (), "details": (), "mistakes": (), "figures": (),
    "leader": "", "data": None, "total": None, "cost_rows": (), "approvals": (), "other_replies": (), "plan_text": "",
    "plan_approved": False, "bills": (), "notes": (),
}  # fmt: skip
CLASSIFIED = ClassificationReport(page="final_report.html", **FACTS)
PAGE = ClassificationPage(
    matrices=(
        Matrix(
            title="qwen3-8b tuned (2)",
            side=52,
            left=80,
            top=80,
            width=242,
            height=194,
            squares=(
                Square(x=80, y=80, rows=1080, share=95, right=True, truth="billing", answer="billing"),
                Square(x=80, y=132, rows=20, share=33, right=False, truth="refund", answer="billing"),
            ),
            truths=(Tick(at=106, name="billing"), Tick(at=158, name="refund")),
            answers=(Tick(at=106, name="billing"), Tick(at=158, name="refund"), Tick(at=210, name="(unparsable)")),
            counts=True,
            cut=0,
        ),
    ),
    **FACTS,
)
TOLD = ClassificationMessage(table=LABEL_TABLE, labels=77, **{**MESSAGE_FRAME, **SHARED})
SEVERAL = {
    "multi_label": True,
    "models": tuple(row.model_copy(update={"micro_f1": 0.7}) for row in (BASE_MODEL, TUNED_MODEL)),
}
BENCHMARK = {"benchmark_only": True, **NOTHING, "models": (BASE_MODEL,)}

SAMPLES: dict[str, Prompt] = {
    **samples.SAMPLES,
    "report_classification": CLASSIFIED,
    "report_classification_no_gain": CLASSIFIED.model_copy(
        update={"verdict": "none", "gains": (NO_SCORES_GAIN,), "leaders": None, "caveat": "Few rows."}
    ),
    "report_classification_several_labels": CLASSIFIED.model_copy(update={**SEVERAL, "verdict": "worse"}),
    "report_classification_benchmark": CLASSIFIED.model_copy(
        update={**BENCHMARK, "verdict": "not measured", "candidates": (), "leader": "qwen3-8b"}
    ),
    "report_classification_failed": CLASSIFIED.model_copy(update={**NO_FIGURES, "ended": "failed"}),
    "page": PAGE,
    "page_several_labels": PAGE.model_copy(update={**SEVERAL, "verdict": "none", "matrices": ()}),
    "page_benchmark": PAGE.model_copy(update={**BENCHMARK, "verdict": "not measured", "candidates": ()}),
    "page_failed": PAGE.model_copy(update={**NO_FIGURES, "ended": "failed", "matrices": ()}),
    "snippet_labels": LABEL_SNIPPET,
    "snippet_labels_several": LABEL_SNIPPET.model_copy(
        update={"multi_label": True, "base_url": "http://127.0.0.1:8123"}
    ),
    "last_message_classification": TOLD,
    "last_message_classification_several_labels": TOLD.model_copy(
        update={**SEVERAL, "labels": 2, "caveat": "Few rows."}
    ),
    "last_message_classification_benchmark": TOLD.model_copy(update={**BENCHMARK, "bills": (), "labels": 2}),
    "last_message_classification_cancelled": TOLD.model_copy(
        update={**NOTHING, "ended": "cancelled", "table": None, "bills": (), "running": ("A job still runs.",)}
    ),
}
