"""Which spellings are one label and which labels the user merges, keeps apart or leaves out: from texts to the task's labels.

Errors raised:
    LabelError     the data can't be a classification; told in words, with what to do
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from tuning.lists import first_of

MAX_LABELS = 1_000
NAMED_LABELS = 30
"""Labels of the data that an error lists."""
SAME_SPELLING = " (spellings that differ in case, spaces or punctuation alone count as one)"
_QUOTES = " \t\r\n\"'`.,;:!?()[]{}<>*«»“”‘’„"
GAP = re.compile(r"(?<=[^\W_])[\s_-]+(?=[^\W_])")
"""What stands between two words of a label."""


class LabelError(ValueError):
    """No classification can be made of this; `next_step` says what the user can do."""

    def __init__(self, message: str, next_step: str) -> None:
        super().__init__(message)
        self.next_step = next_step


def normal(label: str) -> str:
    """What two spellings of one label have in common: case, white space, `_` and `-` between words, punctuation around.

    Signs that may be all there is to a label ("+", "c++", "-1") are kept.
    """
    folded = " ".join(unicodedata.normalize("NFKC", label).casefold().split())
    return GAP.sub(" ", folded).strip(_QUOTES) or folded


class Resolved(NamedTuple):
    """`of` maps each text as written to its label; texts that are no label of this task are missing in it."""

    labels: tuple[str, ...]
    of: Mapping[str, str]
    merges: tuple[tuple[str, str], ...]
    outside: Mapping[str, int]
    """Texts that the user's list does not hold, with their rows."""
    empty: tuple[str, ...]
    absent: tuple[str, ...] = ()
    """Labels to be merged into another that no row has."""
    made: tuple[str, ...] = ()
    """Labels that others are merged into and that no row had before."""


class Merging(NamedTuple):
    """Which labels are one. `pairs`: (label, label that its rows get); `spellings`: like spellings are one but for `apart`."""

    pairs: tuple[tuple[str, str], ...] = ()
    spellings: bool = True
    apart: tuple[str, ...] = ()

    def key(self, text: str) -> str:
        """Equal for texts that are one label by their spelling."""
        exact, like = " ".join(text.split()), normal(text)
        apart = [other for other in self.apart if normal(other) == like]
        return like if self.spellings and not (len(apart) > 1 and exact in apart) else f"\0{exact}"


PLAIN = Merging()


def resolve(
    counts: Mapping[str, int], wanted: Sequence[str] = (), dropped: Collection[str] = (), merging: Merging = PLAIN
) -> Resolved:
    """Which label each text means. `counts` are rows per text as written, `dropped` labels to leave out.

    A label is spelt as in the user's list, else as most rows have it; one that only the user's merges make, as they
    spell it. Raises LabelError: fewer than two labels, too many, merges in a circle.
    """
    groups: dict[str, Counter[str]] = {}
    for text, rows in counts.items():
        groups.setdefault(merging.key(text), Counter())[text] += rows
    task = _Task(groups, merging)
    out = {task.named(label) for label in dropped}
    merged: dict[str, Counter[str]] = {}
    for key, group in groups.items():
        if key not in out:
            merged.setdefault(task.into(key), Counter()).update(group)
    spelt = task.spelt(wanted)
    chosen = {key: spelt.get(key) or task.spelling(key) for key in merged if key not in out}
    strange = {chosen[key]: merged[key].total() for key in chosen if spelt and key not in spelt}
    outside = dict(sorted(strange.items(), key=lambda item: (-item[1], item[0])))
    chosen = {key: label for key, label in chosen.items() if not spelt or key in spelt}
    ordered = [key for key in spelt if key not in out] if wanted else sorted(chosen, key=chosen.__getitem__)
    labels = tuple(chosen.get(key) or spelt[key] for key in ordered)
    _check(labels, [key for key in ordered if key in chosen], counts, chosen, outside)
    of = {text: chosen[key] for key in chosen for text in merged[key]}
    return Resolved(
        labels=labels,
        of=of,
        merges=tuple(sorted((text, label) for text, label in of.items() if text != label)),
        outside=outside,
        empty=tuple(label for key, label in zip(ordered, labels, strict=True) if key not in chosen),
        absent=tuple(dict.fromkeys(old for old, _ in merging.pairs if task.named(old) not in groups)),
        made=tuple(dict.fromkeys(new for _, new in merging.pairs if task.named(new) not in groups)),
    )


class _Task:
    """The data's labels by key, and what the user's merges make of them."""

    def __init__(self, groups: Mapping[str, Counter[str]], merging: Merging) -> None:
        self.groups = groups
        self.merging = merging
        by_rows = sorted(groups, key=lambda key: groups[key].total())
        self.likely = {normal(key.removeprefix("\0")): key for key in by_rows}
        self.pairs = {self.named(old): self.named(new) for old, new in merging.pairs}
        self.names = {self.named(new): new.strip() for _, new in reversed(merging.pairs)}

    def named(self, label: str) -> str:
        """The key of a label that the user names: as written, else the most frequent that is spelt alike."""
        key = self.merging.key(label)
        return key if key in self.groups else self.likely.get(normal(label), key)

    def into(self, key: str) -> str:
        """The label that a label's rows get, over several merges. Raises LabelError for a circle."""
        seen = [key]
        while (following := self.pairs.get(seen[-1], seen[-1])) != seen[-1]:
            if following in seen:
                names = " into ".join(self.spelling(each) for each in (*seen, following))
                raise LabelError(f"the labels are merged in a circle: {names}", "Say which of them shall stay.")
            seen.append(following)
        return seen[-1]

    def spelling(self, key: str) -> str:
        return _spelling(self.groups[key]) if key in self.groups else self.names[key]

    def spelt(self, wanted: Sequence[str]) -> dict[str, str]:
        """The labels of the user's list after all merges, spelt as they do where the label is in the list itself."""
        own = {self.named(label): label.strip() for label in reversed(wanted)}
        merged = dict.fromkeys(self.into(self.named(label)) for label in wanted)
        return {key: own.get(key) or self.spelling(key) for key in merged}


def _spelling(group: Counter[str]) -> str:
    texts = Counter[str]()
    for text, rows in group.items():
        texts[" ".join(text.split())] += rows
    return min(texts, key=lambda text: (-texts[text], text))


def _check(
    labels: Sequence[str],
    filled: Sequence[str],
    counts: Mapping[str, int],
    chosen: Mapping[str, str],
    outside: Mapping[str, int],
) -> None:
    """Raises LabelError for what is no classification."""
    if len(labels) > MAX_LABELS:
        raise LabelError(
            f"there are {len(labels):,} different labels, and a classification here has at most {MAX_LABELS:,}",
            'Group them into fewer labels, list the ones that matter ("Labels are: a, b, c"), or use supervised fine-tuning.',
        )
    if not filled and outside:
        first = first_of(list(outside), NAMED_LABELS)
        raise LabelError(
            f"no row has a label of your list; the data's labels are: {first}", "List the labels as the data has them."
        )
    if not filled:
        raise LabelError("no row has a label", "Give each row a ground_truth with its label.")
    if len(filled) == 1:
        raise LabelError(
            f"all {sum(counts.values()) - sum(outside.values()):,} labelled rows have the one label {chosen[filled[0]]!r}"
            f"{SAME_SPELLING if sum(1 for label in counts if normal(label) == filled[0]) > 1 else ''}: there is nothing to tell apart",
            "Add rows of another label, or name another data set.",
        )
