"""Giving a bare number the setting that the words before it speak of: "5 epochs overfitted, so let's go with 2"."""

from __future__ import annotations

from agent.understanding import patterns as re

_N = r"\d+(?:\.\d+)?(?:e[+-]?\d+)?"
_LIST = rf"{_N}(?:(?:, | and | or |/|, and ){_N}){{0,5}}"
_BARE = re.compile(
    rf"(?:(?:^|(?<![\d])[,;—] ?|\b(?:but|so|and) )(?:just |only |please |rather |better )*(?P<alone>{_LIST})(?= this time\b| now\b| instead\b| of course\b))|\b(?:so|hence|thus|therefore) (?:just |only |rather )?(?P<so>{_LIST})(?=\s*(?:$|[.,;!]\s|[.,;!]$))|\b(?:let'?s (?:go|do|try|use|take|make it|say)|go|keep (?:it|that|this|them)|make (?:it|that)|use|try|take|do|want|prefer|rather|better|stick|stay|settle|say|put|set it|more like|instead|now(?: it'?s)?)(?: with| to| for| at| on)?(?: only| just| both| rather| like| about| maybe| around| say)* (?P<list>{_LIST})(?= instead\b| please\b| this time\b| now\b|\s*(?:$|[.,;!?)—]\s|[.,;!?)—]$))"
)
"""Words that set a value without its name, and the value."""
_KINDS = (
    ("epochs", re.compile(r"\b(?:epochs?|passes)\b")),
    ("rank", re.compile(r"\b(?:ranks?|lora r)\b")),
    ("learning rate", re.compile(r"\b(?:learning[ _-]?rates?|lrs?)\b")),
    ("beta", re.compile(r"\bbetas?\b")),
)
_OTHER = re.compile(
    r"\b(?:budget|dollars?|usd|cap|limit|samples?|rows|jobs?|parallel|target|accuracy|score|win rate|loss|threshold|imbalance|split|alpha|seed|batch\w*|temperature|rollouts?|warm-?up)\b|[$€]|%|:1\b"
)
"""Other things that a number may belong to; the nearest to it decides."""


def with_carried_kinds(sentences: tuple[str, ...]) -> tuple[str, ...]:
    """The sentences with the name of their setting put to numbers that stand for a value named before."""
    found: list[str] = []
    before = ""
    for sentence in sentences:
        pieces: list[str] = []
        at = 0
        for match in _BARE.finditer(sentence):
            pieces += [sentence[at : match.start()], _named(match, f"{before} {sentence[: match.start()]}")]
            at = match.end()
        found.append("".join([*pieces, sentence[at:]]))
        before = sentence
    return tuple(found)


def _named(match: re.Match[str], left: str) -> str:
    """The match with its setting, where the last thing that the words before speak of is one and the number fits it."""
    places = [(m.start(), kind) for kind, pattern in _KINDS for m in pattern.finditer(left)]
    if not places or re.search(r"\b(?:and|also|or|plus) *$", left):
        return match.group()
    at, kind = max(places)
    if any(m.start() > at for m in _OTHER.finditer(left)):
        return match.group()
    numbers = [float(n) for n in re.findall(_N, match["list"] or match["alone"] or match["so"])]
    whole = all(n == int(n) for n in numbers)
    if whole != (kind in ("epochs", "rank")) or (kind == "epochs" and max(numbers) > 30):
        return match.group()
    group = next(name for name in ("list", "alone", "so") if match[name])
    head = match.group()[: match.start(group) - match.start()]
    return f"{head}{match[group]} epochs" if kind == "epochs" else f"{head}{kind} {match[group]}"
