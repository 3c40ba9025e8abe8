"""What a text says that no slot holds, each as a sentence: nothing is dropped without a word."""

from __future__ import annotations

from collections.abc import Collection

from agent.understanding import patterns as re
from agent.understanding.text import MAX_CHARS

_CURRENCY = r"(?:€|£|¥|₹|eur\b|euros?\b|gbp\b|pounds?\b|quid\b|chf\b|francs?\b|franken\b|yen\b|jpy\b|cny\b|rmb\b|yuan\b|元|rupees?\b|inr\b|cad\b|aud\b|sek\b|pln\b|pesos?\b|reais\b|brl\b)"
_FOREIGN = re.compile(rf"(?:{_CURRENCY} ?\d[\d.,]*|(?<![\w.])\d+(?:[.,]\d+)* ?{_CURRENCY})")
_UNNAMED = re.compile(
    r"\b(?:budget|spending limit|cost (?:limit|cap|ceiling)|price cap)(?: (?:is|of|at|under|below|up to|max(?:imum)?|at most|to))*[:=]? ?(?P<n>\d+(?:\.\d+)?)(?![\d.]*\w)(?! ?(?:\$|usd|us\b|dollars?|bucks|%|percent|epochs?|jobs?|samples?|hours?|minutes))"
)
_PAST = re.compile(
    r"\b(?:cost|costs|paid|pay|spent|burn(?:ed|t)|bill|invoice|salary|revenue|worth|price of)\b[^.;\n]{0,30}$"
)
MERGES = "labels to be merged"
_ROWS = "a number of rows to use"
_CANDIDATES = "a number of candidates"
_HELD_BY = {_ROWS: "subsample", _CANDIDATES: "skip_sweep"}
"""The slot that may hold such a wish."""
_NO_SLOT: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("a LoRA alpha", re.compile(r"\balpha\b(?: (?:of|to|at|is))?\s*[:=]?\s*\d")),
    ("a random seed", re.compile(r"\bseed\b(?: (?:of|to|at|is))?\s*[:=]?\s*\d")),
    ("a warm-up", re.compile(r"\bwarm-?up\b")),
    ("weight decay", re.compile(r"\bweight[- _]decay\b")),
    ("dropout", re.compile(r"\bdropout\b")),
    ("an optimizer", re.compile(r"\badam(?:w)?\b|\boptimi[sz]er\b|\badafactor\b")),
    ("a learning rate schedule", re.compile(r"\b(?:cosine|linear|constant) (?:schedule|decay|scheduler)\b|\blr schedul\w+")),
    ("a sampling temperature", re.compile(r"\btemperature\b(?: (?:of|to|at|is))?\s*[:=]?\s*\d")),
    ("a number of rollouts", re.compile(r"\b\d+ rollouts?\b|\brollouts?(?: per prompt)?\s*[:=]\s*\d")),
    ("gradient accumulation", re.compile(r"\bgrad(?:ient)?[- _]accum\w*")),
    ("a quantisation", re.compile(r"\bquanti[sz]\w+|\b(?:4|8)[- ]?bit\b|\bint8\b|\bfp8\b|\bgguf\b")),
    ("a kind of GPU", re.compile(r"\b(?:[abh][12]00s?|rtx ?\d+\w*|l40s?)\b|\bgpus?\b")),
    ("a region", re.compile(r"\b(?:in|to) (?:the )?(?:eu|us|europe|frankfurt|asia)(?: region|-\w+)?\b(?= (?:region|only|data ?cent))")),
    ("a time by which it must be done", re.compile(r"\b(?:deadline|by (?:tomorrow|tonight|noon|monday|tuesday|wednesday|thursday|friday|saturday|sunday|end of day|eod)|within \d+ (?:hours?|minutes?|days?))\b")),
    ("a time to start", re.compile(r"\b(?:start|run|launch|train|begin)(?: \w+){0,3} (?:tomorrow|tonight|overnight|at \d{1,2}(?::\d\d)? ?(?:am|pm|o'clock)|on (?:mon|tues|wednes|thurs|fri|satur|sun)day)\b")),
    ("a message to somebody", re.compile(r"\b(?:e-?mail|mail|slack|text|ping|notify) (?:it to )?(?:me|us|him|her|them|my|our|the (?:team|channel)|somebody)\b|\bsend (?:the |a )?(?:report|results?|summary) to\b")),
    ("a name for the model", re.compile(r"\b(?:name|call) (?:it|the (?:model|result|output|winner|final model|tuned model))\b|\boutput[- _]model\b")),
    (MERGES, re.compile(r"\b(?:merge|combine|fold|lump|collapse)\b[^.;\n]{1,60}\b(?:into|with|and|together)\b")),
    ("a micro-averaged or weighted F1", re.compile(r"\b(?:micro|weighted)[- _]?(?:averaged?[- ])?f[- _]?1\b")),
    (_CANDIDATES, re.compile(r"\b(?:only|just|at most|max(?:imum)?|no more than|up to) (?:\d+|that|(?:a )?single) (?:candidates?|config(?:uration)?s?)\b(?!(?: \w+){0,2} (?:in parallel|at once|at a time|at the same time|concurrently))")),
    ("a limit of time", re.compile(r"\b(?:max(?:imum)?|at most|no (?:more|longer) than|up to|less than|under|only)\.? (?:of )?\d+ ?(?:min(?:ute)?s?|hours?|hrs?|h|days?|sec(?:ond)?s?)\b")),
    (_ROWS, re.compile(r"(?<!have )(?<!has )(?<!got )(?<!are )(?<!is )(?<!contains )\b(?:only|just|max(?:imum)?|at most|no more than|first|limit(?: it| the data)? to|cap(?: it)? at)(?: (?:use|take|train on|on|with|the|first|about|around|some|ca\.?|approx\w*))* ?[~≈]?\d+ (?:of (?:the|my|our|its) )?(?:\w+ )?(?:rows|samples|examples|records|lines)\b")),
    ("an export of the weights", re.compile(r"\b(?:export|download|upload|push)(?: \w+){0,4} (?:weights|adapter|hugging ?face|the hub|s3)\b")),
)  # fmt: skip


