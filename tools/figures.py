"""Loss curves as pictures, from the metrics files of training jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from tools.files import write_whole
from tuning.metrics import LossCurve, Point, read_metrics

INCHES = (8, 4.5)


@dataclass(frozen=True)
class Drawn:
    """One job's losses under a short label of our own."""

    label: str
    curve: LossCurve


def read_curve(path: Path) -> LossCurve:
    """What a metrics file of a session's workspace says; nothing when there is none."""
    if not path.is_file():
        return LossCurve()
    with path.open("rb") as lines:
        return read_metrics(lines)


def draw(jobs: Sequence[Drawn], title: str, target: Path) -> bool:
    """Writes a PNG: lines are training loss, dots evaluation loss. False, and no file, without a point. Raises OSError."""
    # Half a second to import, and only a report needs it.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=INCHES, dpi=120, layout="constrained")
    axes = figure.add_subplot()
    for index, job in enumerate(jobs):
        color = f"C{index % 10}"
        if job.curve.train:
            axes.plot(*_xy(job.curve.train), color=color, linewidth=1.5, label=f"{job.label}: training")
        if job.curve.eval:
            axes.plot(*_xy(job.curve.eval), color=color, marker="o", linestyle="--", label=f"{job.label}: evaluation")
    if not axes.lines:
        return False
    axes.set_xlabel("Optimizer step (0: the base model)")
    axes.set_ylabel("Loss (nats per assistant token)")
    axes.set_title(title)
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small", ncols=2 if len(jobs) > 3 else 1)
    picture = BytesIO()
    FigureCanvasAgg(figure).print_png(picture, metadata={"Software": None})
    write_whole(target, [picture.getvalue()])
    return True


def _xy(points: Sequence[Point]) -> tuple[list[float], list[float]]:
    return [point.step for point in points], [point.loss for point in points]
