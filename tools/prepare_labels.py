"""Prepares a data set for classification: labels settled, split by label, the prompt and the answer written into the rows.

Equal input gives equal bytes, so a plan that names their SHA-256 stays true however often this runs.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tools.base import ToolContext, ToolError
from tools.conversion import convert
from tools.files import write_whole
from tools.parts import Source, at_least, check_parts, require, write_part
from tools.read_labels import SHOWN, Reading, Side, Truth, read_labels
from tools.tokenizer import context_length
from tuning.findings import MIN_ROWS
from tuning.formats import dump_row
from tuning.labels import classification_row, listed
from tuning.lists import first_of
from tuning.material import LabelSet, Material
from tuning.one_label import LabelError
from tuning.split import Split, split, subsample
from tuning.tokens import TokenCounter
from tuning.workflows import IMBALANCE_THRESHOLD, SMALL_DATA_ROWS, SWEEP_ROWS

LABELS = Path("outputs") / "labels.json"
"""The labels with all counts and merges, relative to the workspace."""
REPEATS = 10
"""Rebalancing repeats a row at most so often, and cuts a label's rows to no less than one in so many."""
FEW = 5
"""Training rows below which a label is named as hardly learnable."""


def prepare_labels(
    context: ToolContext, train: Source, held_out: Source | None, counters: Sequence[TokenCounter]
) -> Material:
    """The prepared parts with their labels. Raises ToolError when the data is no classification or is too small."""
    folder = context.workspace / "datasets"
    files: list[Path] = []

    def side(source: Source, name: str) -> Side:
        files.append(folder / f".converted-{name}.jsonl")
        return Side(convert(source.path, source.conversions, files[-1]))

    try:
        sides = side(train, "train"), side(held_out, "eval") if held_out else None
        try:
            reading = read_labels(context.known.request, *sides)
        except LabelError as error:
            raise ToolError(f"{train.staged.name}: {error}", owner="yours", next_step=error.next_step) from error
        return _Preparation(context, train, held_out, *sides, reading).material(counters)
    finally:
        for path in files:
            path.unlink(missing_ok=True)


