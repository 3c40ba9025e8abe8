"""Reading what belongs to preference learning alone: the loss, generated pairs, the sweep of base models."""

from __future__ import annotations

from agent.understanding import patterns as re

_METHOD = re.compile(r"\b(dpo|orpo)\b|\bdirect preference optimi[sz]ation\b")
_OPEN = re.compile(
    r"\b(?:dpo|orpo)(?:,? or |,? and |/| vs\.? |, )(?:dpo|orpo)\b|\b(?:mentioned|suggested|heard (?:of|about)|read about|recommended|talked about|swears? by)[^.;]{0,20}\b(?:dpo|orpo)\b|\b(?:dpo|orpo)[^.;\n]{0,60}\b(?:don'?t (?:know|want to choose|care)|no idea(?! which (?:base )?model)|not sure(?! which (?:base )?model)|no (?:preference|opinion))\b|\b(?:not sure|don'?t know|unsure|no idea|undecided|you (?:pick|choose|decide)|whether|either|whichever)\b[^.;]{0,40}\b(?:dpo|orpo)\b|(?<!'d )(?<!would )(?<!i )(?<!we )\b(?:like|such as|e\.g\.|for example|or so|or similar|or something)\b[^.;]{0,10}\b(?:dpo|orpo)\b|\b(?:dpo|orpo)[^.;]{0,20}\b(?:or similar|or so|or whatever|or something|you (?:pick|choose|decide)|up to you)"
)
_CHOOSES = re.compile(
    r"\b(?:use|run|take|go with|do|want|prefer|with|actually|rather|instead|no wait|make (?:it|that)|let'?s|via|choose|chose|pick|stick (?:to|with)|switch(?:ing)? to|change to|i mean(?:t)?|then|not)\b[^.;\n]{0,30}\b(?:dpo|orpo)\b(?! or)"
)
"""A word that picks one of two named losses; without it both stay open."""
_LESS = re.compile(
    r"\b(?:rather|prefer|more) (?:dpo|orpo) (?:than|that|to|over|before)\s*$|\bif\b[^.;\n]{0,40}\b(?:fails?|not|doesn'?t|crash\w*|break\w*)\b[^.;\n]{0,20}$"
)
"""Before the loss that comes second: "rather ORPO than DPO", "if that fails, ORPO"."""
_SENTENCES = re.compile(r"(?<=[.;!?])\s+|\n|,? \bbut\b")
_SETTLES = re.compile(
    r"\b(?:it'?s|it is|it was|it'?ll be|strike that|scratch that|settled on|decided (?:on|for)|agreed on|went (?:with|for)|final(?:ly)?|so|ok(?:ay)?|winner|decision:?|answer:?)\b[^.;\n]{0,20}\b(?:dpo|orpo)\b|\b(?:dpo|orpo) (?:it is|then|please|wins|won|was chosen|is the one|is what)\b|\b(?:strike|scratch) that\b|\b(?:use|run|take|go with|do|want|pick|rather)\b[^.;\n]{0,20}\b(?:dpo|orpo)\b"
)
"""Words that settle on one loss."""
_NOT = re.compile(
    r"\b(?:no|not|without|don'?t (?:use|want|do|run)|do not (?:use|want|do|run)|instead of|rather than|never|forget|drop|nor|than)(?: \w+)?\s*$"
)
_NOT_AFTER = re.compile(r"^\s*(?:is out|did not|didn'?t|failed|was|is not|isn'?t|doesn'?t|format)\b")
_MAKE = r"(?:generat\w+|creat\w+|build\w*|mak(?:e|ing)|synthesi[sz]\w+|produc\w+|construct\w*|sampl\w+|come up with|derive|form|need you to build)"
_PAIRS = re.compile(
    rf"\b{_MAKE}\b(?: (?!no\b)[\w'-]+){{0,6}} (?:pairs?|pairings|preferences)\b|\bpairs?\b(?: \w+){{0,5}} (?:automatically|generated|yourself|for me|for us|be generated|created)\b|\bdelta learning\b|\bpairs?\b[^.;]{{0,25}}\b(?:generate|create|make|build) (?:them|those|some)\b|\bpairs? {_MAKE}|\b(?:auto|self)-?(?:matically )?(?:pair|generat\w+ pairs)\b"
)
_NOT_PAIRS = re.compile(
    rf"\b(?:rated|ranked|scored|judged|labell?ed|compared|voted on|annotated|collected|marked|chose from) (?:\w+ ){{0,3}}pairs?\b|\b(?:do not|don'?t|no need to|not|never|without|no)(?: \w+)? {_MAKE}\b(?: \w+){{0,4}} pairs?|\bnothing (?:needs|has) to be (?:generated|made|created|built)|\bno (?:need|pairs) (?:to be )?(?:to )?(?:generat|mak|creat|build)\w*|\b(?:got|have|found)(?: \w+){{0,4}} (?:real|finished|ready|existing|actual|our own|human)(?: \w+){{0,2}} (?:pairs?|that|ones?|them)\b(?:[^.;\n]{{0,30}}\b(?:no need|instead|now|nothing))|\b(?:first|initially|originally) (?:wanted|planned|thought|asked|intended|meant)\b[^.;\n]{{0,40}}\bpairs\b[^\n]{{0,60}}\bno need\b|\bpairs? (?:are |is |were )?(?:already|given|there|exist|were generated)"
)
_SWEEP = re.compile(
    r"\b(?:sweep|try(?: out)?|test) (?:them|some|a few|several|all of them|the lot)\b|\b(?:try|test|compare)(?: out)? (?:a few|several|some|many|all|a couple|different ones|a handful|whatever you have)\b[^.;\n]{0,40}\b(?:take|pick|choose|keep|find|use) the (?:best|winner|strongest)|\b(?:sweep|try|test|compare|search|explore|run|go through|screen|evaluate)(?: \w+){0,2}? (?:the |all |all the |several |multiple |different |various |supported |a few |some |over |across |your |curated |available |over the |over all |of |a (?:couple|handful|set|range|bunch) of )*(?:supported |curated |available |possible |candidate )?(?:base )?models?\b|\b(?:base[- ])?model sweep\b|\bfind (?:out )?(?:the |me the |us the |which |whichever )*(?:best|strongest|right|one|most suitable)(?: \w+){0,3}(?: (?:base )?model| that)?|\bwhich(?:ever)? (?:base )?model (?:is|works?|does|performs?|comes out) (?:the )?(?:best|strongest|top)|\b(?:try|test|sweep|compare) (?:a few|several|some|all|many|a couple) of them\b|\b(?:which|what) (?:base )?models?\b[^.;\n]{0,40}\b(?:sweep|try|test) (?:them|some|a few|all|several)|\bbest (?:base )?model\b(?: \w+){0,2} (?:find|search)"
)
_NOT_SWEEP = re.compile(
    r"\b(?:do not|don'?t|no|without|skip|not|never|no need to|needn'?t)(?: \w+){0,3} (?:sweep\w*|try|test|compare|base[- ]model sweep|model sweep)(?: \w+){0,4}(?: (?:base )?models?)?"
)


