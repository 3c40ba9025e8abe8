"""The words of a model's answer: without its thoughts, and sentence by sentence while they come."""

from __future__ import annotations

import re

_CLOSED = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_TAIL = re.compile(r"^.*</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_END = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_OPEN = re.compile(r"<think(?:ing)?>.*\Z", re.DOTALL | re.IGNORECASE)
_SENTENCE = re.compile(r"[.!?:](?=\s)|\n")
_NO_WORDS = re.compile(r"<|```|\[TOOL_CALLS\]|\A\s*[\[{]")
"""Where words end and something begins that may turn out to be a call."""
SPOKEN = 4_000
"""Characters of an answer that are shown while they come."""
LEAST_SENTENCE = 40
"""Characters below which words wait for more."""


def split_thoughts(text: str) -> str:
    """The text without what stands in <think> tags, also where the first tag or the last is missing."""
    *_, last = [0, *(found.end() for found in _END.finditer(text))]
    # Pairs are looked for up to the last end alone: behind it each opening tag would search the whole rest for one.
    return _OPEN.sub("", _TAIL.sub("", _CLOSED.sub("", text[:last]) + text[last:]))


class Spoken:
    """Collects streamed words and gives them back as whole sentences; thoughts and written calls are not spoken."""

    def __init__(self) -> None:
        self._heard = ""
        self._said = 0

    def hear(self, text: str) -> str:
        """What can be shown now: the sentences that have become whole, or nothing."""
        if not text or len(self._heard) > SPOKEN:
            return ""
        self._heard += text
        visible = _NO_WORDS.split(split_thoughts(self._heard), maxsplit=1)[0].lstrip()
        ends = [found.end() for found in _SENTENCE.finditer(visible) if found.end() - self._said >= LEAST_SENTENCE]
        if not ends:
            return ""
        sentence, self._said = visible[self._said : ends[-1]].strip(), ends[-1]
        return sentence
