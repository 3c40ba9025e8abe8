"""Whether a reply names another data set: once a run has one, only what is plainly called data takes its place."""

from __future__ import annotations

from agent.understanding import patterns as re
from agent.understanding.names import Name
from tuning.request import Request

_SET = r"data ?-?sets?|data|files?|corpus|corpora|uploads?"
_DATA = rf"(?:{_SET}|sets?|splits?)"
_CALLED_LEFT = re.compile(
    rf"\b(?:{_SET})(?:\s*[:=]|\s+(?:is|id|called|named|to|should be|now|instead|be))*\s*[\"'`(]?$"
)
_CALLED_RIGHT = re.compile(
    rf"^[\"'`)]*,? (?:(?:is|as|for) )?(?:the |my |our |a )?(?:training |train |test |eval |evaluation )?{_DATA}\b"
)
_USED_LEFT = re.compile(
    r"\b(?:use|using|take|on|over|against|with|from|(?:switch|change|swap|go(?: back)?) to|evaluate|measure)\s+(?:(?:it|them) )?(?:the |my |our )?[\"'`]?$"
)
_TELLING = re.compile(r"[-_/\d]")


def sets_data(text: str, mark: str, name: Name, current: Request) -> bool:
    """Whether a name, which stands as its mark in the text, may become a data set of the run.

    Where the run has one already, an ordinary word and a label need the noun beside them ("the dataset bill_due").
    """
    if name.full or current.train_dataset is None:
        return True
    places = [(text[: m.start()][-60:], text[m.end() :][:60]) for m in re.finditer(re.escape(mark), text)]
    if any(_CALLED_LEFT.search(left) or _CALLED_RIGHT.match(right) for left, right in places):
        return True
    return may_be_id(name.written, current) and any(_USED_LEFT.search(left) for left, _ in places)


def may_be_id(word: str, current: Request) -> bool:
    """Whether a bare word may be a data set's id beside the run's own: the shape of an id, and no label of the run."""
    merged = (label for pair in current.merge_labels for label in pair)
    labels = {label.casefold() for label in (*current.labels, *current.keep_apart, *current.drop_labels, *merged)}
    return bool(_TELLING.search(word)) and word.casefold() not in labels
