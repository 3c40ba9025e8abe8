"""Where a text may list its labels: after their noun, before it, in brackets, in bullets, in quotes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile

from agent.understanding import patterns as re

Place = tuple[int, int, str]
"""Start, end and text of a list."""
LEAST_LABELS = 2
_NOUN = r"(?:(?<![\w-])(?:labels?(?: names?)?|classes|class names|categories|intents|tags|klassen|kategorien|etiketten|étiquettes|catégories|etiquetas|categorías|clases|etichette|rótulos|labelset|label set|label list|class list|class labels|candidate labels|classification labels|target labels|class set|rubriken|klassenliste|libellés|classi|categorie|categorias)(?![\w-])|标签|类别|分类标签)"
_BE = r"(?: (?:are|is|should be|will be|to use|would be|be|sind|sont|son|lauten|list|set|names|only|just|now|exactly|the following|these|as follows|für|here)| written| called| named| following| as| follows| wie folgt| suivantes| siguientes| ?为| ?是| ?有| ?包括| ?包含| ?如下| ?分别是| ?分别为)*"
_LIST = re.compile(
    rf"(?P<noun>{_NOUN}),?{_BE}(?:(?: (?!are\b|is\b)[^\W\d_]+){{1,4}}(?=:))?(?:\s*\([^)\n]{{1,24}}\))?\s*[\"']?\s*(?P<sep>[:=—]|-(?= )|(?<=是)|(?<=为)|(?<=有)|(?<=包括)|(?<=包含))\s*(?P<list>[^\n.;!?⟦]+(?:\.(?=\d|\w)[^\n.;!?⟦]+)*)",
    re.IGNORECASE,
)
_VERB_LIST = re.compile(
    rf"\b(?P<noun>{_NOUN})(?:\s*\((?=[^)\n]{{3,400}}\))| (?:are (?:written|called|named|spelled|just|simply)|are|sind|lauten|heißen|heissen|is|sont|son|sono|são|should be|will be|would be|shall be|are written|are called|are named|read|include|being|named|called) )(?P<list>[^\n.;!?⟦:()]+)",
    re.IGNORECASE,
)
_INTO = re.compile(
    r"\b(?:into|as either|as|between|either|(?:sentiment|spam|intents?|urgency|toxicity|priority|emotion|topic)\b[^.:;\n]{0,40}:|(?:(?<=classify )|(?<=classified )|(?<=sort )|(?<=sorted )|(?<=label )|(?<=them )|(?<=split ))in|(?:whether|if) (?:it|they|this|something|(?:the|a|an) \w+) (?:is|are)|zwischen|entre|(?:rout\w*|send|forward|assign|dispatch|goes|go)\b[^.:;\n]{0,30} to)(?: (?:one of|the \w+ (?:labels|classes|categories)|(?:two|three|four|five|\d) \w+))?:? (?P<list>[\w'-]+(?: ?/ ?[\w'-]+)+|[\w'/-]+(?: [\w'/-]+)?(?:, ?(?!and |or |und |oder |et |ou |y |o )[\w'/-]+(?: [\w'/-]+)?)*,? (?:or|and|oder|und|ou|et|y|o|vs\.?|versus) [\w'/-]+(?: (?!with|using|on|and|from|for|in|please)[\w'/-]+)?)(?=\s*(?:$|[.,;:!?)\n]| (?:with|using|on|from|for|in|mit|avec|con|please)\b))",
    re.IGNORECASE,
)
_ALSO_NOUN = r"(?:queues?|departments?|teams?|topics?|buckets?|groups?|sentiments?|emotions?|languages?|priorities|priority levels|outcomes?|options|possible (?:values|answers)|target values|statuses|genres?|routes|destinations|severities|levels|types|kinds|sorts|services|abteilungen|warteschlangen|themen|servicios|departamentos|temas|colas|sujets|files d'attente|équipes|temi|reparti|temas|filas|部门|队列|主题)"
_NAMED = re.compile(
    rf"\b(?P<noun>{_ALSO_NOUN})(?:(?:(?: (?!and\b|or\b|with\b|from\b|on\b)[^\W\d_]+){{0,4}})?\s*(?P<sep>[:=])| (?:are|is|sind|sont|son)(?= [^\n.;!?⟦]*,))\s*(?P<list>[^\n.;!?⟦]+)",
    re.IGNORECASE,
)
"""Other names for the classes, in a text that classifies: "queues = claims, other"."""
_QUOTES = re.compile(
    r"(?P<list>(?P<q>[\"'])[^\"'\n]{1,40}(?P=q)(?:(?:\s*[,/|]\s*|,? (?:and|or|vs\.?|oder|und|ou|et|o|u|y|e) ){1,2}(?P=q)[^\"'\n]{1,40}(?P=q))+)",
    re.IGNORECASE,
)
"""Names in quotes, one after the other: whether a call is "sale", "support" or "exit"."""
_ITEM = r"[\w'/&-]+(?: (?!are\b|as\b|is\b|and\b|or\b|und\b|the\b)[\w'/&-]+){0,2}"
_BEFORE = re.compile(
    rf"(?:^|[.;:(!?\n—]|\b(?:use|using|with|mit|take|avec|con|namely|only|have|are|be|choose between|predict)\b)\s*\"?(?P<list>{_ITEM}(?:\"?, ?\"?(?!and |or |und ){_ITEM})*\"?,? (?:and |or |und |et |y |& )?\"?{_ITEM}\"?)"
    rf" (?:(?:are|is|as|sind|being|should be|will be|sont|son|als|comme|como) (?:(?:the|our|my|its|die|possible|only|les|las|all|three|two|four|five|six|\d+) )*{_NOUN})\b(?! (?:data|of|in|from)\b)",
    re.IGNORECASE,
)
"""The list before its noun: "P1, P2 and P3 are the labels"."""
_PLAIN_ITEM = r"(?:[^\W\d]|['+-]){1,20}\d{0,2}(?:[ _](?:[^\W\d]|['+-]){2,16})?"
_ASIDE = re.compile(
    rf"\b(?:classif\w+|clasific\w+|klassif\w+|extract\w*|type|kind|there are|we have|they are|namely|sentiment|intents?|categor\w+|spam|urgency|priority|topics?|toxicity|emotion|queue|department|team|tag|label|route|sort|triage|predict|which|whether|tells?|decides?|recogni[sz])\w*\b(?:[^.;:\n()?!]|\.(?=\d)){{0,120}}(?:\(| ?: ?| [—-] )(?P<list>{_PLAIN_ITEM}(?:(?: ?, ?| ?/ ?| ?\| ?|,? (?:or|and|vs\.?|oder|und|ou|et|y|o) ){_PLAIN_ITEM})+)(?=\)|\s*[.;\n]|\s*$| [—-] )",
    re.IGNORECASE,
)
"""A bare list after a bracket or a colon beside a word of classifying: "sentiment (good, bad, mixed)"."""
_SLASHED = re.compile(
    r"\b(?:classif\w+|categori[sz]\w+|label|tag|rout\w+|sort|predict\w*|decide|detect\w*|triage|sentiment|filter)\b[^.;:\n()?!]{0,60}?\s(?P<list>(?!train/|and/|base/|test/|w/)[^\W\d_]{2,20}(?:/[^\W\d_]{2,20}){1,9})(?=\s|$|[.,;])",
    re.IGNORECASE,
)
"""Slashes beside a verb of classifying: "classify mails urgent/normal"."""
_BULLETS = re.compile(
    rf"(?P<noun>{_NOUN}|\b{_ALSO_NOUN}\b)[^\n.;]{{0,30}}\n(?P<list>(?:[ \t]*(?:[-*•]|\d+[.)])[^\n]+(?:\n|$)){{2,60}})",
    re.IGNORECASE,
)
_VERSUS = re.compile(
    r"(?:^|[\s,:(])(?P<list>[^\W\d][\w-]*(?: (?:vs\.?|versus) [^\W\d][\w-]*)+)(?=\s*(?:$|[.,;:)\n]))", re.IGNORECASE
)
"""Names set against each other: "spam vs ham"."""
_ALONE = re.compile(
    r"(?:^|[.!?\n]\s*)(?P<list>[^\W\d][\w'-]{1,20}(?: ?/ ?[^\W\d][\w'-]{1,20}){1,9})(?=\s*(?:[.!?\n]|$))"
)
"""A sentence that is only names with slashes between."""
_NOT_A_LIST = re.compile(
    r"^\W*(?:in|from|inside|already|missing|unknown|given|known|stored|found|part|attached|taken|not|to be|up to|what|whatever|the same|noisy|balanced|imbalanced|skewed|rare|un-?merged|merged|unchanged|untouched|apart|wrong|clean|clear)\b",
    re.IGNORECASE,
)
"""How a sentence about the labels goes on that lists none: "the labels are in the data"."""
_MENTIONED = re.compile(
    rf"{_NOUN}|{_ALSO_NOUN}|classif|klassif|clasif|extract|categor|sort|label|tag|rout|urgence|prior|predict|decide|detect|triage|sentiment|spam|filter|intent|toxic|urgen|emotion|whether|tell|distinguish|bucket|einordn|zuordn|classer|clasific|分类|识别|zwischen|entre",
    re.IGNORECASE,
)
"""Without one of these a text has no list of labels; one search instead of eight."""
_CLASSIFYING = re.compile(
    r"分类|识别|情感|\b(?:classif\w+|klassifi\w+|clasific\w+|extract\w*|categori[sz]\w+|sort\w*|label\w*|tag\w*|priorit\w+|rout\w+|predict\w*|decide|einordnen|classer|clasific\w+|tells?|distinguish|whether|triage|bucket|sentiment|intents?|spam|toxicity|urgency|clas+if\w+|detect\w*|decid\w+|router|aiguill\w+|trier)\b",
    re.IGNORECASE,
)
_WORD = r"(?!(?:on|with|using|for|use|from|to|at|in|by|train|please|mit|auf|avec|sur|con|sobre) )[\w'-]+"
_TWO = rf"{_WORD}(?: (?!(?:and|or|und|oder|et|ou|y|o|on|with|using|for|from|in|at)\b)[\w'-]+)?"
_BARE = re.compile(
    rf"(?P<noun>{_NOUN}) (?!predict\w*|classif\w+|distribution|noise|quality|counts?\b|data\b|are\b|is\b|for\b|in\b|from\b|like\b|should\b|and\b|with\b|will\b|on\b|of\b|to\b|as\b|that\b|which\b)(?P<list>{_TWO}(?:\s*[/,|]\s*{_TWO})*(?:,? (?:and|or|und|oder|et|ou|y|o) {_WORD}| ?[/,|] ?{_WORD}))",
    re.IGNORECASE,
)
"""A list straight after its noun: "labels spam / ham / unsure"."""
_LEFT_OUT = re.compile(
    r"\b(?:leav\w+ out|left out|dropp?\w*|remov\w+|exclud\w+|ignor\w+|omit\w*|skip\w*|without|take out|discard\w*)(?: (?:the|all|these|those|rows|samples|of|with))*\s*$",
    re.IGNORECASE,
)
"""What stands before labels that are not wanted (see label_wishes.py)."""
_SETTING = re.compile(
    r"\b(?:no|not|please|only|deploy\w*|budget|max|epochs?|cheap|fast|quick\w*|data ?set|models?|train\w*|eval\w*|sweep|asap|thanks|etc|see|old|new|private)\b",
    re.IGNORECASE,
)
"""A word by which a bare list in brackets is an aside about the run, not about labels."""


def label_places(text: str, lists_labels: Callable[[str], bool]) -> list[Place]:
    """The places that look like a list of labels: start, end and text, the surest kind that there is.

    `lists_labels` tells whether a list holds labels at all.
    """
    if not _MENTIONED.search(text):
        return []
    kinds = [_bulleted(text) + _by(text, _LIST) + _by(text, _VERB_LIST) + _by(text, _BEFORE)]
    classifying = bool(_CLASSIFYING.search(text))
    told = max((start for start, _, _ in kinds[0]), default=len(text))
    # "The old one had the labels: a, b. Now labels x, y, z": a later list of three needs no colon.
    kinds[0] += [place for place in _by(text, _BARE) if place[0] > told and place[2].count(",") > 1]
    kinds += [_by(text, _NAMED) if classifying else [], _by(text, _BARE), _by(text, _QUOTES) if classifying else []]
    if classifying:
        aside = [place for place in _by(text, _ASIDE) if not _SETTING.search(place[2])]
        kinds += [
            _by(text, _INTO)[:1],
            aside[:1],
            _by(text, _SLASHED)[:1],
            _by(text, _VERSUS)[:1],
            _by(text, _ALONE)[:1],
        ]
    found = next(
        (good for kind in kinds if (good := sorted(place for place in kind if _fits(place, lists_labels)))), []
    )
    kept: list[Place] = []
    for item in found:
        if not kept or item[0] >= kept[-1][1]:
            kept.append(item)
    return kept


def _fits(place: Place, lists_labels: Callable[[str], bool]) -> bool:
    return not _NOT_A_LIST.match(place[2]) and lists_labels(place[2])


def _by(text: str, pattern: re.Pattern[str]) -> list[Place]:
    """All of a kind, without those that name what is not wanted."""
    return [
        (m.start("list"), m.end("list"), m["list"])
        for m in pattern.finditer(text)
        if not _LEFT_OUT.search(text[max(0, m.start() - 40) : m.start()])
    ]


def _bulleted(text: str) -> list[Place]:
    """Lists of one label a line; a line of another depth or with a key ("model: ...") ends it."""
    found = []
    for match in _BULLETS.finditer(text):
        lines = match["list"].split("\n")
        depth = re.match(r"[ \t]*", lines[0])
        level = rf"{depth.group() if depth else ''}(?:[-*•]|\d+[.)])\s*(?P<item>[^:]+)"
        heads = takewhile(bool, (re.fullmatch(level, line) for line in lines))
        items = [head["item"] for head in heads if head]
        if len(items) >= LEAST_LABELS:
            taken = "\n".join(lines[: len(items)])
            found.append((match.start("list"), match.start("list") + len(taken), "\n".join(items)))
    return found
