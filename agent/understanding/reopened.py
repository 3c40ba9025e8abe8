"""What a text leaves open again: "scratch the model", "forget the rank, find one yourself": values named before it go."""

from __future__ import annotations

from agent.understanding import patterns as re

_KINDS = {
    "base_models": r"(?:base )?models?(?: (?:choice|name|part|bit))?",
    "train_dataset": r"(?:data ?sets?|data|training (?:data|set))(?: (?:choice|name|part|bit))?",
    "lora_ranks": r"(?:lora )?ranks?",
    "learning_rates": r"(?:learning rates?|lrs?)",
    "epochs": r"epochs?(?: count)?|number of epochs",
    "betas": r"betas?",
    "labels": r"labels?(?: list)?|list of labels",
    "target": r"(?:target|goal)",
    "max_parallel_jobs": r"(?:parallel|job) (?:limit|cap)",
}
_ANY = "|".join(f"(?P<{slot}>{noun})" for slot, noun in _KINDS.items())
_OPEN = re.compile(
    rf"(?<!don't )(?<!not )\b(?:scratch|strike|forget(?: about)?|ignore|disregard|leave open|leave out|take back|i take back|withdraw|never mind|hold off on|cancel)"
    rf" (?:the|that|my|what i said (?:about|on)|what i wrote (?:about|on))(?: \w+)? ?(?:{_ANY})(?: again| for now| please| open| out| i (?:named|gave|wrote|said))?(?=\s*(?:$|[.,;:!)—\n]))"
)
_NAMED_AFTER = {"base_models": "⟦m", "train_dataset": "⟦d"}


def reopened(text: str) -> frozenset[str]:
    """The slots whose values a text takes back without naming others after it. `text` is lower case with marks."""
    found = set()
    for match in _OPEN.finditer(text):
        slot = match.lastgroup
        if slot and not ((mark := _NAMED_AFTER.get(slot)) and mark in text[match.end() :]):
            found.add(slot)
    return frozenset(found)


def text_after(text: str) -> str:
    """What follows the last such taking back: a number there is the new value."""
    last = max((m.end() for m in _OPEN.finditer(text)), default=0)
    return text[last:]
