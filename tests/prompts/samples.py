"""One filled prompt for each way a template can go: what the golden texts are made from."""

from __future__ import annotations

from prompts.base import Prompt
from prompts.plan import (
    CandidateRow,
    ClassificationPlan,
    CostRow,
    CreatedGroup,
    LabelCount,
    Line,
    PlannedItem,
    PlanQuestion,
    PlanText,
)
from prompts.questions import MissingInput, ModelList, ModelRow, Refusal, Trouble
from prompts.report import (
    Comparison,
    CostResult,
    Figure,
    LastMessage,
    Reply,
    Report,
    Served,
    Snippet,
    TrainedRow,
    Turn,
)
from prompts.scoreboard import PromotionQuestion, ScoreboardText, ScoreRow
from prompts.scores import EvaluatedRow, GainRow, LabelRow, LabelTable, Scores
from prompts.units import Span

CENTS = Span(low=0.2, high=0.4)
PLAN = PlanText(
    title="Supervised fine-tuning",
    revision=2,
    plan_digest="c0ffee" * 10,
    platform="Fireworks",
    account="accounts/acme",
    understood=(Line(name="Training data", value="accounts/acme/datasets/tickets"), Line(name="Epochs", value="2")),
    data=("960 rows, 57,600 tokens.", "12 rows carried the answer as ground_truth."),
    warnings=("3 rows are exact duplicates of another row.",),
    candidates=(
        CandidateRow(number=1, model="accounts/fireworks/models/qwen3-8b", rank=8, learning_rate=1.5e-4, epochs=2),
        CandidateRow(number=2, model="accounts/fireworks/models/qwen3-8b", rank=16, learning_rate=1e-4, epochs=2),
    ),
    decisions=(Line(name="Epochs", value="2", source="you said so"),),
    items=(
        PlannedItem(title="Upload the sweep split", resource="accounts/acme/datasets/fa-1", cost=Span(low=0, high=0)),
        PlannedItem(title="Train candidate 1", resource="accounts/acme/jobs/fa-2", cost=CENTS),
        PlannedItem(title="Deploy", resource="accounts/acme/deployments/fa-3", cost=Span(low=8, high=16), only_if=1),
    ),
    cost_rows=(CostRow(label="Training: sweep", cost=CENTS), CostRow(label="Deployment, first hour", cost=None)),
    cost=CENTS,
    spent=0.05,
    free=False,
    price_table="fireworks-2026-10-08",
    unknown_prices=("Deploy the model of final-1",),
    minutes=Span(low=0.4, high=150),
    active_jobs=6,
    retries=1,
    sweep=True,
    full_run=True,
    deploy=True,
)
OF_LABELS = ClassificationPlan(
    **{name: getattr(PLAN, name) for name in PlanText.model_fields if name not in ("items", "title")},
    title="Classification: benchmark, fine-tune, compare",
    multi_label=False,
    rule="ground_truth",
    origin="inferred from the data: your yes confirms them",
    labels=(
        LabelCount(label="billing", training=500, held_out=120),
        LabelCount(label="technical", training=40, held_out=10),
    ),
    labels_not_shown=2,
    labels_file="outputs/labels.json",
    merges=(Line(name="billing", value="Billing "),),
    merges_not_shown=0,
    joined=(Line(name="billing", value="refunds"),),
    joined_not_shown=0,
    samples=(Line(name="billing", value="Why was I charged twice?"),),
    models=("qwen3-4b", "qwen3-8b", "qwen3-14b", "qwen3-32b"),
    tunable=4,
    tuned=3,
    created=(
        CreatedGroup(title="Training jobs of the sweep", count=9, at_most=True, first="accounts/acme/jobs/fa-2"),
        CreatedGroup(
            title="Deployment of the winner, which stays", count=1, at_most=True, first="accounts/acme/d/fa-3"
        ),
    ),
)
QUESTION = PlanQuestion(
    revision=1, cost=CENTS, minutes=Span(low=5, high=9), free=False, budget=None, over_budget=False, unknown_prices=()
)
SCORE = ScoreRow(
    number=2,
    model="qwen3-8b",
    rank=16,
    learning_rate=1e-4,
    epochs=2,
    state="completed",
    eval_loss=0.51,
    train_loss=0.46,
    base_loss=2.0,
    gain=1.49,
    interval=Span(low=1.45, high=1.53),
    cost=Span(low=0.07, high=0.07),
    reported=False,
)
FAILED = SCORE.model_copy(
    update={
        "number": 1,
        "state": "failed",
        "eval_loss": None,
        "train_loss": None,
        "base_loss": None,
        "gain": None,
        "interval": None,
        "reported": True,
        "note": "failed. the trainer ran out of memory",
    }
)
BOARD = ScoreboardText(
    rows=(SCORE, SCORE.model_copy(update={"number": 3, "eval_loss": 0.6}), FAILED),
    winner=2,
    chosen=2,
    split="validation",
    lead="clear",
    ahead=0.09,
    runner_up=3,
    several_models=False,
)
PROMOTION = PromotionQuestion(
    chosen=2, winner=2, describe="qwen3-8b, LoRA rank 16", full_run=True, deploy=True, full_rows=864
)
BASE_MODEL = EvaluatedRow(
    title="qwen3-8b",
    tuned=False,
    rows=1200,
    accuracy=0.71,
    interval=Span(low=0.6837, high=0.735),
    strict=0.64,
    macro_f1=0.688,
    micro_f1=None,
    unparsable=41,
    failed=0,
    details="outputs/evaluations/fa-eval-1.json",
)
TUNED_MODEL = BASE_MODEL.model_copy(
    update={
        "title": "qwen3-8b tuned (2)",
        "tuned": True,
        "accuracy": 0.93,
        "interval": Span(low=0.914, high=0.943),
        "failed": 2,
    }
)
SCORES_GAIN = GainRow(
    first="qwen3-8b",
    second="qwen3-8b tuned (2)",
    outcome="gain",
    gain=0.22,
    interval=Span(low=0.19, high=0.25),
    p_value=1e-12,
    only_first=10,
    only_second=274,
)
NO_SCORES_GAIN = SCORES_GAIN.model_copy(
    update={"outcome": "none", "gain": 0.005, "interval": Span(low=-0.01, high=0.02), "p_value": 0.41}
)
LABEL_TABLE = LabelTable(
    split="test",
    heads=("qwen3-32b", "qwen3-8b"),
    rows=(
        LabelRow(label="refund", rows=60, accuracies=(0.5, 0.4)),
        LabelRow(label="billing", rows=1140, accuracies=(0.7, 0.6)),
    ),
)
SCORES = Scores(
    stage="base",
    rows=1200,
    split="test",
    multi_label=False,
    models=(BASE_MODEL, BASE_MODEL.model_copy(update={"title": "qwen3-32b"})),
    gains=(),
    leaders=None,
    table=LABEL_TABLE,
    labels=2,
    unranked=(),
)
TRAINED = TrainedRow(
    number=2,
    model="qwen3-8b",
    rank=16,
    learning_rate=1e-4,
    epochs=2,
    job="fa-sweep-2",
    state="completed",
    train_loss=0.46,
    eval_loss=0.51,
    base_loss=2.0,
    gain=1.49,
    interval=Span(low=1.45, high=1.53),
)
FINAL = TRAINED.model_copy(update={"job": "fa-final-2", "eval_loss": 0.48})
GAIN = Comparison(
    verdict="gain",
    split="test",
    rows=96,
    base_loss=2.0,
    tuned_loss=0.48,
    gain=1.52,
    interval=Span(low=1.4, high=1.6),
    job="fa-final-2",
)
NO_GAIN = GAIN.model_copy(
    update={"verdict": "none", "gain": 0.01, "interval": Span(low=-0.02, high=0.04), "caveat": "Few rows."}
)
UNMEASURED = Comparison(
    verdict="not measured", split="", rows=None, base_loss=None, tuned_loss=None, gain=None, interval=None, job=""
)
SERVED = Served(
    model="accounts/acme/models/fa-final-2",
    deployment="accounts/acme/deployments/fa-deploy-2",
    endpoint="https://api.fireworks.ai/inference/v1/chat/completions",
    address="accounts/acme/models/fa-final-2#accounts/acme/deployments/fa-deploy-2",
    serving=True,
)
CLOUD_SNIPPET = Snippet(
    address=SERVED.address,
    base_url=None,
    messages=(Turn(role="user", content='Where is my "parcel"?\nIt\'s late.'),),
    max_tokens=1024,
)
LOCAL_SNIPPET = CLOUD_SNIPPET.model_copy(update={"base_url": "http://127.0.0.1:8123", "max_tokens": 128})
TOTAL = CostResult(label="Total", estimated=CENTS, actual=0.5, delta=0.1)
PARTLY = CostResult(label="Total", estimated=CENTS, actual=None, reported=0.3, delta=None)
MESSAGE = LastMessage(
    ended="succeeded",
    training_job="fa-final-2",
    model=SERVED.model,
    served=SERVED,
    snippet=CLOUD_SNIPPET.render(),
    result=FINAL,
    result_split="test",
    comparison=GAIN,
    total=TOTAL,
    running=(),
    bills=("Deployment accounts/acme/deployments/fa-deploy-2 (ready): it bills while a replica is up.",),
    notes=(),
    report="workspace/final_report.md",
)
REPORT = Report(
    session="1779157376-41e1",
    ended="succeeded",
    workflow="Supervised fine-tuning",
    instruction="Run supervised fine-tuning on tickets.\nUse Qwen3 8B.",
    training_job="fa-final-2",
    model=SERVED.model,
    served=SERVED,
    snippet=CLOUD_SNIPPET.render(),
    winner=TRAINED,
    candidates=(
        TRAINED,
        TRAINED.model_copy(update={"number": 1, "state": "failed", "eval_loss": None, "note": "failed. out of memory"}),
    ),
    final=FINAL,
    comparison=GAIN,
    figures=(Figure(title="Loss of the sweep's candidates", path="figures/sweep_loss.png"),),
    cost_rows=(
        CostResult(label="Training: sweep", estimated=CENTS, actual=0.3, delta=0.0),
        CostResult(label="Deployment, first hour", estimated=None, actual=None, delta=None),
    ),
    total=TOTAL,
    approvals=(
        Reply(
            gate="plan",
            answer="approve",
            by="user",
            at="2026-11-21T01:01:00Z",
            digest="c0ffee",
            text="Approved, proceed.",
        ),
    ),
    other_replies=(
        Reply(
            gate="plan",
            answer="revise",
            by="user",
            at="2026-11-21T01:00:30Z",
            digest="0ff1ce",
            text="use 2 epochs\nplease",
        ),
    ),
    provenance=(Line(name="Seed of splits and subsample", value="42"),),
    running=(),
    bills=("Deployment accounts/acme/deployments/fa-deploy-2 (ready): it bills while a replica is up.",),
    notes=("The price table was overridden.",),
    plan_text=PLAN.render(),
    plan_approved=True,
)

