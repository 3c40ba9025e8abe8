"""Taking out the text of a rubric, so that its words and numbers are not read as settings."""

from __future__ import annotations

import re

_RUBRIC = re.compile(
    r"\b(?:rubric|criteria|criterion|rubrik|bewertungskriterien|kriterien|grille|critère|critères|criterio|criterios|kriterium|bewertungsrubrik|rúbrica|评分标准|评分规则|评判标准)"
    r"(?: (?:is|are|text|should be|below|follows|here|ist|lautet|est|es|text is))*\s*[:：=—-]\s*(?P<text>\"[^\"]+\"|[^\n]+(?:\n\s*[-*\d][^\n]+)*)",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"\b(?:rubric|criteria)\b[^\n\".]{0,30}\"(?P<text>[^\"]{8,})\"", re.IGNORECASE)
_JUDGE = re.compile(
    r"\b(?:judge|grade|score|rate|evaluate)(?: (?:them|it|the (?:answers?|outputs?|results?|completions?|responses?|candidates?)|each \w+|everything|pairs))?"
    r" (?:by|on|for|according to|based on) (?P<text>(?:how|whether|which|being|who|what)\b[^\n.]+)",
    re.IGNORECASE,
)
_JUDGE_SAYS = re.compile(r"\bjudg(?:e|ing)\s*[:：]\s*(?P<text>(?:[^\s.]+\s+){4,}[^\n]+)", re.IGNORECASE)
"""Five words or more: fewer name the judge's model."""
_LLM_JUDGE = re.compile(
    r"\b(?:(?:llm|an ai|the|a|pairwise|ai)[- ](?:as[- ]a[- ])?judge\b|judge\s*(?:=|:|is|being|shall be|should be|will be)\s*(?:an? )?(?:llm|ai|model)\b)(?: that| which| who| to| should| shall| must| with(?: the)? instructions?)*(?P<text> (?:prefers?|favou?rs?|rewards?|looks?|picks?|checks?|scores?|penali[sz]es?|compares?|rates?|values?|cares?|likes?|chooses?)\b[^\n.]+)",
    re.IGNORECASE,
)
_PREFER = re.compile(
    r"\b(?:rubric|judge|criteria)\b[^\n]{0,40}?(?P<text>\b(?:prefer|favou?r|penali[sz]e)\b[^\n]+?)(?=\.\s|\.?$|\n)",
    re.IGNORECASE,
)
_ENDS = re.compile(
    r"(?<=[.;!])\s+(?=(?:target|deploy|use|budget|stop|don'?t|do not|train|run|keep|max|please|and then|skip|sweep|then|also|dataset|base model|model|no deploy)\b)|\n\n",
    re.IGNORECASE,
)


def take_rubric(text: str) -> tuple[str, str | None]:
    """The text without its rubric, and the rubric as written (None when there is none)."""
    for pattern in (_RUBRIC, _QUOTED, _JUDGE_SAYS, _LLM_JUDGE, _PREFER, _JUDGE):
        match = pattern.search(text)
        if match is None:
            continue
        rubric = match["text"]
        if not rubric.startswith('"'):
            rubric = _ENDS.split(rubric)[0]
        end = match.start("text") + len(rubric)
        rubric = rubric.strip().strip('"').strip()
        if len(rubric) > 3:
            return f"{text[: match.start('text')]} ⟦r0⟧ {text[end:]}", rubric.rstrip(".")
    return text, None
