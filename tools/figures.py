"""Loss curves as pictures, from the metrics files of training jobs."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from tools.files import write_whole

TRAIN_KEYS = ("loss", "train_loss", "train/loss", "training_loss")
EVAL_KEYS = ("eval_loss", "eval/loss", "validation_loss", "eval:loss")
STEP_KEYS = ("step", "global_step", "train/global_step")
MAX_LINES = 200_000
"""Of a metrics file, so that a broken one can't fill the memory."""

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Curve:
    """Losses of one job by optimizer step, in nats per token. `label` is our own short text."""

    label: str
    train: Points
    evaluation: Points


def read_curve(path: Path, label: str) -> Curve | None:
    """The curve in a metrics.jsonl; None when the file is missing or has no loss. Broken lines are passed over."""
    if not path.is_file():
        return None
    train: list[tuple[float, float]] = []
    evaluation: list[tuple[float, float]] = []
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, (_, text) in enumerate(zip(range(MAX_LINES), file, strict=False), start=1):
            record = _record(text)
            step = _first(record, STEP_KEYS)
            at = float(number) if step is None else step
            for keys, points in ((TRAIN_KEYS, train), (EVAL_KEYS, evaluation)):
                value = _first(record, keys)
                if value is not None:
                    points.append((at, value))
    return Curve(label, tuple(train), tuple(evaluation)) if train or evaluation else None


def draw(curves: Sequence[Curve], title: str, target: Path) -> None:
    """Writes a PNG of 8 x 4.5 inches: lines are training loss, dots evaluation loss. Raises OSError."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    for index, curve in enumerate(curves):
        color = f"C{index % 10}"
        if curve.train:
            axes.plot(*zip(*curve.train, strict=True), color=color, linewidth=1.5, label=f"{curve.label}: training")
        if curve.evaluation:
            axes.plot(
                *zip(*curve.evaluation, strict=True),
                color=color,
                marker="o",
                linestyle="--",
                label=f"{curve.label}: evaluation",
            )
    axes.set_xlabel("Optimizer step")
    axes.set_ylabel("Loss (nats per assistant token)")
    axes.set_title(title)
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small", ncols=2 if len(curves) > 3 else 1)
    picture = BytesIO()
    FigureCanvasAgg(figure).print_png(picture, metadata={"Software": None})
    write_whole(target, [picture.getvalue()])


def _record(text: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _first(record: Mapping[str, Any], keys: Iterable[str]) -> float | None:
    for key in keys:
        value = record.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
    return None
