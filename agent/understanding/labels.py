"""Reading a list of labels, as written, with the corrections that follow it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent.understanding.vocabulary import words

_NOUN = r"(?:labels?|classes|class names|categories|intents|tags|klassen|kategorien|etiketten|étiquettes|catégories|etiquetas|categorías|clases|标签|类别|etichette|rótulos)"
_BE = r"(?: (?:are|is|should be|will be|to use|would be|be|sind|sont|son|lauten|list|set|names|only|just|now|exactly|the following|these|as follows|für|here)| ?为| ?是|包括)*"
_LIST = re.compile(
    rf"(?P<noun>{_NOUN}){_BE}\s*(?P<sep>[:=—-]|(?<=是)|(?<=为))\s*(?P<list>[^\n.;!?⟦]+(?:\.(?=\d|\w)[^\n.;!?⟦]+)*)",
    re.IGNORECASE,
)
_VERB_LIST = re.compile(
    rf"\b(?P<noun>{_NOUN})(?:\s*\((?P<inner>[^)\n]{{3,400}})\)| (?:are|sind|sont|son|should be|will be|named|called) (?P<list>[^\n.;!?⟦:]+))",
    re.IGNORECASE,
)
_INTO = re.compile(
    r"\b(?:into|as either|as|between|either|(?:sentiment|spam|intents?|urgency|toxicity|priority|emotion|topic)\b[^.:;\n]{0,40}:|in|(?:whether|if) (?:it|they|this|something|(?:the|a|an) \w+) (?:is|are)|zwischen|entre|en)(?: (?:one of|the \w+ (?:labels|classes|categories)|(?:two|three|four|five|\d) \w+))?:? (?P<list>[\w'/-]+(?: [\w'/-]+)?(?:, ?(?!and |or |und |oder |et |ou |y |o )[\w'/-]+(?: [\w'/-]+)?)*,? (?:or|and|oder|und|ou|et|y|o|vs\.?|versus) [\w'/-]+(?: (?!with|using|on|and|from|for|in|please)[\w'/-]+)?)(?=\s*(?:$|[.,;:!?)\n]| (?:with|using|on|from|for|in|mit|avec|con|please)\b))",
    re.IGNORECASE,
)
_CLASSIFYING = re.compile(
    r"\b(?:classif\w+|klassifi\w+|categori[sz]\w+|sort|label|tag|rout\w+|predict\w*|decide|einordnen|classer|clasific\w+|tells?|distinguish|whether|triage|bucket)\b",
    re.IGNORECASE,
)
_BARE = re.compile(
    rf"\b(?P<noun>{_NOUN}) (?!are\b|is\b|for\b|in\b|from\b|like\b|should\b|and\b|with\b|will\b|on\b|of\b|to\b|as\b)(?P<list>[\w'-]+(?: [\w'-]+)?(?:\s*[/,|]\s*[\w'-]+(?: [\w'-]+)?)+)(?=\s*(?:$|[.;\n)]))",
    re.IGNORECASE,
)
_SPLIT = re.compile(
    r"\s*(?:,|/|;|\||\n)\s*(?:(?:and|or|und|oder|et|ou|y|o|e|plus)\s+)?|\s+(?:and|or|und|oder|et|ou|y|o|plus|vs\.?|versus)\s+|\s*[和与或]\s*|\s*&\s*",
    re.IGNORECASE,
)
_CUT = re.compile(
    r"\s*(?:,|—| -)?\s*\b(?:use|using|with(?= (?:qwen|llama|⟦|\d))|train|please|compare|keep|fine-?tune|tune|imbalance|budget|but do|don't|do not|on (?:the|⟦)|for \d|as (?:the )?labels?|mit|bitte)\b.*$",
    re.IGNORECASE | re.DOTALL,
)
_RETRACT = re.compile(
    r"\b(?:no,? wait|wait|actually|sorry|scratch that|correction|i mean(?:t)?|make that|rather)\b", re.IGNORECASE
)
_RENAME = re.compile(
    r"\b(?:rename|call|replace|swap) ['\"]?(?P<old>[\w'-]+)['\"]? (?:to|with|by|for|into|as)?\s?['\"]?(?P<new>[\w-]+)['\"]?",
    re.IGNORECASE,
)
_DROP = re.compile(
    r"\b(?:drop|remove|leave out|without|forget|not|minus|except|skip|lose|delete|no|strike)(?: the)?(?: label| class| category)? ['\"]?(?P<old>[\w-]+(?: [\w-]+)?)['\"]?",
    re.IGNORECASE,
)
_ADD = re.compile(
    r"\b(?:add|plus|include|and also|as well as)(?: the| a| another)?(?: label| class| category)?:? ['\"]?(?P<new>[\w-]+)['\"]?(?: (?:as (?:a |another )?(?:label|class|category)|to the (?:labels|list|classes)|too|as well))?",
    re.IGNORECASE,
)
_NOT_A_LABEL = words("not_a_label")
_MOST_WORDS = 4
"""Words of one label; longer pieces are sentences."""


@dataclass(frozen=True)
class Labels:
    """The labels as written, and the text without them."""

    values: tuple[str, ...]
    rest: str


def take_labels(text: str) -> Labels:
    """The last list of labels of a text, with later corrections ("drop sales", "add other") applied."""
    spans: list[tuple[int, int]] = []
    values: list[str] = []
    for start, end, piece in _lists(text):
        found, used = _pieces(piece)
        if len(found) >= 2:
            values = found
            spans.append((start, start + used if used else end))
    if not spans:
        return Labels((), text)
    tail = text[spans[-1][1] :]
    values, tail = _with_corrections(values, tail)
    rest = text[: spans[-1][1]] + tail
    for start, end in reversed(spans):
        rest = rest[:start] + " ⟦l0⟧ " + rest[end:]
    return Labels(tuple(values), rest)


def _lists(text: str) -> list[tuple[int, int, str]]:
    found = []
    for match in _LIST.finditer(text):
        found.append((match.start("list"), match.end("list"), match["list"]))
    for match in _VERB_LIST.finditer(text):
        group = "inner" if match["inner"] else "list"
        found.append((match.start(group), match.end(group), match[group]))
    if not found:
        found = [(m.start("list"), m.end("list"), m["list"]) for m in _BARE.finditer(text)]
    if not found and _CLASSIFYING.search(text):
        found = [(m.start("list"), m.end("list"), m["list"]) for m in _INTO.finditer(text)][:1]
    found.sort()
    kept: list[tuple[int, int, str]] = []
    for item in found:
        if not kept or item[0] >= kept[-1][1]:
            kept.append(item)
    return kept


def _pieces(piece: str) -> tuple[list[str], int]:
    """The labels of a list and how much of it they take; what follows "no wait" replaces what stands before it."""
    cut = _CUT.search(piece)
    body = piece[: cut.start()] if cut and cut.start() > 0 else piece
    again = list(_RETRACT.finditer(body))
    if again and len(_SPLIT.split(body[again[-1].end() :].strip(" ,:—-"))) >= 2:
        labels = _SPLIT.split(body[again[-1].end() :].strip(" ,:—-"))
    else:
        labels = _SPLIT.split((body[: again[0].start()] if again else body).strip(" ,:—-"))
        body = body[: again[0].start()] if again else body
    bare = [label.strip(" \"'()[]{}.—*") for label in labels]
    codes = all(len(w) <= 3 for w in bare)
    clean = [w for w in bare if w and (codes or _is_label(w))]
    return list(dict.fromkeys(clean)), len(body)


def _is_label(word: str) -> bool:
    return bool(word) and word.lower() not in _NOT_A_LABEL and len(word.split()) <= _MOST_WORDS and len(word) <= 60


def _with_corrections(values: list[str], tail: str) -> tuple[list[str], str]:
    """Applies what is said later about single labels, and takes those words out of the tail."""
    folded = {v.casefold(): v for v in values}

    def rename(match: re.Match[str]) -> str:
        old = folded.get(match["old"].casefold())
        if old is None or old not in values:
            return match.group()
        values[values.index(old)] = match["new"]
        return ""

    def drop(match: re.Match[str]) -> str:
        words = match["old"].split()
        for taken in (" ".join(words), words[0]):
            if (old := folded.get(taken.casefold())) and old in values and len(values) > 2:
                values.remove(old)
                return (
                    match.group()[len(match.group()) - (len(match["old"]) - len(taken)) :]
                    if taken != match["old"]
                    else ""
                )
        return match.group()

    def add(match: re.Match[str]) -> str:
        said = match.group().lower()
        if not any(w in said for w in ("label", "class", "categor", "list")) and not re.search(r"['\"]", said):
            return match.group()
        if match["new"].casefold() not in folded:
            values.append(match["new"])
        return ""

    tail = _RENAME.sub(rename, tail)
    tail = _DROP.sub(drop, tail)
    return values, _ADD.sub(add, tail)
