"""Reads which label a model's answer names: strictly, as asked, and leniently, as a person would without guessing.

Strict: the label and nothing else (with several labels a row: labels separated by commas). Lenient: also other case,
spaces, punctuation, quotes, Markdown, JSON and sentences, as long as exactly one label is named, or with several labels a
row only such as are meant. An answer that negates or names too many is unparsable: a benchmark must not guess for a model.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

Tokens = tuple[str, ...]
BREAK = "\n"
"""Token of a place where a sentence or a list goes on to something else: no label reaches across, unless it has one."""

READ_CHARACTERS = 20_000
"""Of a longer answer the beginning is read: it is no label."""
LABEL_KEYS = frozenset({
    "label", "labels", "category", "categories", "class", "classes", "classification", "answer", "intent",
    "prediction", "predicted", "predicted_label", "output", "result", "topic", "sentiment", "tag", "tags",
})  # fmt: skip
NEGATIONS = frozenset({
    "not", "no", "never", "neither", "nor", "none", "cannot", "cant", "dont", "doesnt", "didnt", "isnt",
    "arent", "wasnt", "werent", "wont", "wouldnt", "couldnt", "shouldnt", "without", "except", "excluding",
    "rather", "instead", "unlike", "wrong", "incorrect", "false", "unknown", "or", "either", "nicht", "kein",
    "keine", "keinen", "oder", "ne", "pas", "ni", "nunca", "jamais", "不", "不是", "没有", "非",
})  # fmt: skip
"""Words that make the naming of a label no plain statement, wherever they stand outside a label itself."""
WEAK = frozenset({
    "no", "it", "is", "the", "an", "in", "on", "or", "and", "to", "of", "as", "at", "be", "by", "do", "for",
    "if", "so", "up", "us", "we", "this", "that",
})  # fmt: skip
"""Words that stand in sentences without naming a label; so does every single character."""
LEADS = frozenset({
    "is", "label", "labels", "answer", "category", "class", "classification", "intent", "be", "was",
})  # fmt: skip
"""Words after which a weak label at the end of a sentence is meant."""

_THINKING = re.compile(r"^\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
_UNFINISHED = re.compile(r"^\s*<think(?:ing)?>")
_FENCE = re.compile(r"^\s*```\w*\s*\n(.*?)\n?\s*```\s*$", re.DOTALL)
_APOSTROPHE = re.compile(r"(?<=\w)['’](?=\w)")
_NUMBER = r"(?:(?<!\w)[-+])?\d+(?:[.,]\d+)*(?![^\W\d_])"
_WORD = r"[^\W_]+(?:\+\+?(?!\w)|#(?!\w)|-(?!\w))?"
_PUNCTUATION = ",;:.!?|\n。，、；：！？"
_WORDS = re.compile(rf"{_NUMBER}|{_WORD}|[{_PUNCTUATION}]+")
_SYMBOLS = re.compile(r"[^\W_]+|[^\w\s]|_")


class Reading(NamedTuple):
    """The labels an answer names, in the order of the label list; None where it can't be read that way."""

    strict: tuple[str, ...] | None
    lenient: tuple[str, ...] | None


def read_answer(text: str | None, labels: Sequence[str], multi_label: bool = False) -> Reading:
    """What `text` says in terms of `labels`. No text reads as nothing; a strict reading is always the lenient one too."""
    if text is None:
        return Reading(None, None)
    book = _book(tuple(labels))
    strict = book.strict(text.strip(), multi_label)
    return Reading(strict, strict if strict is not None else _lenient(text[:READ_CHARACTERS], book, multi_label))


def _lenient(text: str, book: _Book, multi_label: bool) -> tuple[str, ...] | None:
    text = _THINKING.sub("", text, count=1)
    if _UNFINISHED.match(text):
        return None
    if fenced := _FENCE.match(text):
        text = fenced[1]
    # With several labels a row a comma divides labels, so a label must not be read across it.
    tokens = book.tokens(text)
    whole = None if multi_label and BREAK in tokens else book.whole(tokens)
    if whole is not None:
        return (whole,)
    return book.contained([book.tokens(said) for said in _inside_json(text)] or [tokens], multi_label)


def _inside_json(text: str) -> list[str]:
    """The texts under the one label-like key of a JSON object, or of a JSON list or string; [] for anything else."""
    try:
        value = json.loads(text.strip())
    except (ValueError, RecursionError):
        return []
    if isinstance(value, dict):
        named = [value[key] for key in value if isinstance(key, str) and key.strip().casefold() in LABEL_KEYS]
        if len(named) != 1:
            return []
        value = named[0]
    if isinstance(value, bool):
        return []
    values = value if isinstance(value, list) else [value]
    return [str(entry) for entry in values] if all(isinstance(entry, str | int | float) for entry in values) else []


def _plain(text: str) -> str:
    return _APOSTROPHE.sub("", unicodedata.normalize("NFKC", text))


def _words(text: str) -> Tokens:
    """Words in lower case, `BREAK` for sentence punctuation between them, all other symbols gone."""
    found = [BREAK if token[0] in _PUNCTUATION else token for token in _WORDS.findall(_plain(text).casefold())]
    kept = [token for at, token in enumerate(found) if token != BREAK or (at and found[at - 1] != BREAK)]
    return tuple(kept[:-1] if kept and kept[-1] == BREAK else kept)


