"""Metrics files of our own and of other platforms become one loss curve."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from tuning.metrics import LossCurve, read_metrics

OURS: list[dict[str, object]] = [
    {"step": 0, "eval_loss": 2.0, "eval_tokens": 30, "eval_rows": [[20.0, 10], [40.0, 20]]},
    {"step": 1, "epoch": 0.5, "loss": 1.5, "learning_rate": 1e-4},
    {"step": 2, "epoch": 1.0, "loss": 1.2},
    {"step": 2, "epoch": 1.0, "eval_loss": 1.1, "eval_tokens": 30, "eval_rows": [[11.0, 10], [22.0, 20]]},
    {"step": 3, "epoch": 1.5, "loss": 1.0},
    {"step": 4, "epoch": 2.0, "eval_loss": 1.3, "eval_tokens": 30, "eval_rows": [[13.0, 10], [26.0, 20]]},
]


def lines(entries: Sequence[Mapping[str, object]]) -> list[str]:
    return [json.dumps(entry) for entry in entries]


def test_our_own_file() -> None:
    curve = read_metrics(lines(OURS))
    assert [(point.step, point.loss) for point in curve.train] == [(1, 1.5), (2, 1.2), (3, 1.0)]
    assert curve.base_eval is not None and (curve.base_eval.step, curve.base_eval.loss) == (0, 2.0)
    assert curve.base_eval.tokens == 30
    assert curve.final_eval is not None and (curve.final_eval.step, curve.final_eval.loss) == (4, 1.3)
    assert curve.final_train is not None and curve.final_train.loss == 1.0
    assert curve.eval_rows_start == ((20.0, 10), (40.0, 20))
    assert curve.eval_rows_end == ((13.0, 10), (26.0, 20))
    assert LossCurve.model_validate_json(curve.model_dump_json()) == curve


def test_other_platforms() -> None:
    wandb = [{"_step": 5, "train/loss": 0.9, "train/epoch": 1}, {"_step": 5, "eval/loss": 0.8}]
    nested = [{"global_step": 7, "metrics": {"training_loss": "0.7", "validation_loss": 0.6}}]
    for entries, train, evaluation in ((wandb, 0.9, 0.8), (nested, 0.7, 0.6)):
        curve = read_metrics(lines(entries))
        assert [point.loss for point in curve.train] == [train]
        assert [point.loss for point in curve.eval] == [evaluation]
        assert curve.base_eval is None


def test_no_evaluation_after_training_is_not_invented() -> None:
    curve = read_metrics(lines(OURS[:3]))
    assert curve.base_eval is not None and curve.final_eval is None
    assert curve.eval_rows_end == ()
    assert read_metrics([]) == LossCurve()


def test_losses_that_are_no_numbers_are_left_out() -> None:
    curve = read_metrics(['{"step": 1, "loss": 2.0}', '{"step": 2, "loss": NaN}', '{"step": 3, "eval_loss": Infinity}'])
    assert len(curve.train) == 1 and curve.eval == ()


def test_a_restarted_job_repeats_steps() -> None:
    curve = read_metrics(['{"step": 1, "loss": 2.0}', '{"step": 2, "loss": 1.9}', '{"step": 2, "loss": 1.8}'])
    assert [(point.step, point.loss) for point in curve.train] == [(1, 2.0), (2, 1.8)]


@given(st.lists(st.binary(max_size=30) | st.text(max_size=30), max_size=8))
def test_nothing_raises(extra: list[str | bytes]) -> None:
    curve = read_metrics([*lines(OURS), *extra, '{"step": 5, "lo'])
    assert curve.base_eval is not None