SAMPLES: dict[str, Prompt] = {
    "plan": PLAN,
    "plan_free_without_sweep": PLAN.model_copy(
        update={
            "free": True,
            "sweep": False,
            "deploy": False,
            "unknown_prices": (),
            "warnings": (),
            "retries": 0,
            "active_jobs": 1,
            "spent": None,
        }
    ),
    "plan_winner_as_it_is": PLAN.model_copy(update={"full_run": False}),
    "plan_classification": OF_LABELS,
    "plan_classification_benchmark_only": OF_LABELS.model_copy(
        update={
            "candidates": (),
            "sweep": False,
            "full_run": False,
            "deploy": False,
            "merges": (),
            "joined": (),
            "multi_label": True,
        }
    ),
    "plan_question": QUESTION,
    "plan_question_free": QUESTION.model_copy(update={"free": True, "cost": Span(low=0, high=0)}),
    "plan_question_over_budget": QUESTION.model_copy(update={"budget": 0.3, "over_budget": True}),
    "plan_question_unknown_price": QUESTION.model_copy(update={"unknown_prices": ("Deploy", "Train")}),
    "plan_question_over_budget_unknown_price": QUESTION.model_copy(
        update={"budget": 0.3, "over_budget": True, "unknown_prices": ("Deploy",)}
    ),
    "scoreboard": BOARD,
    "scoreboard_noise": BOARD.model_copy(update={"lead": "noise", "ahead": 0.001, "several_models": True}),
    "scoreboard_unknown_lead": BOARD.model_copy(update={"lead": "unknown", "chosen": 3}),
    "scoreboard_tie": BOARD.model_copy(update={"lead": "tie", "ahead": 0.0}),
    "scoreboard_alone": BOARD.model_copy(update={"lead": "alone", "ahead": None, "runner_up": None}),
    "scores_base": SCORES,
    "scores_tuned": SCORES.model_copy(
        update={
            "stage": "tuned",
            "models": (BASE_MODEL, TUNED_MODEL),
            "gains": (
                SCORES_GAIN,
                NO_SCORES_GAIN,
                SCORES_GAIN.model_copy(
                    update={"outcome": "worse", "gain": -0.1, "interval": Span(low=-0.2, high=-0.01)}
                ),
                SCORES_GAIN.model_copy(
                    update={"outcome": "not measured", "gain": None, "interval": None, "p_value": None}
                ),
            ),
            "leaders": NO_SCORES_GAIN,
            "labels": 77,
        }
    ),
    "scores_several_labels": SCORES.model_copy(
        update={"multi_label": True, "models": (BASE_MODEL.model_copy(update={"micro_f1": 0.75}),)}
    ),
    "scores_none": SCORES.model_copy(
        update={"models": (), "table": None, "labels": 0, "unranked": ("Evaluate qwen3-8b",)}
    ),
    "promotion_question": PROMOTION,
    "promotion_question_other": PROMOTION.model_copy(update={"chosen": 3, "full_run": False}),
    "promotion_question_nothing_more": PROMOTION.model_copy(update={"full_run": False, "deploy": False}),
    "missing_input": MissingInput(
        missing=("workflow", "train_dataset", "base_models", "evaluator", "labels"), models_shown=True
    ),
    "model_list": ModelList(
        models=(
            ModelRow(name="accounts/local/models/ember-1m", title="Ember 1M", parameters=1_250_000, context=512),
            ModelRow(name="accounts/fireworks/models/qwen3-8b"),
        ),
        total=30,
    ),
    "model_list_empty": ModelList(models=(), total=0),
    "refusal": Refusal(
        asked="full-parameter tuning", why="jobs here train LoRA adapters", instead="a LoRA of a higher rank"
    ),
    "trouble": Trouble(
        message="the data set has no row that can be trained on",
        where="accounts/acme/datasets/tickets",
        owner="yours",
        next_step="Add rows with an assistant turn.",
        retried=2,
    ),
    "trouble_platform": Trouble(
        message="the platform answered 503", where="creating the job", owner="platform", next_step="Wait."
    ),
    "snippet_cloud": CLOUD_SNIPPET,
    "snippet_local": LOCAL_SNIPPET,
    "last_message": MESSAGE,
    "last_message_no_gain": MESSAGE.model_copy(update={"comparison": NO_GAIN, "total": PARTLY}),
    "last_message_no_deployment": MESSAGE.model_copy(
        update={"served": None, "snippet": "", "bills": (), "comparison": UNMEASURED}
    ),
    "last_message_cancelled": MESSAGE.model_copy(
        update={
            "ended": "cancelled",
            "served": None,
            "model": "",
            "training_job": "",
            "snippet": "",
            "result": None,
            "comparison": UNMEASURED,
            "running": ("Training job fa-sweep-1 is still cancelling.",),
            "bills": (),
        }
    ),
    "last_message_failed": MESSAGE.model_copy(
        update={
            "ended": "failed",
            "served": None,
            "model": "",
            "training_job": "",
            "snippet": "",
            "result": None,
            "comparison": UNMEASURED,
            "total": None,
            "bills": (),
            "notes": ("No candidate survived.",),
        }
    ),
    "report": REPORT,
    "report_no_gain": REPORT.model_copy(update={"comparison": NO_GAIN, "total": PARTLY}),
    "report_cancelled": REPORT.model_copy(
        update={
            "ended": "cancelled",
            "served": None,
            "model": "",
            "training_job": "",
            "snippet": "",
            "winner": None,
            "final": None,
            "comparison": UNMEASURED,
            "figures": (),
            "running": ("Training job fa-sweep-1 is still cancelling.",),
            "bills": (),
        }
    ),
    "report_failed_before_a_plan": REPORT.model_copy(
        update={
            "ended": "failed",
            "served": None,
            "model": "",
            "training_job": "",
            "snippet": "",
            "winner": None,
            "candidates": (),
            "final": None,
            "comparison": UNMEASURED,
            "figures": (),
            "cost_rows": (),
            "total": None,
            "approvals": (),
            "other_replies": (),
            "bills": (),
            "plan_text": "",
            "plan_approved": False,
        }
    ),
}
