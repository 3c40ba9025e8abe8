"""Lines come out the same however the bytes are cut, and no line is held beyond the cap."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tuning.lines import read_lines

content = st.lists(st.sampled_from([b"a", b"bc", b"\n", b"\r\n", b"", b"\n\n", b"0123456789"]), max_size=30).map(
    b"".join
)


@given(content, st.lists(st.integers(0, 40), max_size=8))
def test_any_cut_gives_the_same_lines(data: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    chunks = [data[start:end] for start, end in pairwise(edges)]
    expected = data.split(b"\n")
    if expected[-1] == b"":
        expected.pop()
    lines = list(read_lines(chunks))
    assert [line.data for line in lines] == expected
    assert [line.number for line in lines] == list(range(1, len(expected) + 1))
    assert not any(line.overlong for line in lines)


@given(content, st.integers(1, 12), st.integers(1, 7))
def test_overlong_lines_are_measured_and_cut(data: bytes, cap: int, step: int) -> None:
    chunks = [data[start : start + step] for start in range(0, len(data), step)]
    for line, whole in zip(read_lines(chunks, cap), data.split(b"\n"), strict=False):
        assert line.size == len(whole)
        assert whole.startswith(line.data)
        assert line.overlong == (len(whole) > cap and len(whole) > len(line.data))


def test_a_line_of_100_mb_is_not_held() -> None:
    def chunks() -> Iterator[bytes]:
        yield b'{"a": 1}\n{"messages": "'
        for _ in range(100):
            yield b"x" * 1_000_000
        yield b'"}\n{"b": 2}\n'

    tracemalloc.start()
    lines = list(read_lines(chunks(), cap=2_000_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [(line.number, line.overlong) for line in lines] == [(1, False), (2, True), (3, False)]
    assert lines[1].size == 100_000_016
    assert len(lines[1].data) < 1_000
    assert peak < 8_000_000