def read_method(text: str) -> str | None:
    """dpo or orpo when one is chosen for this run; None when both stay open or neither is named.

    A sentence that settles on one ends an open question before it: "DPO or ORPO? it's DPO".
    """
    chosen: list[str] = []
    is_open = False
    for sentence in _SENTENCES.split(text):
        named = _chosen(sentence)
        if _OPEN.search(sentence):
            is_open = True
        elif named and is_open and _SETTLES.search(sentence):
            is_open, chosen = False, []
        chosen += named
    if not chosen or is_open or (len(set(chosen)) > 1 and not (_CHOOSES.search(text) or _SETTLES.search(text))):
        return None
    return chosen[-1]


def _chosen(sentence: str) -> list[str]:
    """The losses that a sentence names and neither denies nor finds wanting."""
    found = []
    for match in _METHOD.finditer(sentence):
        left = sentence[max(0, match.start() - 45) : match.start()]
        if (
            not _NOT.search(left)
            and not _LESS.search(left)
            and not _NOT_AFTER.search(sentence[match.end() : match.end() + 20])
        ):
            found.append(match.group(1) or "dpo")
    return found


def wants_pairs(text: str) -> bool:
    """Whether the preference pairs shall be generated."""
    return bool(_PAIRS.search(text)) and not declines_pairs(text)


def declines_pairs(text: str) -> bool:
    """Whether pairs are there already or need not be made, which people tell as a thing of the past."""
    return bool(_NOT_PAIRS.search(text))


def wants_model_sweep(text: str) -> bool:
    """Whether base models shall be tried out to find the best one."""
    return bool(_SWEEP.search(_NOT_SWEEP.sub(" ", text)))
