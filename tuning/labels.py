"""Labels of a classification data set: where a row's label is read, which spellings are one label, what stands in the prompt.

Labels come from `ground_truth` (a text, or a list of texts for several at once) or, where rows have none, from the final
assistant turn by the first rule that reads a label in nearly every row. Every label is data of the user's.

Errors raised:
    LabelError     the data can't be a classification; told in words, with what to do
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from tuning.formats import prompt_of

MAX_LABELS = 1_000
MAX_LABEL_CHARS = 100
MIN_READ = 0.95
"""The share of rows in which a rule has to read a label."""
ROWS_PER_LABEL = 2
"""Texts of which each occurs about once are answers and no labels."""
LISTED_TOKENS = 1_500
"""Longest list of labels, in tokens, that is put into every prompt; never more than a quarter of a model's context."""
CHARS_PER_TOKEN = 3
SAME_SPELLING = " (spellings that differ in case, spaces or punctuation alone count as one)"
_LABEL_KEYS = ("label", "labels", "category", "class", "intent", "topic", "sentiment", "answer")
_KEYED_LINE = re.compile(r"^[ \t]*[*_#]*([A-Za-z][\w -]{0,30}?)[*_]*[ \t]*[:=][*_]*[ \t]*(\S.*?)[ \t]*$", re.MULTILINE)
_QUOTES = " \t\r\n\"'`.,;:!?()[]{}<>*«»“”‘’„"
_GAP = re.compile(r"(?<=[^\W_])[\s_-]+(?=[^\W_])")


class LabelError(ValueError):
    """No classification can be made of this; `next_step` says what the user can do."""

    def __init__(self, message: str, next_step: str) -> None:
        super().__init__(message)
        self.next_step = next_step


@dataclass(frozen=True)
class Rule:
    """How a label is read from a final assistant turn: in words, and as a function that gives None for no label."""

    words: str
    read: Callable[[str], str | None]


def normal(label: str) -> str:
    """What two spellings of one label have in common: case, white space, `_` and `-` between words, punctuation around.

    Signs that may be all there is to a label ("+", "c++", "-1") are kept.
    """
    folded = " ".join(unicodedata.normalize("NFKC", label).casefold().split())
    return _GAP.sub(" ", folded).strip(_QUOTES) or folded


def like_label(text: str) -> bool:
    """Whether a text can be a label: not empty, short, on one line."""
    return 0 < len(text.strip()) <= MAX_LABEL_CHARS and "\n" not in text.strip()


def choose_rule(answers: Sequence[str], wanted: Collection[str] = ()) -> Rule:
    """The first rule that reads labels in nearly all of these final assistant turns. Raises LabelError for none.

    `wanted` are the user's labels: what is read must then be among them in most rows, or be the one that a turn names.
    """
    known = {normal(label) for label in wanted}
    for rule in (*_rules(answers), *([_named(wanted)] if wanted else [])):
        read = [found for answer in answers if (found := rule.read(answer)) is not None and like_label(found)]
        counts = Counter(map(normal, read))
        inside = sum(count for label, count in counts.items() if label in known)
        fits = 2 * inside >= len(answers) if known else ROWS_PER_LABEL * len(counts) <= len(read)
        if len(read) >= MIN_READ * len(answers) and fits:
            return rule
    raise LabelError(
        f"no label can be read from the final assistant turns: {'your labels are not in them' if wanted else 'they look like free text'}",
        'Give each row a ground_truth with its label, or list the labels ("Labels are: a, b, c").',
    )


def _rules(answers: Sequence[str]) -> Iterable[Rule]:
    yield Rule("the whole final assistant turn", str.strip)
    for key in _LABEL_KEYS:
        yield Rule(f'the value of "{key}" in the JSON of the final assistant turn', _json_reader(key))
    keys = Counter(key for answer in answers for key in {match[1].strip() for match in _KEYED_LINE.finditer(answer)})
    for key, count in sorted(keys.items(), key=lambda item: (item[0].casefold() not in _LABEL_KEYS, -item[1], item[0])):
        if count >= MIN_READ * len(answers):
            yield Rule(f'the text after "{key}:" in the final assistant turn', _line_reader(key))
    yield Rule("the first line of the final assistant turn", lambda text: text.strip().split("\n", 1)[0].strip())
    yield Rule("the last line of the final assistant turn", lambda text: text.strip().rsplit("\n", 1)[-1].strip())


def _json_reader(key: str) -> Callable[[str], str | None]:
    def read(text: str) -> str | None:
        try:
            value: Any = json.loads(text)
        except (ValueError, RecursionError):
            return None
        found = value.get(key) if isinstance(value, dict) else None
        return found if isinstance(found, str) else None

    return read


def _line_reader(key: str) -> Callable[[str], str | None]:
    def read(text: str) -> str | None:
        return next((match[2] for match in _KEYED_LINE.finditer(text) if match[1].strip() == key), None)

    return read


def _named(wanted: Collection[str]) -> Rule:
    """The one label of the list that a turn names."""
    patterns = {label: re.compile(rf"(?<!\w){re.escape(normal(label))}(?!\w)") for label in wanted}

    def read(text: str) -> str | None:
        plain = _GAP.sub(" ", unicodedata.normalize("NFKC", text).casefold())
        found = [label for label, pattern in patterns.items() if pattern.search(plain)]
        return found[0] if len(found) == 1 else None

    return Rule("the one label of your list that the final assistant turn names", read)


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
        first = ", ".join(list(outside)[:10])
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


def listed(labels: Sequence[str], context_length: int | None) -> bool:
    """Whether the list of labels goes into every prompt; a model's context, in tokens, must leave room for the text."""
    tokens = sum(len(label) + 2 for label in labels) / CHARS_PER_TOKEN
    return tokens <= min(LISTED_TOKENS, context_length / 4 if context_length else LISTED_TOKENS)


def instruction(labels: Sequence[str], multi_label: bool) -> str:
    """The paragraph of the system message that says what may be answered."""
    how = "one or more of these labels, separated by commas" if multi_label else "exactly one of these labels"
    return f"Answer with {how}: {', '.join(labels)}."


def classification_row(
    row: Mapping[str, Any], truth: Sequence[str], labels: Sequence[str], multi_label: bool
) -> dict[str, Any]:
    """A chat row as it trains and is asked about: prompt, labels in the system message, and the label as the answer.

    `labels` empty: none are listed. A system message that names all of them already stays as it is.
    """
    messages = prompt_of(row)
    if labels:
        messages = _with_labels(messages, labels, multi_label)
    answer = {"role": "assistant", "content": ", ".join(truth)}
    return {"messages": [*messages, answer], "ground_truth": list(truth) if multi_label else truth[0]}


def _with_labels(messages: list[dict[str, Any]], labels: Sequence[str], multi_label: bool) -> list[dict[str, Any]]:
    words = instruction(labels, multi_label)
    if not messages or messages[0].get("role") != "system":
        return [{"role": "system", "content": words}, *messages]
    said = str(messages[0].get("content") or "")
    if all(label in said for label in labels):
        return messages
    return [{**messages[0], "content": f"{said.rstrip()}\n\n{words}"}, *messages[1:]]
