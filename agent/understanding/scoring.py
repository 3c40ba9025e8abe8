"""Reading how the candidates are to be scored, and the goal that was set."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tuning.request import Metric, Target, Workflow

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
_SCORER = r"(?:evaluators?|graders?|scorers?|scoring (?:function|code|script)?|reward(?:[- ](?:function|code|script))?|eval(?:uation)? (?:script|code|function|logic)|checkers?|judge code|metric|verifier|scoring|grading function)"
_GENERATE = tuple(
    re.compile(p)
    for p in (
        rf"(?<!not )(?<!don't )\b{_MAKE}\b(?: (?!and|but|then)[\w'⟦⟧-]+){{0,7}} {_SCORER}\b",
        r"\bagent[- ](?:generated|written|authored) (?:evaluator|scorer|reward)",
        rf"\b{_SCORER}(?: \w+){{0,5}} (?:yourself|for me|for us|automatically|from the data|generated|you (?:write|build|generate|make))",
        rf"\b{_SCORER} (?:generate|write|create|build)\b",
        r"\b(?:score|reward|give|points?|grade|return|gets?|award)\s*(?:of|is|=|:|it|them|the model|an answer|\w+)? ?\d(?:\.\d)?(?: points?)?(?: if| when| for| only| whenever| where)\b",
        r"\b\d(?:\.\d)? (?:points? )?(?:if|when|for) [^.;]{3,120}(?:,|;| and| or| else)(?: \w+)? 0\b",
        r"\breward(?:ed|s|ing)?(?: function)?(?: it| the model| them| answers?| outputs?| is|:| should| shall| be| must| gives?| =)* (?:for |when |whenever |if |only |whether |based on |how |on |1 |compar\w+|check\w*|by )",
        r"\byou(?:'ll| will| can| should)? (?:write|code|build|make|create|generate) (?:the |that |some )?(?:code|script|function|logic|scoring)\b",
        r"\breward(?:[- ](?:function|code|rule))?\s*[:=]\s*(?:\w+\W+){2}",
        r"\b(?:correct|right|valid|exact|match\w*)\b[^.;]{0,30}\b(?:score|gets?|gives?|is|earns?|=|->) ?\d(?:\.\d)?\b",
        r"\breward (?:short|correct|valid|concise|polite|answers|outputs|responses|exact|passing|the)\b",
        r"\b(?:no|don'?t have|do not have|haven'?t|lack|without)(?: \w+){0,3} (?:evaluator|grader|scorer|reward function)[^.;]{0,40}\b(?:write|generate|build|make|create|yourself)",
    )
)
_NOT_GENERATE = re.compile(
    rf"\b(?:do not|don'?t|no need to|never|not|without)(?: \w+)? {_MAKE}\b(?: \w+){{0,5}} {_SCORER}"
)
_LLM_JUDGE = re.compile(r"⟦r0⟧")
_METRICS: tuple[tuple[Metric, str], ...] = (
    (
        "win_rate",
        r"win[- _]?rates?|winrate|wins?\b(?= (?:\d+(?:\.\d+)?%? (?:of \w+ )?)?(?:against|over|rate))|of (?:the )?(?:comparisons|duels|match-?ups|head-to-heads|pairs)",
    ),
    ("validation_loss", r"(?:validation|val|eval(?:uation)?|held-out|test)[ _-]loss|loss"),
    ("macro_f1", r"(?:macro )?(?<!micro )(?<!micro-)(?<!weighted )(?<!weighted-)f1(?:[ -](?:scores?|macro))?\b"),
    ("accuracy", r"accura(?:cy|te)|acc\b|correct(?:ly)?|hit rate|right\b"),
    ("score", r"scores?|rewards?|eval(?:uator)? (?:score|result)|rating|mean reward|average"),
)
_METRIC = re.compile("|".join(f"(?P<{name}>\\b(?:{words}))" for name, words in _METRICS))
_GOAL = re.compile(
    r"\b(?:target|goal|at least|reach\w*|above|over|below|under|hit(?:s|ting)?|get(?:s|ting)?(?: to| it to| us to| me to| above| over)?|aim\w*|needs?|want\w*|until|minimum|min\b|stop|once|as soon as|exceeds?|beats?|better than|more than|less than|must|should|shall|required?|or (?:better|more|higher|lower|less)|push|bring|no (?:worse|lower|higher) than|objective|happy with|satisfied with|content with|pleased with|glad with|settle for|done when|success is|suffices?|ambition|hope(?: for)?|would (?:like|love)|at minimum|no less than|make (?:us|me) happy|be (?:great|nice|enough|fine)|not (?:below|under|less than)|bar|expect|looking for|good enough|bar is|threshold)\b|>=?|≥|<=?"
)
_OF_OTHERS = re.compile(
    r"\b(?:currently|at the moment|right now|today|so far|baseline|base model|base gets|reported|paper|claims?|scored|got|gets(?! (?:below|above|under|over|to|at least))|had|was|were|reached|achieved|stands? at|sits? at|is at|we are at|we're at|⟦m\d+⟧ (?:is|has|gets|got|reaches|scores|achieves|manages|hits|sits)|competitor|other team|vendor|existing|old)\b"
)
_NUM = re.compile(
    r"(?<![\w.$/:-])(?P<n>\d+(?:\.\d+)?)(?: ?(?P<pct>%|percent|percentage points?))?(?![\w/:]|\.\d| (?:epochs?|samples?|rows|jobs?|labels|ranks?|models?|dollars|usd|examples|classes))"
)
_OF_GRID = re.compile(
    r"(?:beta|β|ranks?|lr|rates?|epochs?|ratio|threshold|split|alpha|size|seed|temperature|dropout)\s*(?:=|:|of|to|at)?\s*$"
)
_OUT_OF = re.compile(r"(?<![\w.])(?P<a>\d{1,3}) (?:out of|in every) (?P<b>10|20|50|100|1000)\b")
_BEATS = re.compile(
    r"\b(?:beats?|wins? against|preferred over|preferred to|better than)\b[^.;]{0,40}?(?P<n>\d+(?:\.\d+)?) ?(?:%|percent)(?: of)?"
)
_BARE_GOAL = re.compile(
    r"\b(?:stop(?: early)?(?: once| when| as soon as)?(?: (?:it|we|you)(?: \w+)?)?(?: (?:at|reach\w*|hits?|gets? to))*|target|goal|aim(?: for)?|until)(?: (?:is|of|at|a|an|the|about|around))*\s*[:=]?\s*(?P<n>0?\.\d+|\d\d(?:\.\d+)?(?= ?(?:%|percent)))(?: ?(?P<pct>%|percent))?"
)
_OF_SPLIT = re.compile(r"\b(?:hold|held|holdout|split|test|train|training|keep|reserve|carve|use|sample)\b")
_AT_LEAST = re.compile(
    r"(?:\b(?:at least|no less than|minimum of|more than|over|above)|>=?|≥) (?P<n>\d\d(?:\.\d+)?) ?(?:%|percent)(?! (?:of|for|to|train|test|split|hold|held|cheaper|less|more|off))"
    r"|\b(?P<m>\d\d(?:\.\d+)?) ?(?:%|percent) or (?:more|better|higher|above)\b"
)
"""A share that has to be reached, and of nothing else that is named: of a classification that can only be its accuracy."""
UNNAMED_METRICS: Mapping[Workflow, Metric] = {"rft": "score", "classification": "accuracy", "preference": "win_rate"}
"""What a goal that names no metric is about."""
_REACH = 60


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
    return any(p.search(text) for p in _GENERATE) and not _NOT_GENERATE.search(text)


def read_target(text: str, unnamed: Metric | None = None) -> Target | None:
    """The last goal of a text: a metric, a number and a word that makes it a goal. Results of others are none.

    `unnamed` is the metric of a goal that names none ("stop at 0.9").
    """
    found: Target | None = None
    text = _OUT_OF.sub(lambda m: f"{100 * float(m['a']) / float(m['b']):g}%", text)
    for sentence in re.split(r"(?<=[.;!?])\s|\n", text):
        for metric in _METRIC.finditer(sentence):
            target = _at(sentence, metric)
            found = target or found
    return found or _unnamed(text, unnamed)


def _at(sentence: str, metric: re.Match[str]) -> Target | None:
    name: Metric = next(m for m, _ in _METRICS if metric[m])
    near = [n for n in _NUM.finditer(sentence) if -_REACH < n.start() - metric.end() < _REACH]
    for number in sorted(near, key=lambda n: min(abs(n.start() - metric.end()), abs(metric.start() - n.end()))):
        lo, hi = min(metric.start(), number.start()), max(metric.end(), number.end())
        around = sentence[max(0, lo - 50) : hi + 20]
        value = _value(name, float(number["n"]), bool(number["pct"]))
        if _OF_GRID.search(sentence[max(0, number.start() - 20) : number.start()]):
            continue
        if value is None or not _GOAL.search(around) or _foreign(sentence, lo, hi):
            continue
        return Target(metric=name, value=value)
    return None


def _foreign(sentence: str, lo: int, hi: int) -> bool:
    """Whether the figure is somebody's result: "GPT-4 gets 85%", without a goal word between that and the number."""
    clause = re.split(r",|;|—|\(|\band\b|\bbut\b|\bso\b", sentence[max(0, lo - 60) : hi])[-1]
    other = _OF_OTHERS.search(clause)
    return bool(other) and not re.search(
        r"\b(?:target|goal|at least|until|stop|must|should|aim|want|need|reach)\b", clause
    )


def _value(metric: Metric, number: float, percent: bool) -> float | None:
    if metric == "validation_loss":
        return number if not percent and number < 20 else None
    if percent or 1 < number <= 100:
        return round(number / 100, 10) if 0 < number <= 100 and (percent or metric != "score" or number > 10) else None
    return number if 0 < number <= 1 else None


def _unnamed(text: str, metric: Metric | None) -> Target | None:
    """ "Beat the base in 70% of cases", "stop at 0.9": a goal whose metric stands in other words, or in none."""
    if found := _BEATS.search(text):
        return Target(metric="win_rate", value=round(float(found["n"]) / 100, 10))
    if metric and (found := _BARE_GOAL.search(text)):
        value = float(found["n"])
        return Target(metric=metric, value=round(value / 100, 10) if found["pct"] else value)
    found = _AT_LEAST.search(text)
    if metric == "accuracy" and found and not _OF_SPLIT.search(text[max(0, found.start() - 40) : found.start()]):
        return Target(metric=metric, value=round(float(found["n"] or found["m"]) / 100, 10))
    return None
