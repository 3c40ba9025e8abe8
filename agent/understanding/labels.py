"""Reading a list of labels, as written, with the corrections that follow it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile

from agent.understanding.vocabulary import words

_NOUN = r"(?:labels?|classes|class names|categories|intents|tags|klassen|kategorien|etiketten|étiquettes|catégories|etiquetas|categorías|clases|标签|类别|etichette|rótulos|labelset|label set|label list|class list|class labels|candidate labels|classification labels)"
_BE = r"(?: (?:are|is|should be|will be|to use|would be|be|sind|sont|son|lauten|list|set|names|only|just|now|exactly|the following|these|as follows|für|here)| ?为| ?是|包括)*"
_LIST = re.compile(
    rf"(?P<noun>{_NOUN}){_BE}(?:(?: (?!are\b|is\b)[^\W\d_]+){{1,4}}(?=:))?\s*(?P<sep>[:=—-]|(?<=是)|(?<=为))\s*(?P<list>[^\n.;!?⟦]+(?:\.(?=\d|\w)[^\n.;!?⟦]+)*)",
    re.IGNORECASE,
)
_VERB_LIST = re.compile(
    rf"\b(?P<noun>{_NOUN})(?:\s*\((?=[^)\n]{{3,400}}\))| (?:are|sind|sont|son|should be|will be|named|called) )(?P<list>[^\n.;!?⟦:()]+)",
    re.IGNORECASE,
)
_INTO = re.compile(
    r"\b(?:into|as either|as|between|either|(?:sentiment|spam|intents?|urgency|toxicity|priority|emotion|topic)\b[^.:;\n]{0,40}:|in|(?:whether|if) (?:it|they|this|something|(?:the|a|an) \w+) (?:is|are)|zwischen|entre|en)(?: (?:one of|the \w+ (?:labels|classes|categories)|(?:two|three|four|five|\d) \w+))?:? (?P<list>[\w'-]+(?: ?/ ?[\w'-]+)+|[\w'/-]+(?: [\w'/-]+)?(?:, ?(?!and |or |und |oder |et |ou |y |o )[\w'/-]+(?: [\w'/-]+)?)*,? (?:or|and|oder|und|ou|et|y|o|vs\.?|versus) [\w'/-]+(?: (?!with|using|on|and|from|for|in|please)[\w'/-]+)?)(?=\s*(?:$|[.,;:!?)\n]| (?:with|using|on|from|for|in|mit|avec|con|please)\b))",
    re.IGNORECASE,
)
_ALSO_NOUN = r"(?:queues?|departments?|teams?|topics?|buckets?|groups?|sentiments?|emotions?|languages?|priorities|priority levels|outcomes?|options|possible (?:values|answers)|target values|statuses|genres?|routes|destinations|severities|levels|types)"
_NAMED = re.compile(
    rf"\b(?P<noun>{_ALSO_NOUN})(?:(?: (?:are|is|being))?\s*(?P<sep>[:=])| are(?= [^\n.;!?⟦]*,))\s*(?P<list>[^\n.;!?⟦]+)",
    re.IGNORECASE,
)
"""Other names for the classes, in a text that classifies: "queues = claims, other"."""
_ITEM = r"[\w'/&-]+(?: (?!are\b|as\b|is\b|and\b|or\b|und\b|the\b)[\w'/&-]+){0,2}"
_BEFORE = re.compile(
    rf"(?:^|[.;:(!?\n—]|\b(?:use|using|with|mit|take|avec|con|namely|only|have|are|be|choose between|predict)\b)\s*\"?(?P<list>{_ITEM}(?:\"?, ?\"?(?!and |or |und ){_ITEM})*\"?,? (?:and |or |und |et |y |& )?\"?{_ITEM}\"?)"
    rf" (?:(?:are|is|as|sind|being|should be|will be|sont|son|als|comme|como) (?:(?:the|our|my|its|die|possible|only|les|las|all|three|two|four|five|six|\d+) )*{_NOUN})\b(?! (?:data|of|in|from)\b)",
    re.IGNORECASE,
)
"""The list before its noun: "P1, P2 and P3 are the labels"."""
_PLAIN_ITEM = r"(?:[^\W\d]|['+-]){1,20}(?:[ _](?:[^\W\d]|['+-]){2,16})?"
_ASIDE = re.compile(
    rf"\b(?:classif\w+|clasific\w+|klassif\w+|extract\w*|type|kind|there are|we have|they are|namely|sentiment|intents?|categor\w+|spam|urgency|priority|topics?|toxicity|emotion|queue|department|team|tag|label|route|sort|triage|predict)\w*\b[^.;:\n()?!]{{0,120}}(?:\(| ?: ?| [—-] )(?P<list>{_PLAIN_ITEM}(?:(?: ?, ?| ?/ ?| ?\| ?|,? (?:or|and|vs\.?|oder|und|ou|et|y|o) ){_PLAIN_ITEM})+)(?=\)|\s*[.;\n]|\s*$| [—-] )",
    re.IGNORECASE,
)
"""A bare list after a bracket or a colon beside a word of classifying: "sentiment (good, bad, mixed)"."""
_SLASHED = re.compile(
    r"\b(?:classif\w+|categori[sz]\w+|label|tag|rout\w+|sort|predict\w*|decide|detect\w*|triage|sentiment|filter)\b[^.;:\n()?!]{0,60}?\s(?P<list>(?!train/|and/|base/|test/|w/)[^\W\d_]{2,20}(?:/[^\W\d_]{2,20}){1,9})(?=\s|$|[.,;])",
    re.IGNORECASE,
)
"""Slashes beside a verb of classifying: "classify mails urgent/normal"."""
_BULLETS = re.compile(
    rf"\b(?P<noun>{_NOUN}|{_ALSO_NOUN})\b[^\n.;]{{0,30}}\n(?P<list>(?:[ \t]*(?:[-*•]|\d+[.)])[^\n]+(?:\n|$)){{2,60}})",
    re.IGNORECASE,
)
_NOT_A_LIST = re.compile(
    r"^\W*(?:in|from|inside|already|missing|unknown|given|known|stored|found|part|attached|taken|not|to be|up to|what|whatever|the same|noisy|balanced|imbalanced|skewed|rare|wrong|clean|clear)\b",
    re.IGNORECASE,
)
"""How a sentence about the labels goes on that lists none: "the labels are in the data"."""
_MENTIONED = re.compile(
    rf"{_NOUN}|{_ALSO_NOUN}|classif|klassif|clasif|extract|categor|sort|label|tag|rout|predict|decide|detect|triage|sentiment|spam|filter|intent|toxic|urgen|emotion|whether|tell|distinguish|bucket|einordn|zuordn|classer|clasific|分类|识别|zwischen|entre",
    re.IGNORECASE,
)
"""Without one of these a text has no list of labels; one search instead of eight."""
_CLASSIFYING = re.compile(
    r"\b(?:classif\w+|klassifi\w+|clasific\w+|extract\w*|categori[sz]\w+|sort|label|tag|rout\w+|predict\w*|decide|einordnen|classer|clasific\w+|tells?|distinguish|whether|triage|bucket)\b",
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
    r"\s*,\s*(?:and )?(?:\d+(?:[.,]\d+)? ?(?:%|percent|epochs?|usd|dollars|jobs)|[$€]\d|\d+/\d+\b).*$|\s*,\s*(?:and )?(?:(?:base )?models?|data ?sets?|data|eval\w*|epochs?|ranks?|budget|split|target|lr|learning rate|no deploy\w*|deploy\w*|threshold|max|at most|\d+ epochs?|one epoch|two epochs)\b(?=[ :=]|$).*$|\s*(?:,|—| -)?\s*\b(?:use|using|with(?= (?:qwen|llama|⟦|\d))|train|please|compare|keep|fine-?tune|tune|imbalance|budget|but do|don't|do not|on (?:the|⟦)|for \d|as (?:the )?labels?|mit|bitte)\b.*$",
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
_BY_PLACE = re.compile(
    r"\b(?:the|that|my) (?P<place>first|second|third|fourth|last)(?: (?:one|label|class|category))? (?:is|should (?:be|read)|must be|is (?:meant|supposed) to be|was meant to be) ['\"]?(?P<new>[\w-]+)['\"]?",
    re.IGNORECASE,
)
_PLACES = {"first": 0, "second": 1, "third": 2, "fourth": 3, "last": -1}
_LEFT_OUT = re.compile(
    r"\b(?:leav\w+ out|left out|dropp?\w*|remov\w+|exclud\w+|ignor\w+|omit\w*|skip\w*|without|take out|discard\w*)(?: (?:the|all|these|those|rows|samples|of|with))*\s*$",
    re.IGNORECASE,
)
"""What stands before labels that are not wanted (see label_wishes.py)."""
_NOT_A_LABEL = words("not_a_label")
_LEAD = re.compile(r"^(?:use|using|with|take|just|only)\s+", re.IGNORECASE)
_SETTING = re.compile(
    r"\b(?:no|not|please|only|deploy\w*|budget|max|epochs?|cheap|fast|quick\w*|data ?set|models?|train\w*|eval\w*|sweep|asap|thanks|etc|see|old|new|private)\b",
    re.IGNORECASE,
)
"""A word by which a bare list in brackets is an aside about the run, not about labels."""
_MODELS = re.compile(r"\b(?:qwen|llama|gemma|kimi|gpt|mistral|glm|deepseek)|\d ?b\b", re.IGNORECASE)
_LEAST_LABELS = 2
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
        if len(found) >= _LEAST_LABELS:
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
    """The places that look like a list of labels: start, end and text, the surest kind that there is."""
    if not _MENTIONED.search(text):
        return []
    kinds = [_bulleted(text) + _by(text, _LIST) + _by(text, _VERB_LIST) + _by(text, _BEFORE)]
    classifying = bool(_CLASSIFYING.search(text))
    kinds += [_by(text, _NAMED) if classifying else [], _by(text, _BARE)]
    if classifying:
        aside = [place for place in _by(text, _ASIDE) if not _SETTING.search(place[2])]
        kinds += [_by(text, _INTO)[:1], aside[:1], _by(text, _SLASHED)[:1]]
    found = next((good for kind in kinds if (good := sorted(filter(_lists_labels, kind)))), [])
    kept: list[tuple[int, int, str]] = []
    for item in found:
        if not kept or item[0] >= kept[-1][1]:
            kept.append(item)
    return kept


def _lists_labels(place: tuple[int, int, str]) -> bool:
    found, _ = _pieces(place[2])
    return len(found) >= _LEAST_LABELS and not _NOT_A_LIST.match(place[2]) and not any(map(_MODELS.search, found))


def _by(text: str, pattern: re.Pattern[str]) -> list[tuple[int, int, str]]:
    """All of a kind, without those that name what is not wanted."""
    return [
        (m.start("list"), m.end("list"), m["list"])
        for m in pattern.finditer(text)
        if not _LEFT_OUT.search(text[max(0, m.start() - 40) : m.start()])
    ]


def _bulleted(text: str) -> list[tuple[int, int, str]]:
    """Lists of one label a line; a line of another depth or with a key ("model: ...") ends it."""
    found = []
    for match in _BULLETS.finditer(text):
        lines = match["list"].split("\n")
        depth = re.match(r"[ \t]*", lines[0])
        level = rf"{depth.group() if depth else ''}(?:[-*•]|\d+[.)])\s*(?P<item>[^:]+)"
        heads = takewhile(bool, (re.fullmatch(level, line) for line in lines))
        items = [head["item"] for head in heads if head]
        if len(items) >= _LEAST_LABELS:
            taken = "\n".join(lines[: len(items)])
            found.append((match.start("list"), match.start("list") + len(taken), "\n".join(items)))
    return found


def _pieces(piece: str) -> tuple[list[str], int]:
    """The labels of a list and how much of it they take; what follows "no wait" replaces what stands before it."""
    cut = _CUT.search(piece)
    body = piece[: cut.start()] if cut and cut.start() > 0 else piece
    closed = body.find(")")
    if closed > 0 and "(" not in body[:closed]:
        body = body[:closed]
    again = list(_RETRACT.finditer(body))
    if again and len(_SPLIT.split(body[again[-1].end() :].strip(" ,:—-"))) >= 2:
        labels = _SPLIT.split(body[again[-1].end() :].strip(" ,:—-"))
    else:
        labels = _SPLIT.split((body[: again[0].start()] if again else body).strip(" ,:—-"))
        body = body[: again[0].start()] if again else body
    bare = [_LEAD.sub("", label.strip(" \"'()[]{}.—*")) for label in labels]
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

    def by_place(match: re.Match[str]) -> str:
        place = _PLACES[match["place"].lower()]
        if place >= len(values):
            return match.group()
        values[place] = match["new"]
        return ""

    tail = _BY_PLACE.sub(by_place, tail)
    tail = _RENAME.sub(rename, tail)
    tail = _DROP.sub(drop, tail)
    return values, _ADD.sub(add, tail)
