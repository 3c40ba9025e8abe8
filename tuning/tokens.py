"""Counting tokens: exactly with a model's own tokenizer, else as an honest range.

Exact counts come from tokenizer.json through `fastokens`, which is some fifty times faster than `tokenizers`, the
library that defines the right answer. The two are compared on built-in texts and on the first texts that a counter
is given; on the first difference, or for a tokenizer that fastokens does not know, `tokenizers` does all the counting.
"""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Protocol

import fastokens  # type: ignore[import-untyped]
from tokenizers import Tokenizer

from .chat_layout import CHATML, ChatLayout, learn_layout, renderer

_CHECKED_TEXTS = 128
_PROBES = (
    "The quick brown fox, 3.14159 times; don't you'll I'VE\tand  two   spaces \n\n newline\r\n",
    "def f(x):\n    return {'a': [1, 2, 3]}  # comment\n",
    "Zażółć gęślą jaźń — naïve café e\u0301 ﬁ Å 日本語テスト 한국어 العربية हिन्दी 👩‍👩‍👧 🇵🇱",
    "0123456789 10,000 1e-5 ½ ٣ Ⅷ \u00a0\u2003\u200b end   ",
    "\n\nleading and trailing\n\n",
    "",
)


class TokenCounter(Protocol):
    """Counts tokens of texts. `low` and `high` turn an estimate into a range; both are 1 for an exact counter."""

    @property
    def method(self) -> str: ...
    @property
    def exact(self) -> bool: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def layout(self) -> ChatLayout: ...
    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text."""
        ...


class ExactCounter:
    """Counts as the model's tokenizer does, special tokens inside a text included. Not thread-safe: it checks itself.

    Exact for texts; for conversations only when the model's chat template is known, else delimiters are assumed.
    """

    def __init__(self, text: str, chat_template: str | None, special: Mapping[str, str] | None) -> None:
        self._reference = _reference(text)
        # A tokenizer.json may carry the limits of the run that saved it; they would cap every count.
        self._reference.no_truncation()
        self._reference.no_padding()
        self._unchecked = len(_PROBES)
        self._fast: fastokens.Tokenizer | None = None
        self.method = "exact: the model's tokenizer"
        try:
            self._fast = fastokens.Tokenizer.from_json_str(text)
            self._fast.no_truncation()
            self._fast.no_padding()
        except ValueError as error:
            self.method += f" through tokenizers ({error})"
        tokens = [token["content"] for token in json.loads(text).get("added_tokens") or ()]
        self.count(_PROBES)
        self.exact = chat_template is not None
        self.low, self.high = (1.0, 1.0) if self.exact else (0.9, 1.15)
        self.layout = learn_layout(renderer(chat_template or CHATML, dict(special or {})), tokens, self._one)
        self._unchecked = _CHECKED_TEXTS
        if not self.exact:
            self.method += " for the texts; chat template unknown, ChatML assumed, -10% to +15%"
        elif self.layout.gaps is None:
            self.method += "; chat template rendered row by row"

    def _one(self, text: str) -> int:
        return self.count((text,))[0]

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text."""
        texts = list(texts)
        if self._fast is None:
            return self._by_reference(texts)
        ends = array("Q", self._fast.encode_batch_flat(texts)[1])
        counts = [end - start for start, end in pairwise(ends)]
        if self._unchecked > 0:
            checked = len(texts[: self._unchecked])
            self._unchecked -= checked
            if self._by_reference(texts[:checked]) != counts[:checked]:
                self._fast = None
                self.method += " through tokenizers (the fast count differed)"
                return self._by_reference(texts)
        return counts

    def _by_reference(self, texts: list[str]) -> list[int]:
        return [len(encoding) for encoding in self._reference.encode_batch_fast(texts, add_special_tokens=False)]


def _reference(text: str) -> Tokenizer:
    try:
        return Tokenizer.from_str(text)
    except Exception as error:
        # tokenizers raises a bare Exception for any text that it cannot read.
        raise ValueError(f"not a tokenizer.json: {error}") from error


def from_tokenizer_json(
    text: str, chat_template: str | None = None, special: Mapping[str, str] | None = None
) -> ExactCounter:
    """An exact counter from the text of tokenizer.json, with the model's chat template (jinja) where there is one.

    `special` gives the template's variables such as bos_token. Raises ValueError when the text is no tokenizer, and
    jinja2.TemplateSyntaxError when the template is none.
    """
    return ExactCounter(text, chat_template, special)


class IntervalCounter:
    """For when no tokenizer is at hand: one token per 4 ASCII characters or per other character, give or take.

    The range is a judgement, not a bound: byte-level tokenizers with 32k to 256k entries give 2 to 6.5 ASCII characters
    a token from code and digits to plain English, and 0.5 to 1.7 tokens per other character. The hard bound of
    one token per UTF-8 byte is about four times the estimate on English.
    """

    exact = False
    low, high = 0.6, 2.0
    method = "no tokenizer at hand: from characters, -40% to +100%, a judgement and no bound; ChatML assumed"

    def __init__(self) -> None:
        self.layout = learn_layout(renderer(CHATML), ("<|im_start|>", "<|im_end|>"), self._one)

    def _one(self, text: str) -> int:
        # Whole tokens per delimiter, so that the layout's sums hold; contents are counted by their characters.
        return sum(1 if part.startswith("<|im_") else _guess(part) for part in re.split(r"(<\|im_\w+\|>)", text))

    def count(self, texts: Sequence[str]) -> list[int]:
        """Estimated tokens of each text."""
        return [_guess(text) for text in texts]


def _guess(text: str) -> int:
    size = len(text)
    if text.isascii():
        return (size + 3) // 4
    ascii_size = len(text.encode("ascii", "ignore"))
    return (ascii_size + 3) // 4 + size - ascii_size


def interval_counter() -> IntervalCounter:
    """A counter that needs no tokenizer and says so."""
    return IntervalCounter()
