"""Reading the goal that was set: a metric and a number that a clause makes a goal; results of others are none."""

from __future__ import annotations

from collections.abc import Mapping

from agent.understanding import patterns as re
from tuning.request import Metric, Target, Workflow

_METRICS: tuple[tuple[Metric, str], ...] = (
    (
        "win_rate",
        r"win[- _]?rates?|winrate|win ratio|wins?\b(?= (?:(?:in |at least |more than |over |about |a |some )*\d+(?:\.\d+)? ?(?:%|percent)? (?:of (?:the )?(?:\w+ )?)?)?(?:against|over|rate|versus|vs))|of (?:the )?(?:comparisons|duels|match-?ups|head-to-heads|pairs)",
    ),
    ("validation_loss", r"(?:validation|val|eval(?:uation)?|held-out|test)[ _-]loss|loss"),
    ("macro_f1", r"(?:macro )?(?<!micro )(?<!micro-)(?<!weighted )(?<!weighted-)f1(?:[ -](?:scores?|macro))?\b"),
    ("accuracy", r"accura(?:cy|te)|acc\b|correct(?:ly)?|hit rate|right\b"),
    ("score", r"scores?|rewards?|eval(?:uator)? (?:score|result)|rating|mean reward|average"),
)
_METRIC = re.compile("|".join(f"(?P<{name}>\\b(?:{words}))" for name, words in _METRICS))
_GOAL = re.compile(
    r"\b(?:target|goal|at least|reach\w*|above|over|below|under|hit(?:s|ting)?|get(?:s|ting)?(?: to| it to| us to| me to| above| over)?|aim\w*|needs?|want\w*|until|minimum|min\b|stop|once|as soon as|exceeds?|beats?|better than|more than|less than|must|should|shall|required?|or (?:better|more|higher|lower|less)|push|bring|no (?:worse|lower|higher) than|objective|(?:what )?(?:we|i)(?:'re| are|'m| am) after|(?:happy|satisfied|content|pleased|glad|fine|ok|okay) (?:with|at|once|when|from|if)|(?:we|i)(?:'re| are|'m| am|'d be| would be|'ll be) (?:happy|content|satisfied|pleased|fine|good|glad)|settle for|done when|success\w*|suffices?|ambition|hope(?: for)?|would (?:like|love)|at minimum|no less than|make (?:us|me) happy|be (?:great|nice|enough|fine)|not (?:below|under|less than)|bar|expect|looking for|good enough|bar is|threshold|promis\w+|shoot\w* for|strive\w*|go for|looking at|committed to|insist\w* on|demand\w*|acceptable|minimum|or it's useless|of no use)\b|>=?|≥|<=?|≤"
)
_SETS = re.compile(
    r"\b(?:target|goal|at least|reach\w*|above|over|below|under|aim\w*|until|stop|once it|as soon as|no (?:worse|lower|higher) than|no less than|objective|(?:happy|satisfied|content|pleased|glad) (?:with|at|once|when|from|if)|settle for|done when|success\w*|want (?:it|this|that|us|to|at|an?|\d)|(?:like|want|love|need|hope) to see|or (?:better|more|higher|lower|less|above|below|under))\b|>=?|≥|<=?|≤"
)
"""Words that make a goal of a number whose metric stands in a sentence before."""
_SAID_AFTER = re.compile(
    r"^[^.;\d]{0,45}\b(?:that(?:'s| is| would be| shall be) (?:the|our|my) (?:target|goal|bar|aim|objective)|(?:take|use|set|treat|make|consider) (?:that|this|it)(?: as)? (?:the |our |a |my )?(?:target|goal)|(?:is|as|being|would be|shall be) (?:the|our|my) (?:target|goal|aim|bar|objective)|(?:we|i)(?:'re| are|'m| am|'d be| would be|'ll be) (?:happy|content|satisfied|pleased|fine|good|glad)|(?:would|will|should) (?:make (?:us|me)|be (?:great|nice|enough|fine|plenty)|do\b|suffice|satisfy)|is (?:enough|good enough|plenty|fine|sufficient)|or (?:better|more|higher|lower|less|above|below|bust)|minimum|at (?:the )?(?:least|minimum))"
)
_OTHERS = r"(?:competitors?|competing \w+|rivals?|other (?:team|group|lab|vendor|company|department)|neighbou?r\w*|paper|authors?|literature|leaderboard|sota|state of the art|vendor|baseline|predecessor|previous \w+|old \w+|current (?:model|system|bot|setup|solution|one|classifier|router)|existing \w+)"
_OF_OTHERS = re.compile(
    rf"\b(?:currently|at the moment|right now|today|so far|base (?:model )?(?:gets|has|is|reaches|scores|achieves|manages)|reported|claims?|scored|got|gets(?! (?:below|above|under|over|to|at least))|had|was|were|ended|reached|achieved|stands? at|sits? at|is at|it's at|we are at|we're at|⟦m\d+⟧ (?:is|has|gets|got|reaches|scores|achieves|manages|hits|sits|makes)|{_OTHERS}|existing|old|last (?:time|run|year|month|week|quarter)|yesterday|back then|previously)\b"
)
_LATER_OTHERS = re.compile(
    r"^[^.;,]{0,40}\b(?:today|right now|at the moment|currently|so far|last (?:time|year|month|week)|in the paper|already|these days|until now)\b"
)
_OWN = re.compile(
    r"\b(?:happy|content|satisfied|pleased|or (?:under|below|lower|above|better|higher)|(?:if|once|when|as soon as) it|target|goal|at least|until|stop|must|should|aim|want|need|this time)\b"
)
_CUT = re.compile(r",(?!\d)|;|—|\(|\band\b|\bbut\b|\bso\b|:")
_NOUN_AFTER = r"(?! (?!(?:or|and|on|for|with|over|against|before|then|is|would|will|if|at|in|after|by|as|but|so|to|please|accura\w+|acc|win|scores?|f1|validation|val|loss|mean|average|rewards?|the|we|i|it|that|which|points?|when|upwards?|right|correct\w*|macro|percent|not|no|needed|required|minimum|min|overall|from|of|are|was|were|across|you|now|target|goal|early|should|must|shall|does|do|here|there|instead|max\w*|this|these|those|under|wins?|better|averaged)\b)[^\W\d_]{2})"
_NUM = re.compile(
    rf"(?<![\w.$/:-])(?P<n>\d+(?:\.\d+)?)(?: ?(?P<pct>%|percent|percentage points?)|(?![\w/:]|\.\d){_NOUN_AFTER})(?![\w/:]|\.\d)"
)
_OF_GRID = re.compile(
    r"(?:beta|β|ranks?|lr|rates?(?<!win rate)(?<!hit rate)|epochs?|ratio|threshold|split|alpha|size|seed|temperature|temp|top[-_ ]?[pk]|warm-?up|decay|dropout|out|back|aside|version|step|jobs?)\s*(?:=|:|of|to|at)?\s*$"
)
_OF_WIN = re.compile(r"(?:win|hit) rates?\s*(?:=|:|of|to|at)?\s*$")
_OUT_OF = re.compile(r"(?<![\w.])(?P<a>\d{1,3}) (?:out of|in every) (?P<b>10|20|50|100|1000)\b")
_HALF = re.compile(r"(?<![\w.])(\d+) and (?:a|1) half(?=[ -]?(?:%|percent))")
_RANGE = re.compile(r"\b(?:from |between )?0(?:\.0)? ?(?:to|-|and|a|bis|à|or) ?(?:1|10|100|5)(?:\.0)?\b(?! ?%)")
_SPLITS = re.compile(
    r"\b(?:hold|held|holdout|split|test (?:set|share)|train(?:ing)? (?:on|with|share)|keep|reserve|carve|sample|aside)\b[^.;,]{0,25}$"
)
_BEATS = re.compile(
    r"\b(?:beats?|wins? against|preferred over|preferred to|better than)\b(?:(?!\b(?:gets?|which|that|has|is at|scores?|who|reach\w*|with)\b|'s at)[^.;,(]){0,40}?(?P<n>\d+(?:\.\d+)?) ?(?:%|percent)(?: of)?"
)
_BARE_GOAL = re.compile(
    r"\b(?:stop(?: early)?(?: once| when| as soon as)?(?: (?:it|we|you)(?: \w+)?)?(?: (?:at|reach\w*|hits?|gets? to))*|target|goal|aim(?:ing)?(?: for)?|until)(?: (?:is|of|at|a|an|the|about|around|for))*\s*[:=]?\s*(?P<n>0?\.\d+|\d\d(?:\.\d+)?(?= ?(?:%|percent)))(?: ?(?P<pct>%|percent))?"
)
_BARE_AFTER = re.compile(
    r"(?<![\w.$/:-])(?P<n>0?\.\d+|\d\d(?:\.\d+)?(?= ?(?:%|percent)))(?: ?(?P<pct>%|percent))?(?=,? (?:is|as|that'?s|being|would be) (?:the|our|my|a)? ?(?:target|goal|aim)\b|,? (?:is|would be|will be)(?: \w+)? (?:enough|plenty|fine|sufficient|ok|okay|good enough)\b|,? (?:will|would) (?:do|suffice)\b|,? suffices)"
)
_AT_LEAST = re.compile(
    r"(?:\b(?:at least|no less than|minimum of|more than|over|above)|>=?|≥) (?P<n>\d\d(?:\.\d+)?) ?(?:%|percent)(?! (?:of|for|to|train|test|split|hold|held|cheaper|less|more|off))"
    r"|\b(?P<m>\d\d(?:\.\d+)?) ?(?:%|percent) or (?:more|better|higher|above)\b"
)
"""A share that has to be reached, and of nothing else that is named: of a classification that can only be its accuracy."""
_OF_SPLIT = re.compile(r"\b(?:hold|held|holdout|split|test|train|training|keep|reserve|carve|use|sample)\b")
_EXPLAINS = re.compile(r"\s*(?:that is|that's|meaning|namely|so|or|which is|in other words|rounded)\b|\s*$")
UNNAMED_METRICS: Mapping[Workflow, Metric] = {"rft": "score", "classification": "accuracy", "preference": "win_rate"}
"""What a goal that names no metric is about."""
_REACH = 60
_BEFORE, _AFTER = 60, 40
"""Characters around a metric and its number in which a goal word makes them a goal."""


