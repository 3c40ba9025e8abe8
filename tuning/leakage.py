"""Which training rows are in the evaluation set too, exactly or nearly.

Exact: equal user text after lower-casing and collapsing spaces. Near: at least 30% of an evaluation row's 8-word grams
occur in one training row; of the usual methods this had the best recall, and it can show the matched span. Only the
evaluation set is held in memory; training rows stream past. System prompts are left out, being common to all rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import xxhash

from .facts import Leakage, LeakedRow
from .lines import read_lines
from .rows import RowError, Sample, read_row

GRAM = 8
"""Words per gram, as in the contamination studies of GPT-3's successors (they use 8 to 13)."""
MIN_CONTAINMENT = 0.3
_BOILERPLATE_ROWS = 5
"""A gram in more evaluation rows than this is boilerplate of the prompt and proves nothing."""
_MAX_EXAMPLES = 20
_MAX_SPAN = 200


class EvalIndex:
    """The evaluation set, ready to be compared with."""

    def __init__(self, samples: Iterable[tuple[int, Sample]]) -> None:
        self._exact: dict[int, int] = {}
        self._lines: list[int] = []
        self._grams: dict[int, list[int]] = {}
        for line, sample in samples:
            index = len(self._lines)
            self._lines.append(line)
            self._exact.setdefault(_prompt_key(sample), line)
            for gram in set(_grams(_words(sample))):
                self._grams.setdefault(gram, []).append(index)
        common = [gram for gram, rows in self._grams.items() if len(rows) > _BOILERPLATE_ROWS]
        for gram in common:
            del self._grams[gram]
        self._sizes = Counter(row for rows in self._grams.values() for row in rows)
        self._found_exact = self._found_near = 0
        self._examples: list[LeakedRow] = []

    @classmethod
    def from_chunks(cls, chunks: Iterable[bytes]) -> EvalIndex:
        """From the bytes of a JSONL file. Rows that cannot be read are left out: inspecting that file reports them."""
        return cls(_samples(chunks))

    def check(self, line: int, sample: Sample) -> None:
        """Compare one training row."""
        words = _words(sample)
        exact = self._exact.get(_prompt_key(sample))
        if exact is not None:
            self._found_exact += 1
            self._note(LeakedRow(line=line, eval_line=exact, containment=1.0, span=" ".join(words)[:_MAX_SPAN]))
            return
        grams = _grams(words)
        hits = [(position, rows) for position, gram in enumerate(grams) if (rows := self._grams.get(gram))]
        if not hits:
            return
        per_row = Counter(row for gram in {grams[position] for position, _ in hits} for row in self._grams[gram])
        best = max(per_row, key=lambda row: (per_row[row] / self._sizes[row], -row))
        containment = per_row[best] / self._sizes[best]
        if containment >= MIN_CONTAINMENT:
            self._found_near += 1
            span = _longest_span(words, [position for position, rows in hits if best in rows])
            self._note(LeakedRow(line=line, eval_line=self._lines[best], containment=round(containment, 3), span=span))

    def _note(self, row: LeakedRow) -> None:
        if len(self._examples) < _MAX_EXAMPLES:
            self._examples.append(row)

    def result(self) -> Leakage:
        """What was found so far."""
        return Leakage(
            eval_rows=len(self._lines), exact=self._found_exact, near=self._found_near, examples=tuple(self._examples)
        )


def _samples(chunks: Iterable[bytes]) -> Iterable[tuple[int, Sample]]:
    for line in read_lines(chunks):
        data = line.data.removeprefix(b"\xef\xbb\xbf").strip()
        if data and not line.overlong:
            try:
                yield line.number, read_row(data)
            except RowError:
                continue


def _prompt_key(sample: Sample) -> int:
    texts = [turn.text for turn in sample.turns if turn.role == "user"] or [sample.answer()]
    return xxhash.xxh3_64_intdigest(" ".join(" ".join(texts).lower().split()).encode())


def _words(sample: Sample) -> list[str]:
    texts = [turn.text for turn in sample.turns if turn.role in ("user", "assistant")]
    return " ".join([*texts, *(turn.text for turn in sample.alternatives)]).lower().split()


def _grams(words: list[str]) -> list[int]:
    digest = xxhash.xxh3_64_intdigest
    return [digest(" ".join(words[start : start + GRAM]).encode()) for start in range(len(words) - GRAM + 1)]


def _longest_span(words: list[str], positions: list[int]) -> str:
    best_start, best_end = positions[0], positions[0]
    start = previous = positions[0]
    for position in positions[1:]:
        if position > previous + 1:
            start = position
        if position - start > best_end - best_start:
            best_start, best_end = start, position
        previous = position
    return " ".join(words[best_start : best_end + GRAM])[:_MAX_SPAN]
