"""Reading the labels of a pasted table of counts: a first column of labels, numbers behind it."""

from __future__ import annotations

from agent.understanding import patterns as re

_HEAD = re.compile(
    r"^\W*(?:labels?|class(?:es)?|categor(?:y|ies)|intents?|tags?|topics?|queues?|klassen?|kategorien?|étiquettes?|catégories?|etiquetas?|categorías?|clases?|标签|类别)\W*(?:[|,;\t]| {2,})",
    re.IGNORECASE,
)
_CELLS = re.compile(r"\s*[|;\t]\s*|\s*,\s*|\s{2,}")
_NUMBER = re.compile(r"[~≈]?\d[\d.,' ]*(?: ?%)?")
_RULE = re.compile(r"^[\s|+:=—-]*$")
_TOTAL = re.compile(r"total|sum|summe|gesamt|all|alle|overall|总计|合计", re.IGNORECASE)
_LEAST_ROWS = 2
_THOSE = re.compile(
    r"\b(?:those|these|the(?= (?:two|three|four|five|\d)))(?: (?:two|three|four|five|six|seven|eight|\d+))? (?:labels|classes|categories|intents)\b",
    re.IGNORECASE,
)
"""Words that point at the labels of rows that are shown."""
_OF_ROW = re.compile(r"[\"'](?:label|class|category|intent)[\"']\s*:\s*[\"']([^\"'\n]{1,60})[\"']", re.IGNORECASE)


def labels_of_table(text: str) -> tuple[str, ...]:
    """The first column of a table whose head names labels and whose other columns are numbers, or those of rows shown that the text points at; () where there is none."""
    if _THOSE.search(text) and len(found := tuple(dict.fromkeys(_OF_ROW.findall(text)))) >= _LEAST_ROWS:
        return found
    lines = text.split("\n")
    for at, line in enumerate(lines):
        if _HEAD.match(line):
            found = _rows(lines[at + 1 :])
            if len(found) >= _LEAST_ROWS:
                return found
    return ()


def _rows(lines: list[str]) -> tuple[str, ...]:
    """The first cells of the rows up to the first line that is none."""
    labels: list[str] = []
    for line in lines:
        if _RULE.match(line):
            if labels and not line.strip():
                break
            continue
        cells = [cell for cell in _CELLS.split(line.strip(" |\t")) if cell]
        if len(cells) < 2 or not all(_NUMBER.fullmatch(cell) for cell in cells[1:]):
            break
        if not _TOTAL.fullmatch(cells[0].strip(" :")):
            labels.append(cells[0].strip(" \"'`"))
    return tuple(dict.fromkeys(labels))
