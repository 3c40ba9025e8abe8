"""Reads the metrics file of a training job, ours or another platform's, into one loss curve.

Ours has one JSON object a line: {"step", "epoch", "loss"} while training, and {"step", "eval_loss", "eval_tokens",
"eval_rows": [[sum of nats, tokens], ...]} for an evaluation, step 0 being the base model. Other platforms use other
names; the usual ones are understood, and lines that carry no loss are passed over.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from .statistics import RowLoss

_STEP = ("step", "global_step", "iteration", "train/global_step", "train/step", "_step")
_EPOCH = ("epoch", "train/epoch", "current_epoch")
_TRAIN = ("loss", "train_loss", "train/loss", "training_loss", "trainLoss", "trainingLoss")
_EVAL = (
    "eval_loss", "eval/loss", "validation_loss", "val_loss", "valid_loss", "val/loss", "validation/loss", "evalLoss",
    "validationLoss",
)  # fmt: skip
_TOKENS = ("eval_tokens", "eval/tokens", "eval_num_tokens")


class Point(BaseModel):
    """A loss in nats per token at a training step."""

    model_config = ConfigDict(frozen=True)
    step: float
    loss: float
    epoch: float | None = None
    tokens: int | None = None
    """Tokens that an evaluation's mean was taken over, where the file says so."""


class LossCurve(BaseModel):
    """What a metrics file says. Points are in order of step; the later of two lines for one step counts."""

    model_config = ConfigDict(frozen=True)
    train: tuple[Point, ...] = ()
    eval: tuple[Point, ...] = ()
    eval_rows_start: tuple[RowLoss, ...] = ()
    """Per row (sum of nats, tokens) at step 0, in the order of the evaluation file; empty when not recorded."""
    eval_rows_end: tuple[RowLoss, ...] = ()
    """The same at the last evaluation; empty when that is step 0."""

    @property
    def base_eval(self) -> Point | None:
        """The evaluation before the first training step."""
        return self.eval[0] if self.eval and self.eval[0].step == 0 else None

    @property
    def final_eval(self) -> Point | None:
        """The last evaluation after training began."""
        return self.eval[-1] if self.eval and self.eval[-1].step > 0 else None

    @property
    def final_train(self) -> Point | None:
        """The last training loss reported."""
        return self.train[-1] if self.train else None


def read_metrics(lines: Iterable[str | bytes]) -> LossCurve:
    """Read a metrics JSONL file, tolerant of unknown keys and broken lines, as the half-written last one of a job that died.

    Losses that are NaN or infinite are left out.
    """
    train: dict[float, Point] = {}
    evaluated: dict[float, Point] = {}
    rows: dict[float, tuple[RowLoss, ...]] = {}
    last = 0.0
    for line in lines:
        if not line.strip():
            continue
        entry = _object(line)
        if entry is None:
            continue
        step = _number(entry, _STEP)
        last = step if step is not None and math.isfinite(step) else last
        for names, points in ((_TRAIN, train), (_EVAL, evaluated)):
            loss = _number(entry, names)
            if loss is None or not math.isfinite(loss):
                continue
            tokens = _number(entry, _TOKENS) if points is evaluated else None
            points[last] = Point(
                step=last, loss=loss, epoch=_number(entry, _EPOCH), tokens=None if tokens is None else int(tokens)
            )
        if (found := _row_losses(entry.get("eval_rows"))) is not None:
            rows[last] = found
    final = max(rows, default=0.0)
    return LossCurve(
        train=tuple(train[step] for step in sorted(train)),
        eval=tuple(evaluated[step] for step in sorted(evaluated)),
        eval_rows_start=rows.get(0.0, ()),
        eval_rows_end=rows[final] if final > 0 else (),
    )


def _object(line: str | bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(entry, dict):
        return None
    nested = entry.get("metrics")
    return {**nested, **entry} if isinstance(nested, dict) else entry


def _number(entry: Mapping[str, Any], names: Iterable[str]) -> float | None:
    for name in names:
        value = entry.get(name)
        if isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                continue
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
    return None


def _row_losses(value: Any) -> tuple[RowLoss, ...] | None:
    if not isinstance(value, list):
        return None
    rows = []
    for item in value:
        if not (isinstance(item, list) and len(item) == 2 and all(isinstance(part, (int, float)) for part in item)):
            return None
        nats, tokens = float(item[0]), int(item[1])
        if not math.isfinite(nats) or tokens < 0:
            return None
        rows.append((nats, tokens))
    return tuple(rows)
