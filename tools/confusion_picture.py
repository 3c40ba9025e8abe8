"""Confusion matrices as pictures: the geometry of the one in the page, and a PNG for the report's figures. Pure but for the PNG."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prompts.quoting import clean
from prompts.report_classification import Matrix, Square, Tick
from tools.files import write_whole
from tuning.judgement import FAILED, UNPARSABLE, Scores

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 200
"""Labels of one picture."""
NAMED = 60
"""Labels up to which the PNG names them all."""
NAME_CHARS = 24
CHAR_WIDTH = 7
GAP = 10


def confused(scores: Scores) -> tuple[list[str], list[str], int]:
    """The labels down and across, and how many labels are shown when there are too many for one picture (else 0).

    All labels that are a truth or an answer; of too many those with the most mistakes, in the order of the label list.
    """
    used = {name for truth, answer, _ in scores.confusion for name in (truth, answer)} - {UNPARSABLE, FAILED}
    labels = [result.label for result in scores.per_label if result.label in used]
    cut = 0
    if len(labels) > MOST:
        wrong = Counter[str]()
        for truth, answer, rows in scores.confusion:
            wrong[truth] += rows if truth != answer else 0
        kept = {label for label, _ in sorted(wrong.items(), key=lambda pair: -pair[1])[:MOST]}
        labels, cut = [label for label in labels if label in kept], MOST
    said = {answer for _, answer, _ in scores.confusion}
    return labels, [*labels, *(name for name in (UNPARSABLE, FAILED) if name in said)], cut


def matrix(title: str, scores: Scores) -> Matrix:
    """Where every square and every name of the page's picture lies, in pixels."""
    down, across, cut = confused(scores)
    side = next((side for most, side in ((8, 52), (15, 40), (30, 30), (60, 20)) if len(down) <= most), 13)
    names = [clean(name, NAME_CHARS) for name in across]
    margin = GAP + CHAR_WIDTH * max(map(len, names), default=0)
    left, top = max(margin, 80), margin + 24
    rows, columns = {name: at for at, name in enumerate(down)}, {name: at for at, name in enumerate(across)}
    totals = _totals(scores)
    squares = tuple(
        Square(
            x=left + columns[answer] * side,
            y=top + rows[truth] * side,
            rows=count,
            share=round(100 * count / totals[truth]),
            right=truth == answer,
            truth=truth,
            answer=answer,
        )
        for truth, answer, count in scores.confusion
        if truth in rows and answer in columns
    )
    return Matrix(
        title=title,
        side=side,
        left=left,
        top=top,
        width=left + len(across) * side + GAP,
        height=top + len(down) * side + GAP,
        squares=squares,
        truths=tuple(Tick(at=top + at * side + side // 2, name=clean(name, NAME_CHARS)) for name, at in rows.items()),
        answers=tuple(
            Tick(at=left + at * side + side // 2, name=name) for name, at in zip(names, columns.values(), strict=True)
        ),
        counts=side >= 30,
        cut=cut,
    )


def draw_matrix(title: str, scores: Scores, target: Path) -> None:
    """Writes the matrix as a PNG: the share of a true label's rows by answer. Raises OSError."""
    # Half a second to import, and only a report needs it.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    down, across, _ = confused(scores)
    shares = _shares(scores, down, across)
    inches = min(16.0, 4.5 + 0.22 * len(across))
    figure = Figure(figsize=(inches + 1.0, inches), dpi=100, layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="equal", interpolation="nearest")
    figure.colorbar(image, ax=axes, label="Share of the label's rows", shrink=0.8)
    axes.set_xlabel("Answered with")
    axes.set_ylabel("True label")
    axes.set_title(title, parse_math=False)
    _name_axes(axes, down, across)
    if len(down) <= 15:
        counts = {(truth, answer): rows for truth, answer, rows in scores.confusion}
        for y, truth in enumerate(down):
            for x, answer in enumerate(across):
                if rows := counts.get((truth, answer)):
                    color = "white" if shares[y][x] > 0.6 else "black"
                    axes.text(x, y, str(rows), ha="center", va="center", fontsize="small", color=color)
    picture = BytesIO()
    with warnings.catch_warnings():
        # A label in a script that the font lacks is drawn as boxes; the page and the tables spell it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        FigureCanvasAgg(figure).print_png(picture, metadata={"Software": None})
    write_whole(target, [picture.getvalue()])


def _name_axes(axes: Axes, down: Sequence[str], across: Sequence[str]) -> None:
    named = len(down) <= NAMED
    size = 8 if len(down) <= 30 else 6
    options: dict[str, Any] = {"fontsize": size, "parse_math": False}
    axes.set_xticks(range(len(across)) if named else [])
    axes.set_yticks(range(len(down)) if named else [])
    if named:
        axes.set_xticklabels([clean(name, NAME_CHARS) for name in across], rotation=90, **options)
        axes.set_yticklabels([clean(name, NAME_CHARS) for name in down], **options)


def _shares(scores: Scores, down: Sequence[str], across: Sequence[str]) -> list[list[float]]:
    counts = {(truth, answer): rows for truth, answer, rows in scores.confusion}
    totals = _totals(scores)
    return [[counts.get((truth, answer), 0) / max(1, totals[truth]) for answer in across] for truth in down]


def _totals(scores: Scores) -> Counter[str]:
    totals = Counter[str]()
    for truth, _, rows in scores.confusion:
        totals[truth] += rows
    return totals
