"""Taking out the text of a rubric, so that its words and numbers are not read as settings."""

from __future__ import annotations

from agent.understanding import patterns as re

_NOUN = r"(?:\brubric|(?<!acceptance )(?<!success )(?<!exit )(?<!selection )(?<!stopping )\b(?:criteria|criterion)|\brubrik|\b(?:bewertungs)?(?:kriterien|kriterium|maßstab|massstab|schema|rubrik)|\bgrille|\bbarème|\bcritères?|\bcriterios?|\bcritérios?|\bcriteri\b|\bgriglia|\brúbrica|\bpauta|\bwhat (?:it|the judge|the llm|he|she|they)(?: (?:should|must|shall|has to|needs to|is to) (?:look (?:at|for)|check|reward|value|care about|pay attention to|weigh|consider|go by|follow|judge by|stick to|use|apply|rate by|be guided by|mind|want))?(?= ?:)|\bjudge (?:should|shall|must|has to|needs to|is to|will|can|please) (?:follow|use|apply|go by|stick to|obey|judge by|be given|get|read|have|receive)(?: (?:this|the following|these|those))?(?: (?:text|rules?|guidelines?|instructions?|lines?|wording|principles?|prompt|words))?(?= ?:)|\bmarking (?:scheme|guide)|\bgrading (?:scheme|guide|rules)|\bscoring (?:guide|rules)|\b(?:judge|judging|judge's) (?:instructions?|prompt|guidelines?|rules)|\b(?:instructions?|guidelines?|rules|prompt) for the judge|评分标准|评分规则|评判标准|评审标准|评估标准|评价标准|裁判标准|打分标准|评判准则)"
_RUBRIC = re.compile(
    rf"{_NOUN}(?:\s*\([^)\n]{{1,24}}\))?(?:[^\n.,:：;!?\"=]{{0,40}}?)(?:,? (?:which|that) (?:is|are))?\s*(?:[:：=—]|->| -(?= ))\s*(?P<text>\"[^\"]+\"|[^\n]+(?:\n\s*[-*•\d][^\n]+)*|\n+(?:\s*[-*•\d][^\n]+\n?)+)",
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
_SENTENCE_END = re.compile(r"(?<=[.;!])\s+|\n\n")
_OF_THE_RUN = re.compile(
    r"\b(?:win[- ]rate|average score|score of \d|mean score|target|goal|happy|deploy\w*|go live|budget|usd|dollars?|epochs?|lora|ranks?|lr|learning rate|betas?|jobs?|data ?sets?|fine-?tun\w*|train\w*|hold out|held|keep aside|set aside|split|sweep|hyper\w*|orpo|dpo|sft|grpo|rft|go with|fine by|samples|judge can|max|at most|no more than|limit|skip|base models?|candidates?|pairs|i|i'd|i'll|we|we'd|we're|my|please|don'?t|do not|use|run|stop|then|also|thanks|cheers|regards)\b"
    r"|\b(?:siegquote|ziel|bitte|epochen?|rang|ränge|datensatz|modell|lernrate|stichprobe|ausrollen|bereitstell\w+|dollar|wir|ich|höchstens|maximal|objectif|époques?|rang|budget|déploy\w+|nous|je|merci|objetivo|épocas?|rango|presupuesto|dólares|desplegar|despl\w+|por favor|gracias|muestras|quiero|queremos)\b|⟦|\$\d|\d ?%|部署|预算|美元|轮|模型|数据|胜率|目标|学习率|请|训练|并行|样本",
    re.IGNORECASE,
)
"""Words of the run: a further sentence with one of them is no longer the rubric's."""


def take_rubric(text: str) -> tuple[str, str | None]:
    """The text without its rubric, and the rubric as written (None when there is none)."""
    for pattern in (_RUBRIC, _QUOTED, _JUDGE_SAYS, _LLM_JUDGE, _PREFER, _JUDGE):
        match = pattern.search(text)
        if match is None:
            continue
        rubric = match["text"]
        if not rubric.startswith('"'):
            rubric = _own_sentences(rubric)
        end = match.start("text") + len(rubric)
        rubric = rubric.strip().strip('"').strip()
        if len(rubric) > 3:
            return f"{text[: match.start('text')]} ⟦r0⟧ {text[end:]}", rubric.rstrip(".")
    return text, None


def _own_sentences(text: str) -> str:
    """The first sentence and those after it that do not speak of the run."""
    ends = list(_SENTENCE_END.finditer(text))
    starts = [end.end() for end in ends]
    for end, start, stop in zip(ends, starts, [*starts[1:], len(text)], strict=False):
        if _OF_THE_RUN.search(text[start:stop]):
            return text[: end.start()]
    return text
