"""Splits: the rules of each task, nothing lost, nothing on two sides, the same everywhere."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuning.split import Split, Task, split, subsample

tasks = st.sampled_from(["sft", "preference", "classification"])


def whole(parts: Split) -> list[int]:
    return sorted(parts.train + parts.validation + parts.test)


@settings(deadline=None)
@given(st.integers(2, 400), tasks, st.data())
def test_every_row_is_on_exactly_one_side_and_duplicates_stay_together(
    rows: int, task: Task, data: st.DataObject
) -> None:
    keys = data.draw(st.lists(st.integers(0, max(1, rows // 2)), min_size=rows, max_size=rows))
    labels = data.draw(st.none() | st.lists(st.sampled_from("abc"), min_size=rows, max_size=rows))
    parts = split(rows, task, keys=keys, labels=labels)
    assert whole(parts) == list(range(rows))
    sides = [{keys[row] for row in part} for part in parts]
    assert not (sides[0] & sides[1] or sides[0] & sides[2] or sides[1] & sides[2])
    assert parts.train
    assert parts.validation or len(set(keys)) == 1


@given(st.integers(2, 3000), tasks)
@settings(max_examples=40, deadline=None)
def test_sizes(rows: int, task: Task) -> None:
    parts = split(rows, task)
    expected = 0 if rows < 50 else round(rows * (0.1 if task == "sft" else 0.2))
    assert len(parts.test) == expected
    assert len(parts.validation) == min(max(1, round((rows - expected) * 0.1)), rows - expected - 1)
    assert parts.final == tuple(sorted(parts.train + parts.validation))


def test_the_sft_test_set_has_at_most_1000_rows() -> None:
    assert len(split(12_000, "sft").test) == 1_000
    assert len(split(12_000, "preference").test) == 2_400


def test_the_users_word_wins() -> None:
    parts = split(100, "classification", train_fraction=0.7)
    assert len(parts.test) == 30 and len(parts.validation) == 7
    assert split(100, "sft", own_test=True).test == ()
    assert split(20, "sft", train_fraction=0.5).test != ()
    assert split(100, "sft", train_fraction=1.0).test == ()


@pytest.mark.parametrize("fraction", [0, -0.5, 1.5])
def test_impossible_fractions_are_refused(fraction: float) -> None:
    with pytest.raises(ValueError, match="fraction"):
        split(100, train_fraction=fraction)


def test_impossible_splits_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be split"):
        split(1)
    with pytest.raises(ValueError, match="3 keys were given for 5 rows"):
        split(5, keys=[1, 2, 3])


@given(st.lists(st.sampled_from("aaaaaabbbc"), min_size=100, max_size=400))
@settings(max_examples=40, deadline=None)
def test_labels_are_spread_in_proportion(labels: list[str]) -> None:
    parts = split(len(labels), "classification", labels=labels)
    total, test = Counter(labels), Counter(labels[row] for row in parts.test)
    for label, rows in total.items():
        assert abs(test[label] - 0.2 * rows) <= 1.5


def test_the_same_in_another_process_with_another_hash_seed() -> None:
    code = (
        "from tuning.split import split, subsample;"
        "print(split(200, 'classification', keys=[n // 2 for n in range(200)], labels=['ab'[n // 2 % 2] for n in range(200)])"
        ".test[:8], subsample(5000)[:5])"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=Path(__file__).parents[2],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1] == "(54, 55, 64, 65, 66, 67, 84, 85) (1, 13, 20, 21, 29)\n"


def test_seeds_differ() -> None:
    assert split(100, seed=1) != split(100, seed=2) == split(100, seed=2)


@given(st.integers(0, 300), st.integers(1, 100), st.integers(1, 100))
@settings(deadline=None)
def test_subsamples_nest(rows: int, small: int, large: int) -> None:
    small, large = sorted((small, large))
    chosen = subsample(rows, large)
    assert len(chosen) == min(rows, large) == len(set(chosen))
    assert list(chosen) == sorted(chosen) and set(chosen) <= set(range(rows))
    assert set(subsample(rows, small)) <= set(chosen)
