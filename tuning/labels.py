"""Labels of a classification data set: where a row's label is read, and what stands in the prompt.

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
from typing import Any

from tuning.formats import prompt_of
from tuning.one_label import GAP, LabelError, normal

MAX_LABEL_CHARS = 100
MIN_READ = 0.95
"""The share of rows in which a rule has to read a label."""
ROWS_PER_LABEL = 2
"""Texts of which each occurs about once are answers and no labels."""
LISTED_TOKENS = 1_500
"""Longest list of labels, in tokens, that is put into every prompt; never more than a quarter of a model's context."""
CHARS_PER_TOKEN = 3
_LABEL_KEYS = ("label", "labels", "category", "class", "intent", "topic", "sentiment", "answer")
_KEYED_LINE = re.compile(r"^[ \t]*[*_#]*([A-Za-z][\w -]{0,30}?)[*_]*[ \t]*[:=][*_]*[ \t]*(\S.*?)[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class Rule:
    """How a label is read from a final assistant turn: in words, and as a function that gives None for no label."""

    words: str
    read: Callable[[str], str | None]


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
        plain = GAP.sub(" ", unicodedata.normalize("NFKC", text).casefold())
        found = [label for label, pattern in patterns.items() if pattern.search(plain)]
        return found[0] if len(found) == 1 else None

    return Rule("the one label of your list that the final assistant turn names", read)


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
