"""One streaming pass over a JSONL file: from its bytes to DatasetFacts. Memory does not grow with the file's text."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Literal

from xxhash import xxh3_64_intdigest

from .facts import BadRow, Conversion, ConversionKind, DatasetFacts, SuspiciousText
from .findings import format_of, issues_of, other_form, verdict_of
from .leakage import EvalIndex
from .lines import LINE_CAP, Line, read_lines
from .rows import RowError, Sample, prompt_key, read_row
from .suspicion import find_suspicion
from .tallies import LabelTally, RepeatTally, TokenTally
from .tokens import TokenCounter, interval_counter

_MAX_BAD_ROWS = 100
_MAX_SUSPICIOUS = 20
_SAMPLES = 3
_SAMPLE_CHARS = 1500
_BOM = b"\xef\xbb\xbf"

_WHY: dict[ConversionKind, str] = {
    "completion_to_messages": "two plain texts become a user and an assistant message",
    "ground_truth_to_assistant": "the row has no final answer, but a ground_truth, which becomes the assistant turn",
    "tool_turns": "tool calls and tool results are spelt out in assistant and user turns",
    "developer_role": "the developer role is called system",
    "text_parts": "a content given in parts becomes one text",
    "trailing_turns": "turns after the last assistant turn have no answer to learn and are cut",
    "drop_unanswered": "rows without any answer are left out",
    "bom": "the byte order mark at the start of the file is removed",
    "crlf": "Windows line ends become plain ones",
}


def inspect(
    chunks: Iterable[bytes],
    tokenizer: TokenCounter | None = None,
    context_length: int | None = None,
    held_out: EvalIndex | None = None,
    line_cap: int = LINE_CAP,
) -> DatasetFacts:
    """The facts of a file given as its bytes in order, cut anywhere (reads of 1 MiB, or an open binary file).

    Line ends must be in the bytes. `tokenizer` None estimates; `context_length` is in tokens; `held_out` is the
    evaluation set to look for. Bad rows are facts, not errors: this raises nothing, whatever the bytes.
    """
    inspection = _Inspection(tokenizer or interval_counter(), context_length, held_out)
    for line in read_lines(inspection.watched(chunks), line_cap):
        inspection.add(line)
    return inspection.result()


class _Inspection:
    """The state of one pass."""

    def __init__(self, counter: TokenCounter, context_length: int | None, held_out: EvalIndex | None) -> None:
        self.held_out = held_out
        self.sha = hashlib.sha256()
        self.bytes = self.rows = 0
        self.other_form = ""
        self.forms: Counter[str] = Counter()
        self.bad: list[BadRow] = []
        self.bad_count = 0
        self.needs: dict[ConversionKind, tuple[int, str]] = {}
        self.unanswered: tuple[int, str] = (0, "")
        self.tokens = TokenTally(counter, context_length)
        self.repeats = RepeatTally()
        self.ids = RepeatTally()
        self.truths = LabelTally()
        self.answers = LabelTally()
        self.suspicious: list[SuspiciousText] = []
        self.suspicious_count = 0
        self.samples: list[str] = []

    def watched(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The same chunks, hashed and counted; nothing passes on when the start shows that this is no JSONL."""
        for chunk in chunks:
            if self.bytes == 0 and chunk:
                self.other_form = other_form(chunk)
            self.sha.update(chunk)
            self.bytes += len(chunk)
            if not self.other_form:
                yield chunk

    def add(self, line: Line) -> None:
        data = line.data
        if line.number == 1 and data.startswith(_BOM):
            data = data[len(_BOM) :]
            self._need("bom", "line 1, first bytes")
        if data.endswith(b"\r") and not line.overlong:
            data = data[:-1]
            self._need("crlf", f"line {line.number}, last byte")
        if not data or data.isspace():
            return
        self.rows += 1
        try:
            if line.overlong:
                raise RowError("$", f"a line of {line.size:,} bytes is too long to be a row")
            sample = read_row(data)
        except RowError as error:
            self.bad_count += 1
            if len(self.bad) < _MAX_BAD_ROWS:
                self.bad.append(BadRow(line=line.number, path=error.path, message=error.message))
            return
        if len(self.samples) < _SAMPLES:
            self.samples.append(data.decode()[:_SAMPLE_CHARS])
        self._take(line.number, sample)

    def _need(self, kind: ConversionKind, example: str) -> None:
        rows, first = self.needs.get(kind, (0, example))
        self.needs[kind] = (rows + 1, first)

    def _take(self, line: int, sample: Sample) -> None:
        self.forms[sample.kind] += 1
        for kind, path in reversed(dict(reversed(sample.needs)).items()):
            self._need(kind, f"line {line}, {path}")
        if sample.kind == "prompts" and not sample.labels:
            rows, first = self.unanswered
            self.unanswered = (rows + 1, first or f"line {line}, $.messages")
        self.tokens.add(line, sample)
        prompt, answer = sample.parts()
        lowered = prompt.lower()
        whole = xxh3_64_intdigest(b"\x1d".join((prompt, answer)))
        # Several pairs for one prompt are the nature of preference data, not a conflict.
        self.repeats.add(line, whole if sample.kind == "preference" else prompt_key(lowered), whole)
        if sample.id is not None:
            key = xxh3_64_intdigest(sample.id.encode())
            self.ids.add(line, key, key)
        if sample.labels:
            self.truths.add(sample.labels)
        elif sample.kind in ("chat", "completion"):
            self.answers.add((sample.answer().strip(),))
        if self.held_out is not None:
            self.held_out.check(line, sample)
        self._suspect(line, prompt, lowered)
        self._suspect(line, answer, answer.lower())

    def _suspect(self, line: int, text: bytes, lowered: bytes) -> None:
        found = find_suspicion(text, lowered)
        if found is None or (self.suspicious and self.suspicious[-1].line == line):
            return
        self.suspicious_count += 1
        if len(self.suspicious) < _MAX_SUSPICIOUS:
            self.suspicious.append(SuspiciousText(line=line, excerpt=found[0], why=found[1]))

    def result(self) -> DatasetFacts:
        self.tokens.flush()
        form = format_of(self.forms)
        if form in ("chat", "mixed") and self.unanswered[0]:
            self.needs["drop_unanswered"] = self.unanswered
        repeats = self.repeats.result()
        labels, source = self._labels()
        facts = DatasetFacts(
            sha256=self.sha.hexdigest(),
            bytes=self.bytes,
            rows=self.rows,
            good_rows=self.forms.total(),
            trainable_rows=self.forms.total() - self.forms["preference"] - self.unanswered[0],
            malformed=tuple(self.bad),
            malformed_count=self.bad_count,
            format=form,
            forms=dict(sorted(self.forms.items())),
            conversions=tuple(
                Conversion(kind=kind, why=_WHY[kind], rows=rows, example=example)
                for kind, (rows, example) in sorted(self.needs.items())
            ),
            **self.tokens.facts(),
            **repeats._asdict(),
            duplicate_ids=self.ids.result().duplicates,
            labels=labels,
            label_source=source,
            ground_truth_rows=self.truths.rows,
            leakage=self.held_out.result() if self.held_out is not None else None,
            suspicious=tuple(self.suspicious),
            suspicious_count=self.suspicious_count,
            samples=tuple(self.samples),
            usable=False,
            verdict="",
        )
        reason = verdict_of(facts, self.other_form)
        judged = {"usable": not reason, "verdict": reason or "usable", "issues": issues_of(facts)}
        return facts.model_copy(update=judged)

    def _labels(self) -> tuple[dict[str, int], Literal["ground_truth", "assistant", "none"]]:
        """ground_truth where rows have one; else the answers, when each of them is given about twice or more."""
        if self.truths.rows:
            counts = self.truths.counts()
            return counts, "ground_truth" if counts else "none"
        counts = self.answers.counts()
        if counts and 2 * len(counts) <= self.answers.rows:
            return counts, "assistant"
        return {}, "none"
