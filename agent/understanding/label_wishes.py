"""Reading what is wished about labels and about who is tuned: rebalancing, labels to leave out, all models or only some."""

from __future__ import annotations

from collections.abc import Callable

from agent.understanding import patterns as re

_NOT = r"(?:\b(?:no|not|never|without|don'?t|do not|stop|undo|skip)\b(?: (?:any|the|more|do|please|to))* )"
_OVER = re.compile(
    r"\b(?:over-?sampl\w+|up-?sampl\w+|(?:repeat|duplicate|boost|replicate)\w* (?:\w+ ){0,4}(?:rare|infrequent|minority|small|smaller|least)\b)"
)
_UNDER = re.compile(
    r"\b(?:under-?sampl\w+|down-?sampl\w+|(?:cut|trim|thin|reduce)\w*(?: down| out)? (?:\w+ ){0,4}(?:frequent|majority|big|bigger|large|larger|common)\b)"
)
_WEIGHTS = re.compile(
    r"\b(?:class|label|sample|loss)[- ]weight\w*|\bweighted (?:training|loss|fine-?tuning|sampling)|\bweight(?:s)? per (?:class|label)|\b(?:up)?weight(?:ing)? (?:the )?(?:rare|rarer|minority|small\w*|infrequent|least|labels|classes)|\b(?:more|higher|extra) weight (?:to|on|for) (?:the )?(?:rare|rarer|minority|small\w*|infrequent)|\b(?:rare|minority|small)\w* (?:labels?|class(?:es)?) (?:get |with |count )?(?:a )?(?:more|higher|extra)(?: weight)?\b"
)
_BALANCE = re.compile(
    r"\b(?:re-?balanc(?:e|ed|ing)|balance (?:the |my |out )*(?:\w+ )?(?:labels|classes|data|data ?set|rows|training))\b"
)
_AS_IS = re.compile(
    rf"{_NOT}(?:re-?balanc\w+|over-?sampl\w+|under-?sampl\w+|class weights?|weighting)|\b(?:leave|keep|train on) (?:the )?(?:imbalance|rows|data|labels?|distribution|classes)(?: \w+){{0,2}} (?:as (?:it|they) (?:is|are)|alone|untouched|unchanged)"
)
_NOUN = r"(?:labels?|class(?:es)?|categor(?:y|ies)|intents?)"
_WORD = r"(?:\"[^\"]{1,60}\"|'[^']{1,60}'|[\w][\w/&+.-]*)"
_DROPPED = re.compile(
    rf"\b(?:leave out|leaving out|left out|drop|dropping|remove|removing|exclude|excluding|ignore|omit|skip|without|take out|discard) (?:all )?(?:rows |samples |examples )?(?:of |with |from )?(?:the |both )?(?:{_NOUN}:? (?P<after>{_WORD}(?:(?:, ?(?:and )?| and | & ){_WORD})*)|(?P<before>{_WORD}(?:(?:, ?(?:and )?| and | & ){_WORD})*) {_NOUN}\b)",
    re.IGNORECASE,
)
_NO_NAMES = frozenset(
    [
        "the",
        "a",
        "an",
        "all",
        "any",
        "rare",
        "small",
        "those",
        "these",
        "few",
        "empty",
        "some",
        "other's",
        "minority",
        "least",
        "unused",
        "same",
        "such",
        "weak",
        "noisy",
        "bad",
        "single",
    ]
)
_VERBS = frozenset(
    [
        "use",
        "using",
        "train",
        "tune",
        "run",
        "proceed",
        "go",
        "please",
        "approve",
        "approved",
        "then",
        "keep",
        "start",
        "deploy",
        "with",
        "for",
        "on",
        "ok",
        "okay",
        "yes",
        "thanks",
        "continue",
        "instead",
        "otherwise",
        "but",
    ]
)
_TUNE_ALL = re.compile(
    r"\b(?:fine-?tune|tune|train|sweep)(?: on)? (?:all|every|each)(?: (?:of )?(?:them|these|those|\d+|two|three|four|five|six|seven|eight|models?|candidates?|base models?|chosen|the|one|of))*(?=\W|$)(?! (?:rows|data|samples|labels|examples))|\b(?:all|every one) of them (?:shall|should|must|are to) be (?:fine-?tuned|tuned|trained)"
)
_ONLY = re.compile(r"\b(?:only|just) (?:fine-?tune|tune|train) (?P<models>⟦m\d+⟧(?:(?:,| and|, and| &) ⟦m\d+⟧)*)")
_NO_BASES = re.compile(
    r"\b(?:skip|without|no|drop|omit|don'?t need|do not need)(?: \w+){0,2} (?:base[- ](?:vs\.?|versus|against|to)[- ]base|comparison (?:of|between) (?:the )?bases?|base (?:model )?comparison)"
)


def read_rebalance(text: str) -> str | None:
    """ "oversample", "undersample", "weights" or "none" (the rows as they are); None when nothing is said. Lower case."""
    if _AS_IS.search(text):
        return "none"
    if _WEIGHTS.search(text):
        return "weights"
    if _UNDER.search(text):
        return "undersample"
    return "oversample" if _OVER.search(text) or _BALANCE.search(text) else None


def read_dropped_labels(text: str) -> tuple[str, ...]:
    """The labels that are to be left out, as written."""
    found: list[str] = []
    for match in _DROPPED.finditer(text):
        for piece in re.split(r", ?(?:and )?| and | & ", match["after"] or match["before"]):
            word = piece.strip(" .\"'")
            if word.lower() in _VERBS:
                break
            if word and word.lower() not in _NO_NAMES and not re.fullmatch(_NOUN, word, re.IGNORECASE):
                found.append(word)
    return tuple(dict.fromkeys(found))


def wants_all_tuned(text: str) -> bool:
    """Whether every chosen model shall be tuned, however many there are. Lower case."""
    return bool(_TUNE_ALL.search(text))


def only_tuned(text: str, name: Callable[[str], str | None]) -> tuple[tuple[str, ...], bool]:
    """(models that alone are to be tuned, whether the other base models are not even compared). `name` reads a mark."""
    found = _ONLY.search(text)
    marks = re.findall(r"⟦m\d+⟧", found["models"]) if found else []
    models = tuple(dict.fromkeys(model for mark in marks if (model := name(mark))))
    return models, bool(models and _NO_BASES.search(text))
