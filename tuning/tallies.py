"""Running counts over the rows of one file, each in memory that does not grow with the text: tokens, repeats, labels."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from jinja2 import TemplateError

from .facts import Lengths, LinePair, RoleFacts, TokenInterval
from .rows import Sample, Turn
from .tokens import TokenCounter

_BATCH_TEXTS = 512
_MAX_PAIRS = 20
_PARTITIONS = 64
MAX_LABELS = 200
MAX_LABEL_CHARS = 64


class _Conversation(NamedTuple):
    """A sequence waiting for its counts: its turns' texts are `texts[at : at + len(turns)]` of the batch."""

    turns: Sequence[Turn]
    headers: list[int]
    at: int
    outside: int
    rendered: bool
    """The text after the turns' own is the whole conversation, whose count is the total."""
    line: int
    last_of_row: bool


class TokenTally:
    """Tokens per role, in all and trained, and the lengths of rows. Texts are counted in batches."""

    def __init__(self, counter: TokenCounter, context_length: int | None) -> None:
        self._counter = counter
        self._context = context_length
        self._texts: list[str] = []
        self._waiting: list[_Conversation] = []
        self._roles: dict[str, list[int]] = {}
        self._lengths: Counter[int] = Counter()
        self._longest_of_row = 0
        self._total = self._trained = self._over_context = 0
        self._over_context_lines: list[int] = []
        self._refused = 0
        self._refusal = ""

    def add(self, line: int, sample: Sample) -> None:
        """Count one row. A preference pair is two sequences: its prompt with each answer."""
        if sample.alternatives:
            sequences = [[*sample.turns, answer] for answer in sample.alternatives]
        else:
            sequences = [sample.turns]
        for index, turns in enumerate(sequences):
            self._queue(line, turns, index == len(sequences) - 1)
        if len(self._texts) >= _BATCH_TEXTS:
            self.flush()

    def _queue(self, line: int, turns: Sequence[Turn], last_of_row: bool) -> None:
        at = len(self._texts)
        split = self._counter.layout.split(turns)
        if split is not None:
            self._texts += split.texts
            self._waiting.append(_Conversation(turns, split.headers, at, split.outside, False, line, last_of_row))
            return
        try:
            whole = self._counter.layout.render(turns)
        except TemplateError as error:
            self._refused += 1
            self._refusal = self._refusal or f"line {line}: {error}"
            whole = "\n".join(f"{turn.role}\n{turn.text}" for turn in turns)
        self._texts += [*(turn.text for turn in turns), whole]
        self._waiting.append(_Conversation(turns, [0] * len(turns), at, 0, True, line, last_of_row))

    def flush(self) -> None:
        """Count what waits. Call once after the last row."""
        counts = self._counter.count(self._texts)
        for conversation in self._waiting:
            self._settle(conversation, counts)
        self._texts, self._waiting = [], []

    def _settle(self, conversation: _Conversation, counts: list[int]) -> None:
        turns, at = conversation.turns, conversation.at
        length = counts[at + len(turns)] if conversation.rendered else conversation.outside
        for index, turn in enumerate(turns):
            tokens = counts[at + index]
            if not conversation.rendered:
                length += tokens
            if turn.trained:
                self._trained += tokens - conversation.headers[index] + 1
            role = self._roles.get(turn.role)
            if role is None:
                role = self._roles[turn.role] = [0, 0, 0]
            role[0] += 1
            role[1] += len(turn.text)
            role[2] += tokens
        self._total += length
        self._longest_of_row = max(self._longest_of_row, length)
        if conversation.last_of_row:
            self._end_row(conversation.line)

    def _end_row(self, line: int) -> None:
        longest, self._longest_of_row = self._longest_of_row, 0
        self._lengths[longest] += 1
        if self._context is not None and longest > self._context:
            self._over_context += 1
            if len(self._over_context_lines) < 10:
                self._over_context_lines.append(line)

    def facts(self) -> dict[str, Any]:
        """The fields of DatasetFacts that speak of tokens."""
        return {
            "roles": tuple(
                RoleFacts(role=role, messages=messages, chars=chars, tokens=tokens)
                for role, (messages, chars, tokens) in self._roles.items()
            ),
            "tokens": self._interval(self._total),
            "trained_tokens": self._interval(self._trained),
            "lengths": self._percentiles(),
            "context_length": self._context,
            "over_context": self._over_context,
            "over_context_lines": tuple(self._over_context_lines),
        }

    def _interval(self, tokens: int) -> TokenInterval:
        counter, method = self._counter, self._counter.method
        if self._refused:
            method += f"; the chat template refused {self._refused:,} sequences ({self._refusal})"
        return TokenInterval(
            low=int(tokens * counter.low),
            estimate=tokens,
            high=math.ceil(tokens * counter.high),
            exact=counter.exact and not self._refused,
            method=method,
        )

    def _percentiles(self) -> Lengths:
        total = self._lengths.total()
        if not total:
            return Lengths()
        ordered = sorted(self._lengths.items())
        found = {}
        for name, share in (("p50", 50), ("p90", 90), ("p95", 95), ("p99", 99)):
            rank, seen = -(-total * share // 100), 0
            for length, rows in ordered:
                seen += rows
                if seen >= rank:
                    found[name] = length
                    break
        return Lengths(**found, max=ordered[-1][0])


class Repeats(NamedTuple):
    """How many rows repeat an earlier one, with the first pairs of lines."""

    duplicates: int
    duplicate_pairs: tuple[LinePair, ...]
    conflicts: int
    conflict_pairs: tuple[LinePair, ...]


class RepeatTally:
    """Finds equal rows and equal prompts with different answers, by 64-bit hashes: 20 bytes a row.

    Hashes are spread over partitions so that the dictionaries needed at the end hold one partition at a time. The chance
    of one false duplicate among a million rows is about 3e-8.
    """

    def __init__(self) -> None:
        self._parts = [(array("Q"), array("Q"), array("I")) for _ in range(_PARTITIONS)]

    def add(self, line: int, group: int, whole: int) -> None:
        """One row: the hash of what makes it comparable (its prompt) and the hash of all of it."""
        groups, wholes, lines = self._parts[group % _PARTITIONS]
        groups.append(group)
        wholes.append(whole)
        lines.append(line)

    def result(self) -> Repeats:
        """Count; the pairs given are those with the lowest lines."""
        duplicates: list[tuple[int, int]] = []
        conflicts: list[tuple[int, int]] = []
        duplicate_count = conflict_count = 0
        for groups, wholes, lines in self._parts:
            first_whole: dict[int, int] = {}
            first_group: dict[int, int] = {}
            for group, whole, line in zip(groups, wholes, lines, strict=True):
                earlier = first_whole.setdefault(whole, line)
                if earlier != line:
                    duplicate_count += 1
                    duplicates.append((line, earlier))
                    continue
                earlier = first_group.setdefault(group, line)
                if earlier != line:
                    conflict_count += 1
                    conflicts.append((line, earlier))
            duplicates = sorted(duplicates)[:_MAX_PAIRS]
            conflicts = sorted(conflicts)[:_MAX_PAIRS]
        return Repeats(duplicate_count, _pairs(duplicates), conflict_count, _pairs(conflicts))


def _pairs(found: list[tuple[int, int]]) -> tuple[LinePair, ...]:
    return tuple(LinePair(first=first, second=second) for second, first in found)


class LabelTally:
    """Rows per label, as long as the texts look like labels: short, on one line, few different ones."""

    def __init__(self) -> None:
        self.rows = 0
        self._counts: Counter[str] | None = Counter()

    def add(self, labels: Sequence[str]) -> None:
        """The labels of one row; several where a row has several."""
        self.rows += 1
        if self._counts is None:
            return
        for label in labels:
            if len(label) > MAX_LABEL_CHARS or "\n" in label:
                self._counts = None
                return
            self._counts[label] += 1
        if len(self._counts) > MAX_LABELS:
            self._counts = None

    def counts(self) -> dict[str, int]:
        """Most frequent first, ties by name; empty when the texts are no labels."""
        if self._counts is None:
            return {}
        return dict(sorted(self._counts.items(), key=lambda item: (-item[1], item[0])))
