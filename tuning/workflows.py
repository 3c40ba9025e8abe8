"""The playbooks: what each workflow needs, its phases and gates, and every default in one place.

A default applies only where the user's words say nothing; `Decision` keeps, for the plan and the report, where each value
came from. Sources: the product's public documentation of the SFT, preference and classification workflows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from tuning.request import Request

SEED = 42
MAX_ACTIVE_JOBS = 6
SWEEP_ROWS = 1_000
"""Hyperparameter search trains on at most this many rows of the train split."""
EPOCH_BUDGET = 2_500
MAX_DEFAULT_EPOCHS = 5
TEST_FRACTION = 0.10
"""Of supervised fine-tuning, `TEST_ROWS` at most."""
TEST_ROWS = 1_000
COMPARED_TEST_FRACTION = 0.20
"""Of preference pairs and of classification samples."""
VALIDATION_FRACTION = 0.10
SMALL_DATA_ROWS = 50
"""Below this many rows there is a validation split only."""
RETRIES = 1
"""Further attempts, over the whole plan, for jobs that the platform lost or failed."""
STALL_SECONDS = 600.0
"""A running job without a new step for this long is reported as stalled."""

SCALE_TO_ZERO_MINUTES = 5
"""Idle minutes after which a deployment stops billing; the least that Fireworks takes. Its own default is an hour."""
CONTEXT_STEP = 16
"""Fireworks takes training context lengths in multiples of this."""
CLOUD_RANKS = (4, 8, 16, 32)
"""LoRA ranks that Fireworks trains and serves: powers of two up to 32, adapters from rank 4."""

STRONGEST = 3
"""Of more base models than this, a classification tunes only so many: the best by base accuracy."""
IMBALANCE_THRESHOLD = 50.0
"""Most / least frequent label over the training rows; flagged strictly above."""
EVALUATION_HOURS = (0.1, 1.0)
"""Least and most hours that an evaluation deployment is priced for; it is scaled to 0 right after its evaluation."""
EVALUATION_BLOCK = 200
"""Completions of an approved evaluation that are reserved at a time, at most: what a kill can waste."""
EVALUATION_DEPLOYMENTS = 3
"""Evaluation deployments that are up at the same time."""

Gate = Literal["plan", "promotion"]


class LoraConfig(BaseModel):
    """One point of a tuning grid."""

    model_config = ConfigDict(frozen=True)
    rank: int
    learning_rate: float


DEFAULT_GRID = (
    LoraConfig(rank=8, learning_rate=1.5e-4),
    LoraConfig(rank=16, learning_rate=1.0e-4),
    LoraConfig(rank=32, learning_rate=5.0e-5),
)


@dataclass(frozen=True)
class Workflow:
    """What a workflow asks for, and where it stops for the user."""

    name: str
    title: str
    required: tuple[str, ...]
    gates: tuple[Gate, ...]
    phases: tuple[str, ...]


SFT = Workflow(
    name="sft",
    title="Supervised fine-tuning",
    required=("train_dataset", "base_models"),
    gates=("plan", "promotion"),
    phases=("inspection", "plan", "sweep", "full run", "evaluation", "deployment", "report"),
)

CLASSIFICATION = Workflow(
    name="classification",
    title="Classification: benchmark, fine-tune, compare",
    required=("train_dataset", "base_models"),
    gates=("plan",),
    phases=("inspection", "plan", "benchmark", "sweep", "full run", "evaluation", "deployment", "report"),
)

WORKFLOWS = {flow.name: flow for flow in (SFT, CLASSIFICATION)}


class Decision(BaseModel):
    """A value the plan uses and where it came from."""

    model_config = ConfigDict(frozen=True)
    name: str
    value: str
    source: str


def default_epochs(samples: int) -> int:
    """min(5, ceil(2500 / samples)), at least 1. `samples` are all samples of the training data set."""
    return max(1, min(MAX_DEFAULT_EPOCHS, math.ceil(EPOCH_BUDGET / max(1, samples))))


class NotTrainableError(ValueError):
    """A value that no platform trains with, told in words for the user."""


def training_context(tokens: int) -> int:
    """The user's bound on a sample's tokens as platforms take it: rounded down. NotTrainableError: less than one step."""
    if tokens < CONTEXT_STEP:
        raise NotTrainableError(f"a context length of {tokens} tokens is too short: give at least {CONTEXT_STEP}")
    return tokens // CONTEXT_STEP * CONTEXT_STEP


def held_out(request: Request) -> bool:
    """Whether the rows that judge the final run are kept out of its training. The user's own evaluation set always is."""
    return not request.train_on_all or request.eval_dataset is not None


def grid(request: Request, recommended: tuple[LoraConfig, ...]) -> tuple[tuple[LoraConfig, ...], str]:
    """The configurations to try for one model, and why these.

    Lists given by the user make the product. An axis the user left open takes its default: a rank takes the learning
    rate the grid pairs it with (the nearest rank's, for a rank outside the grid), learning rates take the grid's first rank.
    """
    base = recommended or DEFAULT_GRID
    origin = "recommended by the model's catalogue entry" if recommended else "default grid"
    ranks, rates = request.lora_ranks, request.learning_rates
    if ranks and rates:
        return tuple(LoraConfig(rank=r, learning_rate=lr) for r in ranks for lr in rates), "you said so"
    if ranks:
        pairs = tuple(LoraConfig(rank=r, learning_rate=_nearest(base, r).learning_rate) for r in ranks)
        return pairs, f"ranks as you said; learning rates: {origin}"
    if rates:
        pairs = tuple(LoraConfig(rank=base[0].rank, learning_rate=lr) for lr in rates)
        return pairs, f"learning rates as you said; rank: {origin}"
    return base, origin


def _nearest(configs: tuple[LoraConfig, ...], rank: int) -> LoraConfig:
    return min(configs, key=lambda c: (abs(math.log2(c.rank) - math.log2(max(1, rank))), c.rank))