class _Preparation:
    """One preparation: the sides with their labels, and what is made of them."""

    def __init__(
        self,
        context: ToolContext,
        train: Source,
        held_out: Source | None,
        side: Side,
        own: Side | None,
        reading: Reading,
    ) -> None:
        self.context, self.request = context, context.known.request
        self.train, self.held_out = train, held_out
        self.side, self.own, self.reading = side, own, reading
        self.rows = side.rows
        self.keys = [side.data.keys[row] for row in self.rows]
        self.truths = [side.truths[row] for row in self.rows]
        counts = Counter(label for truth in self.truths for label in truth)
        self.strata = [min(truth, key=lambda label: (counts[label], label)) for truth in self.truths]
        self.listed = listed(reading.resolved.labels, context_length(context))

    def material(self, counters: Sequence[TokenCounter]) -> Material:
        """Writes the parts. Raises ToolError for too few rows."""
        require(len(self.rows), 2 * MIN_ROWS, self.train.staged.name)
        if self.own is not None and self.held_out is not None:
            require(len(self.own.rows), MIN_ROWS, self.held_out.staged.name)
        parted = self._split()
        parts = self._divide(parted)
        check_parts(self.request, self.keys, parts)
        written = [
            write_part(self.context, role, self._lines(self.side, [self.rows[i] for i in rows]), counters)
            for role, rows in parts.items()
        ]
        if self.own is not None:
            written.append(write_part(self.context, "test", self._lines(self.own, self.own.rows), counters))
        small = self.own is None and "test" not in parts
        labels = self._labels(parted, small)
        write_whole(
            self.context.workspace / LABELS, [json.dumps(labels.model_dump(), indent=1, ensure_ascii=False).encode()]
        )
        return Material(
            source=self.train.staged.name,
            total_rows=len(self.rows),
            parts=tuple(written),
            validation_is_test=small,
            notes=tuple(self._notes(parts)),
            warnings=tuple(self._warnings(labels, small)),
            labels=labels,
        )

    def _split(self) -> Split:
        if self.request.benchmark_only and self.own is None and len(self.rows) < SMALL_DATA_ROWS:
            return Split((), (), tuple(range(len(self.rows))))
        parted = split(
            len(self.rows), "classification", keys=self.keys, labels=self.strata,
            train_fraction=self.request.train_fraction, own_test=self.own is not None,
        )  # fmt: skip
        return at_least(parted, self.keys)

    def _divide(self, parted: Split) -> dict[str, Sequence[int]]:
        """Row numbers by role. Only training parts are rebalanced: what measures stays as the data is."""
        judged = self.own is not None or bool(parted.test)
        if self.request.benchmark_only:
            return (
                {}
                if self.own is not None
                else {"test": parted.test}
                if parted.test
                else {"validation": parted.validation}
            )
        strata = [self.strata[row] for row in parted.train]
        size = self.request.subsample or SWEEP_ROWS
        sweep = [parted.train[i] for i in subsample(len(parted.train), size, labels=strata)]
        full: Sequence[int] = parted.final if judged or self.request.train_on_all else parted.train
        if self.request.train_on_all:
            full = sorted((*full, *parted.test))
        found: dict[str, Sequence[int]] = {
            "sweep": self._rebalanced(sweep), "validation": parted.validation, "full": self._rebalanced(full),
        }  # fmt: skip
        return {**found, "test": parted.test} if parted.test else found

    def _rebalanced(self, rows: Sequence[int]) -> list[int]:
        """Training rows as the user wants them rebalanced, by each row's rarest label; `REPEATS` bounds it both ways."""
        how = self.request.rebalance
        if how not in ("oversample", "undersample"):
            return list(rows)
        groups: dict[str, list[int]] = {}
        for row in rows:
            groups.setdefault(self.strata[row], []).append(row)
        most, least = max(map(len, groups.values())), min(map(len, groups.values()))
        found: list[int] = []
        for group in groups.values():
            if how == "oversample":
                wanted = min(most, REPEATS * len(group))
                found += [group[i % len(group)] for i in range(wanted)]
            else:
                wanted = max(least, -(-len(group) // REPEATS))
                found += [group[i] for i in subsample(len(group), wanted)]
        return sorted(found)

    def _lines(self, side: Side, rows: Iterable[int]) -> Iterator[bytes]:
        labels = self.reading.resolved.labels if self.listed else ()
        chosen = list(rows)
        for row, line in zip(chosen, side.data.lines(chosen), strict=True):
            made = classification_row(json.loads(line), side.truths[row], labels, self.reading.multi_label)
            yield dump_row(made) + b"\n"

    def _labels(self, parted: Split, small: bool) -> LabelSet:
        resolved, request = self.reading.resolved, self.request
        kept = parted.train if small else (*parted.train, *parted.validation)
        training = self._count(self.truths[i] for i in kept)
        held = (self.own.truths[row] for row in self.own.rows) if self.own else (
            self.truths[i] for i in (parted.validation if small else parted.test)
        )  # fmt: skip
        test = self._count(held)
        filled = [count for count in training.values() if count]
        unseen = tuple(label for label in resolved.labels if test[label] and not training[label])
        if unseen and set(unseen) >= {label for label, count in test.items() if count} and not request.benchmark_only:
            raise ToolError(
                f"no label of the held-out rows is a label of the training rows: {', '.join(unseen[:SHOWN])}",
                owner="yours",
                next_step="Spell the labels alike in both data sets, or name another evaluation data set.",
            )
        return LabelSet(
            labels=resolved.labels,
            source="you listed them" if request.labels else "inferred from the data: your yes confirms them",
            rule=self.reading.rule,
            samples=self.reading.samples,
            multi_label=self.reading.multi_label,
            counts=tuple(training.items()),
            test_counts=tuple(test.items()),
            merges=resolved.merges,
            imbalance=max(filled) / min(filled) if len(filled) > 1 else None,
            threshold=request.imbalance_threshold or IMBALANCE_THRESHOLD,
            empty=resolved.empty,
            unseen=() if request.benchmark_only else unseen,
            mitigation=self._mitigation(parted),
            listed_in_prompt=self.listed,
        )

    def _count(self, truths: Iterable[Truth]) -> dict[str, int]:
        found = Counter(label for truth in truths for label in truth)
        return {label: found[label] for label in self.reading.resolved.labels}

    def _mitigation(self, parted: Split) -> str:
        """What was done at the user's word; the rows that measure are never touched."""
        words = []
        if self.request.drop_labels:
            words.append(f"left out: {', '.join(self.request.drop_labels)}")
        before = sorted((*parted.train, *parted.validation) if parted.test or self.own else parted.train)
        after = self._rebalanced(before) if before and not self.request.benchmark_only else before
        if self.request.rebalance in ("oversample", "undersample") and after:
            counts = Counter(self.strata[row] for row in after)
            how = "rows of rare labels are repeated" if len(after) >= len(before) else "rows of frequent labels are cut"
            ratio = max(counts.values()) / min(counts.values())
            words.append(f"{how} (a row at most {REPEATS} times, a label to no less than a tenth): {len(before):,} to "
                         f"{len(after):,} training rows, ratio now {ratio:.1f}; validation and held-out rows stay as they are")  # fmt: skip
        return "; ".join(words)

    def _notes(self, parts: dict[str, Sequence[int]]) -> Iterator[str]:
        for conversion in self.train.facts.conversions:
            yield f"{conversion.rows:,} rows: {conversion.why}"
        if self.held_out is not None:
            for conversion in self.held_out.facts.conversions:
                yield f"evaluation set, {conversion.rows:,} rows: {conversion.why}"
            yield f"the held-out rows are those of {self.held_out.staged.name}; none are carved out"
        if parts:
            sizes = ", ".join(f"{role} {len(rows):,}" for role, rows in parts.items())
            yield f"split with seed 42, each label in proportion, equal prompts kept together: {sizes} rows"

    def _warnings(self, labels: LabelSet, small: bool) -> Iterator[str]:
        yield from self.reading.warnings
        yield from self.train.facts.issues
        if self.held_out is not None:
            yield from (f"Evaluation set: {issue}" for issue in self.held_out.facts.issues)
        yield from self._rare(labels)
        conflicts = self._conflicts()
        if conflicts:
            lines = ", ".join(f"{first} and {second}" for first, second in conflicts[:3])
            yield (
                f"Equal texts with different labels: {len(conflicts):,}, the first on lines {lines}. At most one of such "
                "labels can be learnt; check them."
            )
        if small and not self.request.benchmark_only:
            why = f"With fewer than {SMALL_DATA_ROWS} rows" if len(self.rows) < SMALL_DATA_ROWS else "With this split"
            yield (
                f"{why} there are no test rows: the validation rows both choose the winner and give its final figure, "
                "which flatters it."
            )

    def _rare(self, labels: LabelSet) -> Iterator[str]:
        if self.request.benchmark_only:
            return
        test = dict(labels.test_counts)
        single = [label for label, count in labels.counts if count + (0 if self.own else test[label]) == 1]
        few = [f"{label} ({count})" for label, count in labels.counts if 0 < count < FEW and label not in single]
        if single:
            yield (
                f"With a single row: {first_of(single, SHOWN)}. One row can be learnt from or measured, not both, and it is not "
                f"measured. Add rows, or say 'leave out the label {single[0]}'."
            )
        if few:
            yield f"With fewer than {FEW} training rows: {first_of(few, SHOWN)}. Hardly anything can be learnt about them."
        unmeasured = [label for label, count in labels.counts if count and not test[label] and label not in single]
        if unmeasured:
            yield f"Without held-out rows, so that their accuracy can't be measured: {first_of(unmeasured, SHOWN)}."

    def _conflicts(self) -> list[tuple[int, int]]:
        """Pairs of lines of the original file with one prompt and different labels."""
        first: dict[int, int] = {}
        found: list[tuple[int, int]] = []
        for place, key in enumerate(self.keys):
            earlier = first.setdefault(key, place)
            if self.truths[earlier] != self.truths[place]:
                numbers = self.side.data.numbers
                found.append((numbers[self.rows[earlier]], numbers[self.rows[place]]))
        return found
