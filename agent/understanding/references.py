"""Resolving words that stand for a model named before: "the bigger one", "the latter", "the small one is the student"."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from agent.understanding import patterns as re

_MARK = r"⟦m\d+⟧"
_MARKS = re.compile(_MARK)
_KIND = r"(?:small(?:er|est)?|big(?:ger|gest)?|larg(?:er|est|e)|little|tiny|cheap(?:er|est)?|expensive|strong(?:er|est)?|weak(?:er|est)?|huge|giant)"
_ALIAS = re.compile(
    rf"\b(?:the|a|our) (?P<kind>{_KIND})(?: (?:one|model|guy|brother))?,? ?\(?(?:(?:is|being|namely|i\.e\.|=|:) )?(?P<mark>{_MARK})\)?"
)
_ONE = re.compile(
    rf"\b(?:the )?(?P<kind>{_KIND})(?: of (?:the (?:two|three)|them|these))?(?: (?:one|model|brother|guy)s?)?+\b(?! ?\(?{_MARK})(?= ?(?:$|[.,;:!?)]|one|model|is|as|does|gets?|should|shall|will|and|too|instead|only|alone|first|for|with|on|to|please|was|of))"
)
_ORDINAL = re.compile(
    r"\b(?:the )?(?P<which>latter|former|last[- ]mentioned|first[- ]mentioned|last[- ]named|(?:first|second|third|last)(?= (?:one|model)\b))(?: (?:one|model))?\b"
)
_SET = re.compile(
    r"\b(?:the )?(?P<which>first|second|former|latter|last|other)(?: (?:one|set|data ?set|file))?(?= (?:only |just |is |as |shall |should |will |be |serves |goes )*(?:for|to|as|the|is)? ?(?:the )?(?:train\w*|evaluat\w*|eval|test\w*|measur\w*|validat\w*|held|hold|scor\w*)\b| (?:set|data ?set)\b)"
)
_ON_WHICH = re.compile(
    r"(?<=\b)(?P<verb>(?:train\w*|tun\w+|fine-?tun\w+|test\w*|evaluat\w*|eval|measur\w*|scor\w*|validat\w*|check\w*|learn\w*) (?:it )?(?:on|with|against|from|using) )(?:the )?(?P<which>first|second|former|latter|last|other)(?: (?:one|that|set|data ?set|file))?(?=\s*(?:$|[.,;!)\n]|and\b|then\b))"
)
"""An ordinal for a dataset: "the first for training, the second to evaluate"."""
_DATASETS = re.compile(r"⟦d\d+⟧")
_BIG = ("bi", "la", "ex", "st", "hu", "gi")
_POSITION = {"latter": -1, "last": -1, "former": 0, "first": 0, "second": 1, "third": 2, "other": -1}


def with_references(text: str, size: Callable[[str], float | None]) -> str:
    """The text with such words replaced by the mark that they mean; words that mean none, or more than one, stay.

    `size` gives a mark's parameters in billions, None where it is unknown.
    """
    aliases = {m["kind"][:2]: m["mark"] for m in _ALIAS.finditer(text)}
    if len(set(_DATASETS.findall(text))) > 1:
        text = _ON_WHICH.sub(lambda m: f"{m['verb']}{_ordinal(m, _before(m, _DATASETS)) or m['which']}", text)
        text = _SET.sub(lambda m: _ordinal(m, _before(m, _DATASETS)) or m.group(), text)
    if not _MARKS.search(text):
        return text
    text = _ORDINAL.sub(lambda m: _ordinal(m, _before(m)) or m.group(), text)
    return _ONE.sub(lambda m: _comparative(m, aliases, _before(m), size) or m.group(), text)


def _before(match: re.Match[str], marks: re.Pattern[str] = _MARKS) -> list[str]:
    """The models (or datasets) named before a place, each once."""
    return list(dict.fromkeys(marks.findall(match.string[: match.start()])))


def _ordinal(match: re.Match[str], before: Sequence[str]) -> str | None:
    position = _POSITION[re.split(r"[ -]", match["which"])[0]]
    fits = len(before) > 1 and -len(before) <= position < len(before)
    return before[position] if fits else None


def _comparative(
    match: re.Match[str], aliases: Mapping[str, str], before: Sequence[str], size: Callable[[str], float | None]
) -> str | None:
    kind = match["kind"]
    if kind[:2] in aliases:
        return aliases[kind[:2]]
    if not re.search(r"\b(?:one|model|of)\b|er$|est$", match.group()):
        return None
    sized = sorted({(b, mark) for mark in before if (b := size(mark)) is not None})
    if len(sized) < 2:
        return None
    return sized[-1 if kind.startswith(_BIG) else 0][1]