def read_target(text: str, unnamed: Metric | None = None) -> Target | None:
    """The last goal of a text: a metric, a number and a word that makes it a goal. Results of others are none.

    `unnamed` is the metric of a goal that names none ("stop at 0.9").
    """
    text = _OUT_OF.sub(lambda m: f"{100 * float(m['a']) / float(m['b']):g}%", text)
    text = _RANGE.sub(" ", _HALF.sub(r"\1.5", text))
    found: Target | None = None
    carried: Metric | None = None
    for sentence in re.split(r"(?<=[.;!?])\s|\n", text):
        metrics = list(_METRIC.finditer(sentence))
        if metrics or carried:
            found = _in(sentence, metrics, carried) or found
        if metrics:
            carried = _name(metrics[-1])
    return found or _unnamed(text, unnamed)


def _name(metric: re.Match[str]) -> Metric:
    return next(m for m, _ in _METRICS if metric[m])


def _in(sentence: str, metrics: list[re.Match[str]], carried: Metric | None) -> Target | None:
    """The last goal of one sentence; `carried` is the metric that a sentence before spoke of."""
    found: Target | None = None
    for number in _NUM.finditer(sentence):
        left = sentence[max(0, number.start() - 30) : number.start()]
        if (_OF_GRID.search(left) and not _OF_WIN.search(left)) or _SPLITS.search(left):
            continue
        near = [m for m in metrics if -_REACH < number.start() - m.end() < _REACH]
        by_distance = sorted(near, key=lambda m: min(abs(number.start() - m.end()), abs(m.start() - number.end())))
        for metric in by_distance:
            name = _name(metric)
            value = _value(name, float(number["n"]), bool(number["pct"]))
            if value is not None and _is_goal(sentence, metric, number):
                found = Target(metric=name, value=value)
                break
        if not metrics and carried:
            value = _value(carried, float(number["n"]), bool(number["pct"]))
            if value is not None and _sets(sentence, number):
                found = Target(metric=carried, value=value)
    return found


