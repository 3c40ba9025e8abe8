"""What a text asks for and no run can do, or says twice in different ways: each as a sentence, so that nothing vanishes."""

from __future__ import annotations

from collections.abc import Mapping

from agent.understanding import patterns as re
from agent.understanding.grid import MOST_EPOCHS, MOST_RANK, MOST_RATE, with_signs

_N = r"(?P<n>-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?![\w.]*[\d%]|b\b)"
_IS = r"(?:\s*(?:=|:|of|to|is|at|be|a|an|the)(?![a-z]))*\s*"
_BOUNDS: tuple[tuple[str, float, float, str, tuple[re.Pattern[str], ...]], ...] = tuple(
    (name, low, high, said, tuple(re.compile(p) for p in patterns))
    for name, low, high, said, patterns in (
        ("LoRA rank", 1, MOST_RANK, f"1 to {MOST_RANK}",
         (rf"\b(?:lora |adapter )?ranks?\b{_IS}(?<![\w]-){_N}",)),
        ("learning rate", 1e-12, MOST_RATE, f"above 0, up to {MOST_RATE:g}",
         (rf"\b(?:learning[ _-]?rates?|lr)\b{_IS}(?<![\w]-){_N}",)),
        ("number of epochs", 1, MOST_EPOCHS, f"1 to {MOST_EPOCHS}",
         (rf"(?<![\w.,/]){_N} (?:full |whole |more )?epochs?\b", rf"\bepochs?\b{_IS}(?<![\w]-){_N}(?! ?(?:ranks?|jobs))")),
    )
)  # fmt: skip
"""Name, smallest and largest value, the range in words, and where a value stands."""
_NO_TRAINING = re.compile(
    r"\b(?:(?:do not|don'?t|dont|never) (?:(?:yet|please|actually|really) )?(?:train|fine-?tune|tune) (?:anything|any model|at all|yet|it|them)(?! (?:on|with|for|before|until|longer|more)\b)|(?:train|fine-?tune) nothing|no training(?: at all)?(?=\s*(?:$|[.,;!\n])))"
)
_BENCHMARK_ONLY = re.compile(r"\b(?:only|just) (?:the |a |run |do |want )*(?:base )?benchmark\w*")
_OF_TRAINING = ("epochs", "lora_ranks", "learning_rates", "betas")
_EPOCHS = re.compile(r"(?<![\w.,/$-])(?P<n>\d+) (?:full |whole )?epochs?\b")


def not_applied(text: str, slots: Mapping[str, object]) -> tuple[str, ...]:
    """Sentences on impossible values and on contradictions. `text` is in force, lower case, with plain numbers.

    `slots` is what was taken from the text.
    """
    return (*_impossible(with_signs(text)), *_contradictions(with_signs(text), slots))


def _impossible(text: str) -> list[str]:
    found: dict[str, None] = {}
    for name, low, high, said, patterns in _BOUNDS:
        for match in (m for pattern in patterns for m in pattern.finditer(text)):
            value = float(match["n"])
            of_another = low == 1 and 0 < value < 1  # "epochs at 5e-5": a rate
            if not of_another and not low <= value <= high:
                found[f"A {name} of {match['n']} is not possible ({said}): it was not applied."] = None
    return list(found)


def _contradictions(text: str, slots: Mapping[str, object]) -> list[str]:
    found = []
    told = list(dict.fromkeys(m["n"] for m in _EPOCHS.finditer(text)))
    taken = [str(n) for n in _list(slots.get("epochs"))]
    if taken and (left := [n for n in told if n not in taken and 1 <= int(n) <= MOST_EPOCHS]):
        found.append(
            f"You give the epochs as {', '.join(left)} and as {', '.join(taken)}: {', '.join(taken)} was taken."
        )
    trains = any(slots.get(slot) for slot in _OF_TRAINING)
    if slots.get("benchmark_only") and trains:
        found.append("You ask for a benchmark alone and name settings of a training too: only the benchmark was taken, nothing is trained.")  # fmt: skip
    elif not slots.get("benchmark_only") and slots.get("workflow") not in ("question", "unsupported", "evaluator"):
        if (no := _NO_TRAINING.search(text)) and trains:
            found.append(f'You also say "{no.group()}": the settings beside it were taken, so the plan trains. Say no to it if that is wrong.')  # fmt: skip
        elif (only := _BENCHMARK_ONLY.search(text)) and trains:
            found.append(f'You also say "{only.group()}": the training was taken. Say "only the benchmark" if that is wrong.')  # fmt: skip
    return found


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, (tuple, list)) else []
