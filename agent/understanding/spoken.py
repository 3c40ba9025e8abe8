"""Undoing what is no plain writing: dictated punctuation and model names, filler sounds, flags of a command line."""

from __future__ import annotations

from agent.understanding import patterns as re
from agent.understanding.numbers import NUMBER_WORD, digit_groups

_FILLERS = re.compile(r"(?<![\w'-])(?:u+h+m*|u+m+|e+r+m+|e+hm+)(?![\w'-])[ ,]*", re.IGNORECASE)
_MARKS = {"comma": ",", "period": ".", "full stop": ".", "colon": ":", "semicolon": ";", "question mark": "?"}
_MARK = re.compile(rf" +(?P<mark>{'|'.join(_MARKS)})(?=\s|$)", re.IGNORECASE)
_LEAST_MARKS = 2
"""Spoken marks from which a text is taken for dictated; a single "period" may be a word."""
_FLAG = re.compile(r"(?<!\S)--(?P<name>[a-z][a-z_-]+)(?=[ =]|$)", re.IGNORECASE | re.MULTILINE)
_SHORT = (
    (
        re.compile(
            r"\b(max|min|vs|approx|ca|incl|excl|prof|dr|mr|mrs|ms|resp|dept|mind|höchst)\.(?=\s)", re.IGNORECASE
        ),
        r"\1",
    ),
    (re.compile(r"\bi\. ?e\.(?=[ ,])", re.IGNORECASE), "namely"),
    (re.compile(r"\be\. ?g\.(?=[ ,])", re.IGNORECASE), "for example"),
    (re.compile(r"\b(?:z\. ?b|d\. ?h|p\. ?ej|par ex|p\. ?ex)\.(?=[ ,])", re.IGNORECASE), "for example"),
    (re.compile(r"(?<![\w/.-])(lrs?|ranks?|betas?|epochs?|ep)(?=\d)", re.IGNORECASE), r"\1 "),
    (re.compile(r"(?<!\S)w/o(?=\s)", re.IGNORECASE), "without"),
    (re.compile(r"(?<!\S)w/ ?(?=\S)", re.IGNORECASE), "with "),
    (
        re.compile(
            r"(?<![\w/-])macro[-_ ]*(?:averaged?[-_ ]*)?f[-_ ]?1\b(?![-/])|(?<![\w/-])f[-_ ]?1[-_ ]macro\b(?![-/])",
            re.IGNORECASE,
        ),
        "macro f1",
    ),
    (re.compile(r"\bf[-_]?1[-_](?=scores?\b)", re.IGNORECASE), "f1 "),
    (re.compile(r"(?<!\S)b/c(?=\s)", re.IGNORECASE), "because"),
)
_TWO_CELLS = re.compile(
    r"^[ ]*\|?[ ]*(?P<key>[A-Za-z][^|\n]{0,28}?)[ ]*\|[ ]*(?P<value>[^|\n]*[^|\s:-][^|\n]*?)[ ]*\|?[ ]*$", re.MULTILINE
)
"""A row of a table of two columns: a setting and its value."""
_FAMILY = r"qwen|llama|lama|gemma|kimi(?: k)?|gpt(?:[ -]oss)?|mistral|mixtral|claude|gemini|phi"
_NUMBERS = rf"(?:(?:{NUMBER_WORD}|\d+(?:\.\d+)?)[ -]+(?:point[ -]+)?)*(?:{NUMBER_WORD})"
_NAME = re.compile(
    rf"\b(?P<family>{_FAMILY})[ -](?P<numbers>{_NUMBERS})(?P<size>[ -]?(?:b|billion)\b)?(?![\w-])", re.IGNORECASE
)
_BARE_SIZE = re.compile(
    rf"\b(?P<numbers>(?:{NUMBER_WORD})(?:[ -](?:{NUMBER_WORD}))*)[ -](?:b|billion)\b", re.IGNORECASE
)


_IS_CALLED = re.compile(r"\bse llama(?= [\"']?[^\W\d])", re.IGNORECASE)
"""Spanish for "is called", no model."""


def as_written(text: str) -> str:
    """The text as it would have been typed: "qwen three thirty two b comma" becomes "qwen 3 32b,"."""
    text = _FLAG.sub(lambda m: re.sub("[-_]", " ", m["name"]), _FILLERS.sub("", text))
    text = _IS_CALLED.sub("is called", text)
    text = _TWO_CELLS.sub(r"\g<key>: \g<value>", text)
    for pattern, word in _SHORT:
        text = pattern.sub(word, text)
    if len(_MARK.findall(text)) >= _LEAST_MARKS:
        text = _MARK.sub(lambda m: _MARKS[m["mark"].lower()], text)
    text = _NAME.sub(_name, text)
    return _BARE_SIZE.sub(lambda m: "".join(digit_groups(m["numbers"])) + "b", text)


def _name(match: re.Match[str]) -> str:
    groups = digit_groups(match["numbers"])
    size = "b" if match["size"] else ""
    if len(groups) > 1 and match["family"].lower().endswith("oss"):
        groups = [str(int(groups[0]) * 100 + int(groups[1]))] if groups[0].isdigit() and groups[1].isdigit() else groups
    joint = "" if match["family"].lower().endswith(" k") else " "
    return f"{match['family']}{joint}{' '.join(groups)}{size}"