def _is_goal(sentence: str, metric: re.Match[str], number: re.Match[str]) -> bool:
    lo, hi = min(metric.start(), number.start()), max(metric.end(), number.end())
    reach = 130 if re.search(r"\bwith (?:an? )?$", sentence[:lo]) else _BEFORE
    around = sentence[max(0, lo - reach) : hi + 20]
    goal = _GOAL.search(around) or _SAID_AFTER.search(sentence[hi : hi + _AFTER + 45])
    return bool(goal) and not _foreign(sentence, lo, hi)


def _sets(sentence: str, number: re.Match[str]) -> bool:
    """Whether a number is made a goal by its own clause alone."""
    clauses = _CUT.split(sentence[: number.start()])
    clause = " ".join(clauses[-2:]) if _EXPLAINS.match(clauses[-1]) else clauses[-1]
    after = sentence[number.end() : number.end() + _AFTER]
    return bool(_SETS.search(clause) or _SAID_AFTER.search(after)) and not _foreign(
        sentence, number.start(), number.end()
    )


def _foreign(sentence: str, lo: int, hi: int) -> bool:
    """Whether the figure is somebody's result: "GPT-4 gets 85%", without a goal word between that and the number."""
    clause = _CUT.split(sentence[max(0, lo - 60) : hi])[-1]
    if re.search(rf"\b{_OTHERS}\b[^,;]{{0,20}}\b(?:aims?|wants?|targets?|asks?|asked|goes?|promis\w+)\b", clause):
        return True
    other = _OF_OTHERS.search(clause) or _LATER_OTHERS.search(sentence[hi : hi + _AFTER])
    return bool(other) and not _OWN.search(clause)


def _value(metric: Metric, number: float, percent: bool) -> float | None:
    if metric == "validation_loss":
        return number if not percent and 0 < number < 20 else None
    if percent or 1 < number <= 100:
        return round(number / 100, 10) if 0 < number <= 100 and (percent or metric != "score" or number > 10) else None
    return number if 0 < number < 1 else None


def _unnamed(text: str, metric: Metric | None) -> Target | None:
    """ "Beat the base in 70% of cases", "stop at 0.9": a goal whose metric stands in other words, or in none."""
    if found := _BEATS.search(text):
        return Target(metric="win_rate", value=round(float(found["n"]) / 100, 10))
    if metric and (found := _BARE_GOAL.search(text) or _BARE_AFTER.search(text)):
        value = float(found["n"])
        return Target(metric=metric, value=round(value / 100, 10) if found["pct"] else value)
    found = _AT_LEAST.search(text)
    if (
        metric == "accuracy"
        and found
        and not _OF_SPLIT.search(re.split(r"[.;!?]\s|\n", text[max(0, found.start() - 40) : found.start()])[-1])
    ):
        return Target(metric=metric, value=round(float(found["n"] or found["m"]) / 100, 10))
    return None