def _symbols(text: str) -> Tokens:
    """Words in lower case and every symbol, for labels that only symbols tell apart."""
    return tuple(_SYMBOLS.findall(_plain(text).casefold()))


def _cased(text: str) -> Tokens:
    """Words as they are written and every symbol, for labels that only case tells apart."""
    return tuple(_SYMBOLS.findall(unicodedata.normalize("NFKC", text)))


def _joined(tokens: Tokens) -> Tokens:
    return tuple(token for token in tokens if token != BREAK)


class _Match(NamedTuple):
    start: int
    end: int
    label: str


class _Book:
    """A label list made ready for reading. The coarsest way to read that still tells all labels apart is taken."""

    def __init__(self, labels: tuple[str, ...]) -> None:
        self.exact = {label.strip(): label for label in labels}
        self.order = {label: at for at, label in enumerate(dict.fromkeys(labels))}
        self.tokens = _finest(tuple(self.order))
        keyed: dict[Tokens, list[str]] = {}
        whole: dict[Tokens, list[str]] = {}
        for label in self.order:
            keyed.setdefault(self.tokens(label), []).append(label)
            whole.setdefault(_joined(self.tokens(label)), []).append(label)
        self.by_tokens = {key: found[0] for key, found in keyed.items() if len(found) == 1 and _joined(key)}
        self.by_whole = {key: found[0] for key, found in whole.items() if len(found) == 1 and key}
        self.longest: dict[str, int] = {}
        """First token of a label -> tokens of the longest label that begins with it."""
        for key in self.by_tokens:
            self.longest[key[0]] = max(len(key), self.longest.get(key[0], 0))

    def strict(self, text: str, multi_label: bool) -> tuple[str, ...] | None:
        """The label itself, or distinct labels separated by commas (a label may hold commas: the longest fits first)."""
        if text in self.exact:
            return (self.exact[text],)
        if not multi_label:
            return None
        parts, found, at = text.split(","), list[str](), 0
        while at < len(parts):
            ends = range(len(parts), at, -1)
            end = next((end for end in ends if ",".join(parts[at:end]).strip() in self.exact), None)
            if end is None:
                return None
            found.append(self.exact[",".join(parts[at:end]).strip()])
            at = end
        return self._sorted(found) if len(set(found)) == len(found) else None

    def whole(self, tokens: Tokens) -> str | None:
        """The label that a text is but for case, spaces and punctuation."""
        return self.by_whole.get(_joined(tokens))

    def contained(self, texts: Iterable[Tokens], multi_label: bool) -> tuple[str, ...] | None:
        """The labels that stand in the texts as whole words; None for none, a negation, or several where one is due."""
        found: list[str] = []
        for tokens in texts:
            whole = self.whole(tokens)
            if whole is not None:
                found.append(whole)
                continue
            matches = _longest_only(self._matches(tokens))
            covered = {at for match in matches for at in range(match.start, match.end)}
            if any(token in NEGATIONS for at, token in enumerate(tokens) if at not in covered):
                return None
            found += [match.label for match in matches]
        labels = self._sorted(found)
        return labels if labels and (multi_label or len(labels) == 1) else None

    def _matches(self, tokens: Tokens) -> list[_Match]:
        found: list[_Match] = []
        for start, first in enumerate(tokens):
            for end in range(start + 1, min(start + self.longest.get(first, 0), len(tokens)) + 1):
                label = self.by_tokens.get(tokens[start:end])
                if label is not None and (end - start > 1 or _meant(tokens, start)):
                    found.append(_Match(start, end, label))
        return found

    def _sorted(self, found: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(set(found), key=self.order.__getitem__))


def _meant(tokens: Tokens, at: int) -> bool:
    """Whether a one-word label names itself there: a word like "a" or "no" must stand alone or close "... is no"."""
    if tokens[at].casefold() not in WEAK and len(tokens[at]) > 1:
        return True
    before, after = tokens[at - 1] if at else BREAK, tokens[at + 1] if at + 1 < len(tokens) else BREAK
    return _is_break(after) and (_is_break(before) or before.casefold() in LEADS)


def _is_break(token: str) -> bool:
    return not any(map(str.isalnum, token))


def _longest_only(matches: list[_Match]) -> list[_Match]:
    """Without the matches that lie inside a longer one."""
    kept: list[_Match] = []
    for match in sorted(matches, key=lambda m: (m.start, -m.end)):
        # Sorted so, a match lies inside an earlier one exactly when none of those kept ends before it does.
        if not kept or match.end > kept[-1].end:
            kept.append(match)
    return kept


def _finest(labels: tuple[str, ...]) -> Callable[[str], Tokens]:
    for way in (_words, _symbols):
        keys = [_joined(way(label)) for label in labels]
        if all(keys) and len(set(keys)) == len(keys):
            return way
    return _cased


@lru_cache(maxsize=8)
def _book(labels: tuple[str, ...]) -> _Book:
    return _Book(labels)
