"""Which dataset is trained on and which one only measures; which evaluator is to be used."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent.understanding.corrections import MARKER
from agent.understanding.names import Name
from agent.understanding.withdrawal import PLANNED, RIGHT, VERBS

_THE = r"(?:the |our |my |your |that |a |its |own |separate |untouched |existing |new )*"
_NOUN = r"(?:data ?-?sets?|data|set|split|corpus|file|file called|one|sample)"
_KIND = r"(?:eval(?:uation)?|test(?:ing)?|held[- ]?out|hold[- ]?out|gold(?:en)?|validation|dev|benchmark|blind|tst)"
_BE = r"(?:\s*(?:,|:|=|->|—)|\s+(?:is|are|called|named|in|lives in|would be|will be|should be|be|sits in|use|i uploaded|already|available|ready|prepared|separate|apart|from))*"
_EVAL_LEFT = re.compile(
    rf"(?:\b{_KIND}[- ]?{_NOUN}?{_BE}|\b(?:eval(?:uate|uated|uation|uating)?|test(?:ed|ing)?|measure[ds]?|scored?|validate[ds]?|assess(?:ed)?|check(?:ed)?|judged?|verify|report)"
    rf"(?: (?:it|them|that|this|everything|the \w+(?: \w+)?|all|only|accuracy|then|both|candidates?|quality|results?|final \w+|afterwards|later))*"
    rf" (?:on|against|with|using|over|by|in|at)|\b{_KIND} (?:on|against|with|is on|using|comes from|from|happens on))\s*[\"'(]?{_THE}(?:{_KIND} )?(?:{_NOUN} )?(?:called |named )?[\"']?$"
)
_EVAL_RIGHT = re.compile(
    rf"^[\"')]?\s*(?:{_NOUN} )?(?:,? (?:that|this|which|it)(?: one)?(?='s| ))? ?(?:\(?(?:'s|as|for|is|are|will be|be|serves as|holds|contains|should be|to be|acts as|being|=|only for|is for|just for|is only for|is our|is the)\s+)+{_THE}(?:final |only |independent |blind )?(?:{_KIND}\b|evaluat\w+|measur\w+|scoring\b|report\w*)|^[\"']?\s*\((?:the |our |my )?{_KIND}|^[\"']?\s+(?:only |just |purely )?to (?:evaluate|test|measure|score|validate)|^[\"']?,? (?:the|our|my|its) (?:separate |final )?{_KIND}(?: (?:set|data|split|one|dataset))?\b(?! (?:and|on))|^[\"']? (?:evaluate|test|measure|assess)[ .,;!]*(?:$|(?:and|with|\.)\b)|^[\"']? {_KIND} (?:set|data|split)"
)
_TRAIN_LEFT = re.compile(
    rf"(?:\b(?:train(?:ing|ed)?|fine-?tun(?:e|ing)|sft|dpo|orpo|rft|tun(?:e|ing)|learn(?:ing)?|run|classification)(?: (?:it|them|⟦m\d+⟧|data|set|dataset|is|on|with|from|split|file|only|=|:|lives in|,|and|the|both|job|classification|a|classifier))*)\s*[\"'(]?{_THE}(?:{_NOUN} )?$"
)
_WITHDRAWN_LEFT = re.compile(
    rf"(?:\b(?:{VERBS}|never touch|don'?t touch|not on|not the|replace|and not|not from|older|(?:do not|don'?t|never) (?:use|take|train on)|not train on)|{PLANNED})\s*[\"'(]?{_THE}(?:{_NOUN} |old |previous |older |evaluator |grader )?(?:called )?$"
)
_SWAPPED = re.compile(
    r"\bswap (?:them|the two|both|those|these|the (?:two )?(?:sets|data ?sets))\b|\b(?:the )?other way (?:round|around)\b|\bvice versa\b"
)
_ALSO = re.compile(r"\b(?:also|and|plus)\s*(?:the )?$")
_PAST = re.compile(
    r"\b(?:last (?:time|week|month|year)|previously|yesterday|used to|was trained on|were trained on|had used|we used|we tried|we trained|came from|comes from|derived from|built from|extracted from|exported from|subset of|copied from)\b[^.;]*$"
)
_MARK_D = re.compile(r"⟦d\d+⟧")
_MARK_E = re.compile(r"⟦e\d+⟧")


@dataclass(frozen=True)
class Datasets:
    """The dataset to train on and the one to measure with, as written; None where the text names none."""

    train: str | None
    eval: str | None


def read_datasets(text: str, names: dict[str, Name]) -> Datasets:
    """Goes through the datasets of a text from left to right; for each role the first one stands unless corrected."""
    train: str | None = None
    measured: str | None = None
    fallback: str | None = None
    withdrawn: set[str] = set()
    for match in _MARK_D.finditer(text):
        mark = match.group()
        left, right = _sides(text, match.start(), match.end())
        measures = _EVAL_RIGHT.search(right)
        if (_WITHDRAWN_LEFT.search(left) and not measures) or RIGHT.search(right):
            withdrawn.add(mark)
            train = None if train == mark else train
            measured = None if measured == mark else measured
        elif measures or (_EVAL_LEFT.search(left) and not _TRAIN_LEFT.search(left)):
            measured = mark if measured is None or measured == train or _retracts(left) else measured
            train = None if train == mark else train
        elif _PAST.search(re.split(r"\b(?:but|now)\b", left)[-1]):
            fallback = fallback or mark
        elif mark == measured:
            # "train on that one instead": what was for measuring changes its role only at an explicit word.
            train, measured = (mark, None) if _retracts(left) and _TRAIN_LEFT.search(left) else (train, measured)
        elif train is None or _corrects(left, right):
            train = mark
    if train and measured and (swap := _SWAPPED.search(text)) and not _MARK_D.search(text, swap.end()):
        train, measured = measured, train
    train = train or (fallback if fallback not in withdrawn | {measured} else None)
    return Datasets(names[train].written if train else None, names[measured].written if measured else None)


def read_evaluator(text: str, names: dict[str, Name]) -> str | None:
    """The last evaluator that the text does not withdraw, as written."""
    chosen: str | None = None
    for match in _MARK_E.finditer(text):
        left, right = _sides(text, match.start(), match.end())
        if _WITHDRAWN_LEFT.search(re.sub(r"(?:evaluator|grader)\s*$", "", left)) or RIGHT.search(right):
            chosen = None if chosen == match.group() else chosen
        else:
            chosen = match.group()
    return names[chosen].written if chosen else None


def _sides(text: str, start: int, end: int) -> tuple[str, str]:
    left, right = text[max(0, start - 70) : start], text[end : end + 70]
    return re.split(r"[.;!?]\s|\n", left)[-1], re.split(r"[.;!?](?:\s|$)|\n", right)[0]


def _retracts(left: str) -> bool:
    """Whether the sentence up to here takes something back."""
    return bool(MARKER.search(left))


def _corrects(left: str, right: str) -> bool:
    """Whether a correction stands close before a name, or "instead" right after it."""
    near = left[-45:]
    if re.search(r"⟦d\d+⟧,? no,? (?:the )?$", near) or re.match(r"^,? (?:sorry|i mean|of course|obviously)\b", right):
        return True
    found = list(MARKER.finditer(near))
    if re.search(r"\bbut (?:now )?(?:on|with|using|for)\s*(?:the )?$", left):
        return True
    return (bool(found) and "⟦d" not in near[found[-1].end() :]) or bool(
        re.match(r"^[^.;⟦]{0,12}\binstead\b(?! of)", right)
    )