def partly_read(own: str) -> tuple[str, ...]:
    """A sentence where a person's own words are longer than what is read of them."""
    if len(own) <= MAX_CHARS:
        return ()
    return (
        f"Your text has {len(own):,} characters; only {MAX_CHARS:,} of them were read (the beginning and the end). "
        "Please check what was understood, and say briefly what is missing.",
    )


def not_held(text: str, merges: str = "", taken: Collection[str] = ()) -> tuple[str, ...]:
    """One sentence for a sum in another currency or in none, one for the wishes that no setting holds.

    `text` is what is in force, in lower case, with plain numbers; `merges` are words about labels that have no effect.
    `taken` are the slots that were set: some hold a wish after all (rows as those of the hyperparameter tuning).
    """
    money = [m.group().strip() for m in _FOREIGN.finditer(text) if not _PAST.search(text[: m.start()])]
    found = [
        f"You name the sum {sum_}; limits are kept in US dollars only, so none was set from it. "
        f"Please give the limit in USD, for example: budget $20."
        for sum_ in money[-1:]
    ]
    if not money and (bare := _UNNAMED.search(text)):
        found.append(f"You name a budget of {bare['n']} without a currency; no limit was set. Please give it in USD.")
    wishes = [
        name
        for name, pattern in _NO_SLOT
        if (pattern.search(text) and _HELD_BY.get(name) not in taken) or (name == MERGES and merges)
    ]
    if wishes:
        found.append(
            f"You also speak of {_listed(wishes)}: there is no setting for that here, so it has no effect on the run."
        )
    return tuple(found)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
