"""Reading a list of labels, as written, with the corrections that follow it."""

from __future__ import annotations

from dataclasses import dataclass

from agent.understanding import patterns as re
from agent.understanding.label_places import LEAST_LABELS, label_places
from agent.understanding.label_repairs import with_repairs
from agent.understanding.vocabulary import words

_SPLIT = re.compile(
    r"\s*(?:,|/|;|\||\n)\s*(?:(?:and|or|und|oder|et|ou|y|o|e|plus)\s+(?!(?:and|or|und|oder|et|ou)\s))?|\s+(?:and|or|und|oder|et|ou|y|o|plus|vs\.?|versus)\s+|\s*[和与或]\s*|\s*&\s*",
    re.IGNORECASE,
)
_CUT = re.compile(
    r"\s*(?:,|—| -)?\s*\b(?:on |with |using |use |for |mit |auf |avec |sur |con |sobre |用|模型)?(?:the )?(?:qwen|llama|gemma|kimi|gpt-)[\w .-]*\d.*$|\s*,\s*(?:and )?(?:accuracy|genauigkeit|trefferquote|exactitud\w*|at least|goal|aim|hold|keep|ohne|bitte|por favor|s'il)\b.*$|\s*,\s*(?:准确率|预算|模型|数据|学习率|不要|不用|用|并行|基础模型|最多|至少|训练|请|目标|测试)[^\n]*$|\s(?:—|-)\s(?!\W*(?:no|wait|sorry|actually|scratch|correction|i mean|oh|ah|make|rather)\b).*$|(?<=\S)\s+(?:in|from|for|as|auf|dans|en) (?:the|my|our|that|this|our|dem|der|le|la|el)\b.*$|(?<=[\w\"'])\s*\](?!\S).*$|\s*,\s*(?:and )?(?:\d+(?:[.,]\d+)? ?(?:%|percent|epochs?|usd|dollars|jobs)|[$€]\d|\d+/\d+\b).*$|\s*,\s*(?:and )?(?:(?:base )?models?|data ?sets?|data|eval\w*|epochs?|ranks?|budget|split|target|lr|learning rate|no deploy\w*|deploy\w*|threshold|max|at most|\d+ epochs?|one epoch|two epochs)\b(?=[ :=]|$).*$|\s*(?:,|—| -)?\s*\b(?:use|using|with(?= (?:qwen|llama|⟦|\d))|train|please|compare|keep|fine-?tune|tune|imbalance|budget|but do|don't|do not|on (?:the|⟦)|for \d|as (?:the )?labels?|mit|bitte)\b.*$",
    re.IGNORECASE | re.DOTALL,
)
_RETRACT = re.compile(
    r"\b(?:no,? wait|wait|actually|sorry|scratch that|correction|i mean(?:t)?|make that|rather)\b", re.IGNORECASE
)
_SO = re.compile(
    r"(?:^|, ?|; ?)(?:so|hence|thus|therefore|that is|making it|that leaves|leaving|final list:?)\b:? ", re.IGNORECASE
)
"""What follows "so" sums up a correction: "no wait, neutral is gone, so pos, neg"."""
_EXPLAINED = re.compile(r" ?\((?:[^()\n]+ [^()\n]+)\)(?=\s*(?:$|[,;\n]))")
"""An explanation in brackets behind a label, two words or more."""
_NOT_A_LABEL = words("not_a_label")
_LEAD = re.compile(r"^(?:use|using|with|take|just|only|so|hence|thus|exactly|either|simply)\s+", re.IGNORECASE)
_MODELS = re.compile(r"\b(?:qwen|llama|gemma|kimi|gpt|mistral|glm|deepseek)|\d ?b\b", re.IGNORECASE)
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
    for start, end, piece in label_places(text, _lists_labels):
        found, used = _pieces(piece)
        if len(found) >= LEAST_LABELS:
            values = found
            spans.append((start, start + used if used else end))
    if not spans:
        return Labels((), text)
    tail = text[spans[-1][1] :]
    values, tail = with_repairs(values, tail)
    rest = text[: spans[-1][1]] + tail
    for start, end in reversed(spans):
        rest = rest[:start] + " ⟦l0⟧ " + rest[end:]
    return Labels(tuple(values), rest)


def _lists_labels(piece: str) -> bool:
    found, _ = _pieces(piece)
    return len(found) >= LEAST_LABELS and not any(map(_MODELS.search, found))


def _pieces(piece: str) -> tuple[list[str], int]:
    """The labels of a list and how much of it they take; what follows "no wait" replaces what stands before it."""
    cut = _CUT.search(piece)
    body = _EXPLAINED.sub("", piece[: cut.start()] if cut and cut.start() > 0 else piece)
    closed = body.find(")")
    if closed > 0 and "(" not in body[:closed]:
        body = body[:closed]
    again = list(_RETRACT.finditer(body))
    if again and len(_SPLIT.split(body[again[-1].end() :].strip(" ,:—-"))) >= 2:
        labels = _SPLIT.split(_SO.split(body[again[-1].end() :])[-1].strip(" ,:—-"))
    else:
        labels = _SPLIT.split((body[: again[0].start()] if again else body).strip(" ,:—-"))
        body = body[: again[0].start()] if again else body
    bare = [_LEAD.sub("", label.strip(" \"'()[]{}.—*")) for label in labels]
    codes = all(len(w) <= 3 for w in bare)
    clean = [w for w in bare if w and (codes or _is_label(w))]
    return list(dict.fromkeys(clean)), len(body) if "(" not in piece else 0


def _is_label(word: str) -> bool:
    return bool(word) and word.lower() not in _NOT_A_LABEL and len(word.split()) <= _MOST_WORDS and len(word) <= 60
