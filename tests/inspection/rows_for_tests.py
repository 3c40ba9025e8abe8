"""Small builders of rows and tokenizers that the tests of this folder share."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

QWEN_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
_TEXT = [
    "The quick brown fox jumps over the lazy dog. Don't you think so? I'll say 12 or 3,456.",
    "user\nassistant\nsystem\nWhat is the capital of France? Paris is the capital of France.",
    "def count(texts):\n    return [len(text) for text in texts]\n",
    "Zażółć gęślą jaźń, naïve café, Привет мир, 日本語の文",
]


def chat(user: str, assistant: str | None, system: str | None = None, **more: Any) -> dict[str, Any]:
    """A chat row; without `assistant` a prompt."""
    messages = [{"role": "system", "content": system}] if system is not None else []
    messages.append({"role": "user", "content": user})
    if assistant is not None:
        messages.append({"role": "assistant", "content": assistant})
    return {"messages": messages, **more}


def pair(prompt: str, preferred: str, other: str) -> dict[str, Any]:
    """A preference row (Format A)."""
    return {
        "input": {"messages": [{"role": "user", "content": prompt}]},
        "preferred_output": [{"role": "assistant", "content": preferred}],
        "non_preferred_output": [{"role": "assistant", "content": other}],
    }


def jsonl(*rows: object) -> bytes:
    """Rows as a file; bytes are lines as they are."""
    lines = [row if isinstance(row, bytes) else json.dumps(row, ensure_ascii=False).encode() for row in rows]
    return b"".join(line + b"\n" for line in lines)


@cache
def tokenizer_json(qwen: bool = True, size: int = 600) -> str:
    """A byte-level BPE tokenizer.json, with the Qwen family's pattern and NFC or with GPT-2's."""
    tokenizer = Tokenizer(models.BPE())
    if qwen:
        tokenizer.normalizer = normalizers.NFC()
        split = pre_tokenizers.Split(Regex(QWEN_PATTERN), "isolated")
        level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, level])
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=alphabet, special_tokens=SPECIAL, show_progress=False
    )
    tokenizer.train_from_iterator(_TEXT, trainer)
    return str(tokenizer.to_str())
