"""Which dataset is trained on and which one only measures; which evaluator is to be used."""

from __future__ import annotations

from dataclasses import dataclass

from agent.understanding import measuring
from agent.understanding import patterns as re
from agent.understanding.corrections import MARKER
from agent.understanding.names import Name
from agent.understanding.withdrawal import PLANNED, RIGHT, TAKEN_BACK_LATER, VERBS

_THE = r"(?:the |our |my |your |that |a |its |own |separate |untouched |existing |new )*"
_NOUN = r"(?:data ?-?sets?|data|set|split|corpus|file|file called|one|sample)"
_TRAIN_LEFT = re.compile(
    rf"(?:\b(?:train(?:ing|ed)?|fine-?tun(?:e|ing)|sft|dpo|orpo|rft|tun(?:e|ing)|learn(?:ing)?|run|classification)(?: (?:it|them|⟦m\d+⟧|data|set|dataset|is|on|with|from|split|file|only|=|:|lives in|,|and|the|both|job|classification|a|classifier))*)\s*[\"'(]?{_THE}(?:{_NOUN} )?$"
)
_WITHDRAWN_LEFT = re.compile(
    rf"(?:\b(?:{VERBS}|never touch|don'?t touch|not on|not the|replace|and not|not from|older|(?:do not|don'?t|never) (?:use|take|train on)|not train on)|{PLANNED})\s*[\"'(]?{_THE}(?:{_NOUN} |old |previous |older |evaluator |grader )?(?:called )?$"
)
_TRAIN_RIGHT = re.compile(
    r"^[\"')`]*(?:,? (?:that|this|which|it)(?: one)?)? ?(?:\(?(?:is|as|for|to|=|->|=>|will be|should be|serves|goes|is for|used for|shall be|used)\s+)+(?:the |our |a |one |my )*(?:one |that )?(?:to )?(?:be )?(?:train|trained|training|fine-?tun|sft|learn)"
)
_TAKES_THOSE = re.compile(
    r"[^⟦\n]{0,25}[.,;!—-]\s?(?:please |so |let'?s |we'll |then |and |just )*(?:use|take|go with|train on|grab|pick) (?:those|that(?: one| that)?|this(?: one| that)?|these|them|it)\b(?! (?:as|for|to) )"
)
"""After a name: "they're in X. take those"."""
_IS_GONE = re.compile(
    r"[^⟦]{0,60}?[.!;\n,—-]\s?(?:(?:hmm*|oh|ah|ok|no|wait|sorry|actually|but|and|edit|update|well|oops)[\s,.:]+)*(?:we'?ve |we have |i'?ve |they |we |i )?(?:(?:thrown?|threw|throw) (?:that|this|the) (?:evaluator|grader|scorer|file|data ?set|set|one) (?:away|out)"
    r"|(?:that|this) (?:evaluator|grader|scorer|file|data ?set|set|one|thing) (?:(?:is|was|turned out|has|seems|looks|proved)(?: to be)? [^⟦.;]{0,40}[,;.—-]? ?(?:so |and |please |just |let'?s )*(?:forget|drop|skip|ignore|don'?t use|do not use|leave)|is (?:gone|broken|corrupt|dead|out)))"
)
"""A sentence after a name that takes it back: "Hmm, that file turned out to be corrupt, forget about it"."""
_AFTER = 110
"""Characters after a name that may tell its role in a further clause."""
_TOLD = re.compile(
    r"^[\"'`]*,? (?:which |that )?(?:is|was|are|were|'s) (?:\w+ ){0,3}(?:from before|old|older|raw|original|unfiltered|uncleaned|from last \w+|previous|earlier|draft|first version|history|hers?|his|theirs)\b"
)
_ASKED_FOR = re.compile(r"\b(?:train|fine-?tune|finetune|tune|use|run|classif\w+|could you|can you|would you|please)\b")
_STRAY = re.compile(
    r"\b(?:exports?|fills?|writes?|produces?|collects?|maintains?|owns?|keeps|dumps?|feeds?|delivers?|create|created|named?|run|job|see|ticket|folder|in)\s*[:=]?\s*$"
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
    weak: set[str] = set()
    for match in _MARK_D.finditer(text):
        mark = match.group()
        left, right = _sides(text, match.start(), match.end())
        measures = measuring.measures(left, text[match.end() : match.end() + _AFTER]) and not _TRAIN_RIGHT.search(right)
        if not measures and (_WITHDRAWN_LEFT.search(left) or _taken_back(text, match.end(), right)):
            withdrawn.add(mark)
            train = None if train == mark else train
            measured = None if measured == mark else measured
        elif measures or (
            measuring.LEFT.search(left) and not _TRAIN_LEFT.search(left) and not _TRAIN_RIGHT.search(right)
        ):
            measured = mark if measured is None or measured == train or _retracts(left) else measured
            train = None if train == mark else train
        elif train not in (None, mark) and measured is None and measuring.measures_beside(left, right):
            measured = mark
        elif _PAST.search(re.split(r"\b(?:but|now)\b", left)[-1]):
            fallback = fallback or mark
        elif mark == measured:
            # "train on that one instead": what was for measuring changes its role only at an explicit word.
            train, measured = (mark, None) if _retracts(left) and _TRAIN_LEFT.search(left) else (train, measured)
        elif (
            train is None
            or train in weak
            or _corrects(left, right)
            or _is_exact(names, train, mark)
            or _TAKES_THOSE.match(text, match.end())
        ):
            if train is not None and train in weak and names[train].full and not names[mark].full:
                continue
            train = mark
            weak |= {mark} if _is_weak(text, match.end(), left, right, names[mark]) else set()
    if train and measured and (swap := _SWAPPED.search(text)) and not _MARK_D.search(text, swap.end()):
        train, measured = measured, train
    train = train or (fallback if fallback not in withdrawn | {measured} else None)
    return Datasets(names[train].written if train else None, names[measured].written if measured else None)


def read_evaluator(text: str, names: dict[str, Name]) -> str | None:
    """The last evaluator that the text does not withdraw, as written."""
    chosen: str | None = None
    for match in _MARK_E.finditer(text):
        left, right = _sides(text, match.start(), match.end())
        if _WITHDRAWN_LEFT.search(re.sub(r"(?:evaluator|grader)\s*$", "", left)) or _taken_back(
            text, match.end(), right
        ):
            chosen = None if chosen == match.group() else chosen
        else:
            chosen = match.group()
    return names[chosen].written if chosen else None


def _sides(text: str, start: int, end: int) -> tuple[str, str]:
    left, right = text[max(0, start - 70) : start], text[end : end + 70]
    return re.split(r"[.;!?]\s|\n", left)[-1], re.split(r"[.;!?](?:\s|$)|\n", right)[0]


def _taken_back(text: str, end: int, right: str) -> bool:
    """Whether the words after a name take it back, in its sentence or in the next one."""
    return bool(RIGHT.search(right) or TAKEN_BACK_LATER.search(right) or _IS_GONE.match(text, end, end + _AFTER + 60))


def _is_weak(text: str, end: int, left: str, right: str, name: Name) -> bool:
    """Whether a name is only weighed ("tickets-2024?") or told about ("X is hers from before"), so that a plain one outdoes it."""
    asked = text[end : end + 1] == "?" and not _ASKED_FOR.search(left)
    return asked or bool(_TOLD.search(right)) or (bool(_STRAY.search(left)) and not name.full)


def _is_exact(names: dict[str, Name], train: str, mark: str) -> bool:
    """Whether a path or a full resource name comes after a mere word ("my gsm8k data in ./a.jsonl"): it says which."""
    return names[mark].full and not names[train].full


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
