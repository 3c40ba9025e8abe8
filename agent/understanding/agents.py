"""Reading the slots of agent tuning: the teacher's name, the tasks and the prompting methods."""

from __future__ import annotations

from agent.understanding import patterns as re
from agent.understanding.vocabulary import words

_KNOWN_TASKS = sorted(words("tasks"), key=len, reverse=True)
_TASK = re.compile(r"(?<![\w-])(?:" + "|".join(_KNOWN_TASKS) + r"|hotpot ?qa|strategy ?qa|trivia ?qa)(?![\w-])")
_TASK_LIST = re.compile(
    r"\btasks?\b(?:\s*(?::|=|are|is|from|like|such as|will be|should be|on))+\s*(?P<list>[\w-]+(?:(?:, | and |, and | & |/)[\w-]+)*)"
)
_METHODS = {
    "react": re.compile(r"\bre-?act\b(?!\.js| native| component| app)|\breason(?:ing)? and act(?:ing)?\b"),
    "cot": re.compile(r"\bcot\b|\bchain[- ]of[- ]thoughts?\b|\bstep[- ]by[- ]step reasoning\b"),
    "reflexion": re.compile(r"\breflexi?on\b|\breflection\b"),
}
_NOT = re.compile(
    r"\b(?:no|not|without|skip|drop|except|instead of|leave out|don'?t use|but not|never)(?: the| any)?\s*$"
)
_LEAVE = re.compile(r"\b(?:leave|take|drop|keep|strike)(?: the| that)?\s*$")
_OUT = re.compile(r"^ (?:out|off|away|aside)\b")
_IS_OUT = re.compile(
    r"^,? (?:is|was|shall be|should be|must be|gets?) (?:out|off|dropped|excluded|left out|removed|not)\b"
)
_RESULT_ON = re.compile(
    r"(?:\d ?%|\bpercent|\bpoints|\d\.\d+|\b(?:results?|numbers|figures|scores?|gains?|improvement|came close to \S+)) on\s*$"
)
"""Somebody's result: "gained 77% on hotpotqa"."""
_NOT_TASKS = words("not_a_task")


def read_tasks(text: str) -> tuple[str, ...]:
    """The tasks named, lower case, without those that are withdrawn."""
    listed = _TASK_LIST.search(text)
    found = [
        (m.start(), m.group().replace(" ", ""))
        for m in _TASK.finditer(text, listed.start() if listed else 0)
        if not _withdrawn(text, m)
    ]
    for match in _TASK_LIST.finditer(text):
        words = re.split(r", and |, | and | & |/", match["list"])
        found += [(match.start("list"), w) for w in words if w not in _NOT_TASKS and "⟦" not in w and not w.isdigit()]
    gone = {m.group().replace(" ", "") for m in _TASK.finditer(text) if _withdrawn(text, m)}
    last = {name: at for at, name in sorted(found)}
    ordered = [name for at, name in sorted(found) if name not in gone or last[name] > _last_no(text, name)]
    return tuple(dict.fromkeys(name.replace("hotpot-qa", "hotpotqa") for name in ordered))


def _withdrawn(text: str, match: re.Match[str]) -> bool:
    """ "Drop MMLU", "leave MMLU out", "MMLU is out"."""
    left, right = text[max(0, match.start() - 25) : match.start()], text[match.end() : match.end() + 25]
    if _RESULT_ON.search(left):
        return True
    return bool(_NOT.search(left) or (_LEAVE.search(left) and _OUT.match(right)) or _IS_OUT.match(right))


def _last_no(text: str, name: str) -> int:
    return max(m.start() for m in _TASK.finditer(text) if m.group().replace(" ", "") == name and _withdrawn(text, m))


def read_methods(text: str) -> tuple[str, ...]:
    """The prompting methods named: react, cot, reflexion, without those that are withdrawn."""
    return tuple(
        name
        for name, pattern in _METHODS.items()
        if (places := list(pattern.finditer(text))) and not _withdrawn(text, places[-1])
    )


def other_vendors_name(written: str) -> str:
    """The slot value for a model outside the catalogue: lower case with hyphens."""
    return re.sub(r"[\s_/]+", "-", written.strip().lower()).replace("gpt4", "gpt-4").replace("gpt3", "gpt-3")
