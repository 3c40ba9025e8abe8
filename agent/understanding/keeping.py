"""Words that keep or bring back: "don't skip the sweep", "deploy it after all", "no budget limit"."""

from __future__ import annotations

from agent.understanding import patterns as re

_NEVER = (
    r"(?:do not|don'?t|dont|never|not|no|without|can'?t|cannot|can not|mustn'?t|must not|shouldn'?t|should not|won'?t)"
)
_FILLER = r"(?:to|ever|please|you|we|i|it|dare|want|need|like|even|simply|just|again|be)"
_DOUBLE = re.compile(
    rf"\b{_NEVER}(?: {_FILLER})* (?P<verb>skip\w*|omit\w*|drop\w*|bypass\w*|leav(?:e|ing) out|forgo|forego)\b"
)
_SWEEP = r"(?:(?:hp|hyper-?param\w*|tuning|candidate|grid) )?(?:sweep|tuning|search|hpo)\b(?! (?:job|base))"
_FINAL = r"(?:full[- ]data |full |final |last )+(?:final )?(?:run|training|retrain\w*|pass|fit)\b"
_DEPLOY = r"(?:deploy\w*|hosting)\b"
_BACK = r"(?:after all|again|anyway|nevertheless|nonetheless|back in|back)"
_THE = r"(?:the |a |an |my |our |full |whole |usual |do |to |with |on )*"
_LIMIT = r"(?:budget|spending|cost|price|money|dollar)(?: (?:limit|cap|ceiling|budget))?|ceiling"
_NO_LIMIT = re.compile(
    rf"\b(?:remove|drop|lift|forget|cancel|scrap|delete|lose|ignore|no|without|unlimited|take (?:off|away)|get rid of)(?: about)? {_THE}(?:{_LIMIT})\b(?! (?:to|of|at|is|for|under|below)\b)"
    rf"|\b(?:{_LIMIT}) (?:does not|doesn'?t|no longer) (?:matters?|appl(?:y|ies)|counts?)\b|\b(?:{_LIMIT}) is (?:gone|off|lifted|no issue)\b"
)
_DEFAULTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"epochs?", ("epochs",)),
    (r"(?:lora )?ranks?", ("lora_ranks",)),
    (r"learning rates?|lrs?", ("learning_rates",)),
    (r"betas?", ("betas",)),
    (r"(?:tuning )?grid|candidates|hyper-?param\w*", ("lora_ranks", "learning_rates", "betas")),
    (r"settings|values|everything", ("lora_ranks", "learning_rates", "betas", "epochs")),
)
_DEFAULT = r"\b(?:default|standard|usual|normal|your own)(?: \w+,?)?(?: and| or)? "


def without_double_negation(text: str) -> str:
    """A lower-case text in which "don't skip" and its like stand as "keep"."""
    return _DOUBLE.sub("keep", text)


def taken_back(text: str) -> dict[str, object]:
    """The slots that a reply sets to their defaults again, as plain JSON values (False, None, empty lists; deploy True).

    `text` is lower case and without double negation; settings that it gives a new value are the caller's to prefer.
    """
    found: dict[str, object] = {}
    if _brings_back(_SWEEP, text):
        found["skip_sweep"] = False
    if _brings_back(_FINAL, text):
        found["skip_final_run"] = False
    if _brings_back(_DEPLOY, text):
        found["deploy"] = True
    if _NO_LIMIT.search(text):
        found["budget_usd"] = None
    for noun, slots in _DEFAULTS:
        if re.search(rf"{_DEFAULT}(?:{noun})\b", text):
            found |= {slot: [] for slot in slots}
    return found


def _brings_back(noun: str, text: str) -> bool:
    """ "Keep the sweep", "do the sweep after all", "sweep after all"; never with a "not" before it."""
    kept = re.search(rf"\b(?:keep|include|reinstate|restore|re-?add|bring back) {_THE}{noun}", text)
    again = re.search(rf"\b{noun}(?: (?:it|that|the \w+|this|please|too))* {_BACK}\b", text)
    negated = re.search(rf"\b(?:{_NEVER}|skip\w*)(?: \w+){{0,3}} {noun}", text)
    return bool((kept or again) and not negated)
