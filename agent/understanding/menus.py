"""Lists of options from which the text picks or strikes some: "A) ..., B) ...; we go with B", "drop row 3"."""

from __future__ import annotations

from agent.understanding import patterns as re

_ROW = re.compile(
    r"^\s*(?:\|\s*(?P<cell>[A-Za-z]|\d{1,2})\s*\||(?:option |candidate |variant |model |no\.? ?)?\(?(?P<label>[A-Ha-h]|\d{1,2})[).:\]])\s*\S",
    re.IGNORECASE,
)
_TABLE_ROW = re.compile(r"^\s*\|.*\|\s*$")
_RULE = re.compile(r"^[\s|:+-]+$")
_NOUN = r"(?:rows?|options?|candidates?|lines?|numbers?|no\.?|variants?|models?|entr(?:y|ies)|items?|#)"
_DROPS = re.compile(
    rf"\b(?:strike|drop|skip|without|remove|forget|leave out|cross out|delete|minus|except|ignore|omit|not) (?:the )?{_NOUN} ?(?P<labels>[A-Za-z]\b|\d{{1,2}}\b)(?:(?:,| and|,? or) (?P<more>[A-Za-z]\b|\d{{1,2}}\b))?"
    rf"|\b{_NOUN} (?P<gone>[A-Za-z]|\d{{1,2}}) (?:is|are) (?:out|off|dropped|no option|too \w+|cancelled)\b",
    re.IGNORECASE,
)
_PICKS = re.compile(
    rf"\b(?:go(?:ing)? (?:with|for)|went (?:with|for)|take|use|pick|choose|chose|want|only|just|decision:?|decided (?:on|for)|train|fine-tune|tune|it'?s) (?:the )?(?:{_NOUN} )?(?P<letter>(?-i:[A-H]))\b(?! [a-z]+s\b)|\b(?:go(?:ing)? (?:with|for)|went (?:with|for)|take|use|pick|choose|chose|want|only|just|decided (?:on|for)|train|fine-tune|tune) (?:the )?{_NOUN} ?(?P<number>\d{{1,2}})\b",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"\bthe (?P<place>first|second|third|fourth|fifth|last|bottom|top) (?:one|row|model|entry|line|candidate|option)?\s*(?:in|of|from|on) (?:the|that|this) (?:table|list)\b",
    re.IGNORECASE,
)
_ORDER = {"first": 0, "top": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1, "bottom": -1}
_LEAST_ROWS = 2


def chosen_rows(text: str) -> str:
    """The text without the rows of its list or table that it strikes, or does not pick. Other texts stay as they are."""
    lines = text.split("\n")
    labels = {i: (m["cell"] or m["label"]).lower() for i, line in enumerate(lines) if (m := _ROW.match(line))}
    if len(labels) >= _LEAST_ROWS:
        rest = "\n".join(line for i, line in enumerate(lines) if i not in labels)
        gone = _dropped(rest, labels)
        if gone and len(gone) < len(labels):
            return "\n".join(line for i, line in enumerate(lines) if i not in gone)
    return _picked_by_place(text, lines)


def _dropped(rest: str, labels: dict[int, str]) -> set[int]:
    """The rows that the text around the list strikes, or all but those that it picks."""
    struck = {(x or "").lower() for m in _DROPS.finditer(rest) for x in (m["labels"], m["more"], m["gone"])}
    picked = {(m["letter"] or m["number"]).lower() for m in _PICKS.finditer(rest)}
    if picked & set(labels.values()):
        return {i for i, label in labels.items() if label not in picked}
    return {i for i, label in labels.items() if label in struck}


def _picked_by_place(text: str, lines: list[str]) -> str:
    """ "The last one in the table": the other rows go, and so does the head."""
    rows = [i for i, line in enumerate(lines) if _TABLE_ROW.match(line) and not _RULE.match(line)][1:]
    place = _PLACE.search(text) if len(rows) >= _LEAST_ROWS else None
    if place is None or not -len(rows) <= _ORDER[place["place"].lower()] < len(rows):
        return text
    kept = rows[_ORDER[place["place"].lower()]]
    return "\n".join(line for i, line in enumerate(lines) if i not in rows or i == kept)
