"""Counting tokens: exactly with a model's own tokenizer, else as an honest range.

Exact counts come from a tiktoken encoding built out of a byte-level BPE tokenizer.json: the text is cut by the
tokenizer's own pattern and each distinct piece is encoded once. Counts are compared with the `tokenizers` library on
built-in texts and on the first texts of every file; on the first difference that library does all the counting.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import regex  # type: ignore[import-untyped]
import tiktoken
from tokenizers import Tokenizer
from tokenizers.normalizers import NFC

from .chat_layout import CHATML, ChatLayout, learn_layout, renderer

GPT2_PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
"""What a ByteLevel pre-tokenizer cuts by when it names no pattern of its own (GPT-2's)."""
_MAX_CACHED_PIECES = 400_000
_MAX_CACHED_LENGTH = 64
_CHECKED_TEXTS = 64
_PROBES = (
    "The quick brown fox, 3.14159 times; don't you'll I'VE\tand  two   spaces \n\n newline\r\n",
    "def f(x):\n    return {'a': [1, 2, 3]}  # comment\n",
    "Zażółć gęślą jaźń — naïve café e\u0301 ﬁ Å 日本語テスト 한국어 العربية हिन्दी 👩‍👩‍👧 🇵🇱",
    "0123456789 10,000 1e-5 ½ ٣ Ⅷ \u00a0\u2003\u200b end   ",
    "\n\nleading and trailing\n\n",
    "",
)


class Unsupported(ValueError):
    """This tokenizer.json is not plain byte-level BPE; `tokenizers` must do the counting."""


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
    """Counts as the model's tokenizer does. Not thread-safe: it caches and checks itself as it goes."""

    exact = True
    low = high = 1.0

    def __init__(self, text: str, chat_template: str | None, special: Mapping[str, str] | None) -> None:
        self._reference: Tokenizer = Tokenizer.from_str(text)
        self._unchecked = _CHECKED_TEXTS
        declared = json.loads(text)
        tokens = [token["content"] for token in declared.get("added_tokens") or ()]
        self._special = re.compile("|".join(re.escape(token) for token in tokens) or r"(?!)")
        self.method = "exact: the model's tokenizer"
        self._pieces: Callable[[str], int] | None = None
        try:
            self._pieces = _piece_counter(declared)
        except Unsupported as reason:
            self.method += f" through tokenizers ({reason})"
        self.count(_PROBES)
        self.layout = learn_layout(renderer(chat_template or CHATML, dict(special or {})), tokens, self._one)
        if chat_template is None:
            self.method += "; chat template unknown, ChatML assumed"
        elif self.layout.gaps is None:
            self.method += "; chat template rendered row by row"

    def _one(self, text: str) -> int:
        return self.count((text,))[0]

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text; special tokens inside a text count as the tokenizer takes them."""
        pieces = self._pieces
        if pieces is None:
            return self._count_by_reference(texts)
        special = self._special.search
        counts = [self._slow(text) if special(text) else pieces(text) for text in texts]
        if self._unchecked > 0:
            sample = list(texts[: self._unchecked])
            self._unchecked -= len(sample)
            if self._count_by_reference(sample) != counts[: len(sample)]:
                self._pieces = None
                self.method += " through tokenizers (the fast count differed on this text)"
                return self._count_by_reference(texts)
        return counts

    def _slow(self, text: str) -> int:
        return len(self._reference.encode(text, add_special_tokens=False).ids)

    def _count_by_reference(self, texts: Sequence[str]) -> list[int]:
        encodings = self._reference.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(encoding.ids) for encoding in encodings]


class _PieceCounts(dict[str, int]):
    """Tokens per piece, filled on demand; long or late pieces are counted without being kept."""

    def __init__(self, encode: Callable[[str], list[int]]) -> None:
        super().__init__()
        self._encode = encode

    def __missing__(self, piece: str) -> int:
        number = len(self._encode(piece))
        if len(piece) <= _MAX_CACHED_LENGTH and len(self) < _MAX_CACHED_PIECES:
            self[piece] = number
        return number


def _piece_counter(declared: dict[str, Any]) -> Callable[[str], int]:
    """A function that counts one text without special tokens. Raises Unsupported."""
    normalise = _normaliser(declared.get("normalizer"))
    pattern = _split_pattern(declared.get("pre_tokenizer"))
    try:
        cut = regex.compile(pattern).findall
        encoding = tiktoken.Encoding(
            "model", pat_str=pattern, mergeable_ranks=_ranks(declared["model"]), special_tokens={}
        )
    except (regex.error, ValueError) as error:
        raise Unsupported(f"its split pattern is not understood: {error}") from error
    lookup = _PieceCounts(encoding.encode_ordinary).__getitem__

    def count(text: str) -> int:
        if not text.isascii():
            text = normalise(text)
        return sum(map(lookup, cut(text)))

    return count


def _normaliser(declared: dict[str, Any] | None) -> Callable[[str], str]:
    if declared is None:
        return str
    if declared.get("type") != "NFC":
        raise Unsupported(f"normalizer {declared.get('type')}")
    # Python's unicodedata follows another Unicode version than the tokenizer and differs on rare characters.
    return NFC().normalize_str


def _split_pattern(declared: dict[str, Any] | None) -> str:
    steps = (declared or {}).get("pretokenizers") or [declared or {}]
    kinds = [step.get("type") for step in steps]
    byte_level = steps[-1]
    if kinds[-1] != "ByteLevel" or byte_level.get("add_prefix_space", True):
        raise Unsupported("not a byte-level pre-tokenizer, or one that adds a leading space")
    if kinds == ["ByteLevel"] and byte_level.get("use_regex", True):
        return GPT2_PATTERN
    if kinds != ["Split", "ByteLevel"] or byte_level.get("use_regex", True):
        raise Unsupported(f"pre-tokenizer {'+'.join(map(str, kinds))}")
    split = steps[0]
    pattern = split.get("pattern", {}).get("Regex")
    if pattern is None or split.get("invert") or split.get("behavior") not in ("Isolated", "Removed"):
        raise Unsupported("a split other than by an isolating pattern")
    if split["behavior"] == "Removed":
        raise Unsupported("a split that removes text")
    return str(pattern)


def _ranks(model: dict[str, Any]) -> dict[bytes, int]:
    """Merge ranks by bytes, renumbered: 0-255 for the bytes, then merge order. Counts stay exact, ids do not."""
    if model.get("type") != "BPE" or any(
        model.get(key) for key in ("byte_fallback", "dropout", "continuing_subword_prefix", "end_of_word_suffix")
    ):
        raise Unsupported(f"model {model.get('type')} with options beyond byte-level BPE")
    byte_of = _byte_of_char()
    vocabulary = model["vocab"]
    if not all(char in vocabulary for char in byte_of):
        raise Unsupported("a vocabulary without all 256 bytes")
    ranks = {bytes([value]): value for value in range(256)}
    for merge in model["merges"]:
        left, right = merge.split(" ") if isinstance(merge, str) else merge
        token = bytes(byte_of[char] for char in left + right)
        ranks.setdefault(token, len(ranks))
    return ranks


def _byte_of_char() -> dict[str, int]:
    """Inverse of the printable alphabet in which byte-level tokenizers write their vocabulary (GPT-2)."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [value for value in range(256) if value not in set(printable)]
    return {chr(value): value for value in printable} | {chr(256 + index): value for index, value in enumerate(others)}


def from_tokenizer_json(
    text: str, chat_template: str | None = None, special: Mapping[str, str] | None = None
) -> ExactCounter:
    """An exact counter from the text of tokenizer.json, with the model's chat template (jinja) where there is one.

    `special` gives the template's variables such as bos_token. Raises ValueError when the text is no tokenizer.
    """
    try:
        return ExactCounter(text, chat_template, special)
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"not a tokenizer.json: {error}") from error


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
