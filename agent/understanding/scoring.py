"""Reading how the candidates are to be scored."""

from __future__ import annotations

from agent.understanding import patterns as re

_VLOSS = re.compile(
    r"\b(?:validation[- ]loss|val[ _-]loss|eval(?:uation)?[ _-]loss|loss on (?:the )?validation(?: set)?|held-out loss|validation_loss)\b"
)
_LOSS_GOAL = re.compile(
    r"\b(?:validation|val|eval(?:uation)?|held-out)[ _-]loss(?: \w+){0,4}? ?(?:below|under|less than|lower than|of|at most|<=?|=|to|at|beneath|down to|or) (?:at most |about )?\d"
)
_NOT_LOSS = re.compile(
    r"\b(?:not|instead of|rather than|without|don'?t (?:use|trust|want)|do not (?:use|want)|more than|no)(?: \w+){0,3} (?:validation|val|eval)[ _-]loss|(?:validation|val|eval)[ _-]loss (?:is not|isn'?t|alone is not|tells|says|alone isn)"
)
_MAKE = r"(?:generat\w+|writ\w+|wrote|build\w*|creat\w+|author\w*|mak(?:e|es|ing)|come up with|design\w*|cod(?:e|es|ing)|develop\w*|implement\w*|produc\w+|draft\w*|invent\w*|craft\w*|put together|set up|devise|code up|cook up)"
_SCORER = r"(?:evaluators?|graders?|scorers?|scoring (?:function|code|script)?|(?:score|scoring|reward|grading|check(?:ing)?|marking) (?:program|script|code|logic|tool|routine)|reward(?:[- ](?:function|code|script))?|eval(?:uation)? (?:script|code|function|logic)|checkers?|judge code|metric|verifier|scoring|grading function)"
_GENERATE = tuple(
    re.compile(p)
    for p in (
        rf"(?<!not )(?<!don't )\b{_MAKE}\b(?: (?!and|but|then)[\w'⟦⟧-]+){{0,7}} {_SCORER}\b",
        rf"\b{_SCORER}\b[^\n]{{0,90}}?[.;,:—]\s+(?:[\w']+,? ){{0,4}}?{_MAKE} (?:one|1|that|it|some|something)\b",
        rf"\b{_SCORER}(?: \w+){{0,3}} {_MAKE} (?:you|yourself|yourselves)\b",
        rf"\b(?:you|yourself|yourselves|agent)\b(?: \w+){{0,3}} {_MAKE}(?: \w+){{0,3}} {_SCORER}\b",
        r"\bagent[- ](?:generated|written|authored) (?:evaluator|scorer|reward)",
        rf"\b{_SCORER}(?: \w+){{0,5}} (?:yourself|for me|for us|automatically|from the data|generated|you (?:write|build|generate|make))",
        rf"\b{_SCORER} (?:generate|write|create|build)\b",
        r"\b(?:score|reward|give|points?|grade|return|gets?|award)\s*(?:of|is|=|:|it|them|the model|an answer|\w+)? ?\d(?:\.\d)?(?: points?)?,?(?: if| when| for| only| whenever| where)\b",
        r"\b(?:full|half|no|zero|0|1) (?:marks?|points?|credit),? (?:if|when|for|where|unless|only)\b",
        r"\b\d(?:\.\d)?,? (?:points?,? )?(?:if|when|for) [^.;]{3,120}(?:,|;| and| or| else)(?: \w+)? 0\b",
        r"\breward(?:ed|s|ing)?(?: function)?(?: it| the model| them| answers?| outputs?| is|:| should| shall| be| must| gives?| =)* (?:for |when |whenever |if |only |whether |based on |how |on |1 |compar\w+|check\w*|by )",
        r"\byou(?:'ll| will| can| should)? (?:write|code|build|make|create|generate) (?:the |that |some )?(?:code|script|function|logic|scoring)\b",
        r"\breward(?:[- ](?:function|code|rule))?\s*[:=]\s*(?:\w+\W+){2}",
        r"\b(?:correct|right|valid|exact|match\w*)\b[^.;]{0,30}\b(?:score|gets?|gives?|is|earns?|=|->) ?\d(?:\.\d)?\b",
        r"\breward (?:short|correct|valid|concise|polite|answers|outputs|responses|exact|passing|the)\b",
        r"\b(?:no|don'?t have|do not have|haven'?t|lack|without)(?: \w+){0,3} (?:evaluator|grader|scorer|reward function)[^.;]{0,40}\b(?:write|generate|build|make|create|yourself)",
    )
)
_NOT_GENERATE = re.compile(
    rf"\b(?:nobody|no one|none of us|no time|no capacity|without having)\b(?: [\w']+){{0,6}} {_MAKE}\b(?: \w+){{0,5}} {_SCORER}|\b(?:do not|don'?t|no need to|never|not|without)(?: \w+)? {_MAKE}\b(?: \w+){{0,5}} {_SCORER}"
)
_OF_SCORING = re.compile(
    r"evaluat|grad|scor|reward|check|metric|verif|judge|point|mark|credit|correct|right|valid|exact|match|code|script|function"
)
"""Without one of these a text says nothing of who scores."""
_OPEN = re.compile(
    r"\b(?:not decided|undecided|not yet|still (?:thinking|open|unclear)|no idea|tbd|don'?t know|haven'?t (?:decided|thought|settled)|not sure|to be (?:decided|clarified|defined|discussed)|another time)\b"
)
"""How to score is not settled."""


def read_evaluation(text: str, evaluator: str | None, rubric: str | None) -> str | None:
    """How candidates are scored: evaluator, rubric, generated, validation_loss; None when the text does not say."""
    if rubric:
        return "rubric"
    if evaluator:
        return "evaluator"
    if wants_generated(text):
        return "generated"
    bare = _NOT_LOSS.sub("", _LOSS_GOAL.sub("", text))
    return "validation_loss" if _VLOSS.search(bare) else None


def wants_generated(text: str) -> bool:
    """Whether the agent shall write the scorer itself, or is told what to score."""
    if not _OF_SCORING.search(text) or _NOT_GENERATE.search(text):
        return False
    found = (m for pattern in _GENERATE for m in pattern.finditer(text))
    return any(not _OPEN.search(re.split(r"[.;!?]\s|\n", text[m.start() :])[0]) for m in found)
