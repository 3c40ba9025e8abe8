"""Chat rows as token ids with labels on what the assistant says alone."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerBase
from trl.chat_template_utils import get_training_chat_template, has_generation_markers

from local_platform.job_folder import JobError

Sample = dict[str, list[int]]
"""`input_ids` and `labels` of equal length; -100 where nothing is to be learned."""
IGNORED = -100


def read_rows(files: Sequence[str]) -> list[dict[str, Any]]:
    """All rows of JSONL files, in order."""
    rows: list[dict[str, Any]] = []
    for file in files:
        with Path(file).open(encoding="utf-8") as lines:
            rows += [json.loads(line) for line in lines if line.strip()]
    return rows


def encode_rows(rows: Sequence[dict[str, Any]], tokenizer: PreTrainedTokenizerBase, max_length: int) -> list[Sample]:
    """One sample a row, cut to `max_length` tokens. Raises JobError for a row that is no chat."""
    template = tokenizer.chat_template
    if not has_generation_markers(template):
        template = get_training_chat_template(tokenizer)
    return [_encode(row, index, tokenizer, template, max_length) for index, row in enumerate(rows)]


def trainable_tokens(samples: Sequence[Sample]) -> int:
    """How many tokens carry a label that a model predicts (the first of a row is never predicted)."""
    return sum(sum(label != IGNORED for label in sample["labels"][1:]) for sample in samples)


def _encode(
    row: dict[str, Any], index: int, tokenizer: PreTrainedTokenizerBase, template: str, max_length: int
) -> Sample:
    where = f"row {index + 1}"
    messages = row.get("messages")
    if not isinstance(messages, list) or not messages:
        raise JobError("INVALID_ARGUMENT", f"{where}: no messages")
    if row.get("weight", 1) != 1:
        raise JobError("INVALID_ARGUMENT", f"{where}: a row weight other than 1 is not supported by this trainer")
    encoded = tokenizer.apply_chat_template(
        [_plain(message, where) for message in messages],
        tools=row.get("tools"),
        chat_template=template,
        return_assistant_tokens_mask=True,
        return_dict=True,
    )
    mask = _without_weight_zero(list(encoded["assistant_masks"]), messages, where)
    ids = list(encoded["input_ids"])
    labels = [token if learned else IGNORED for token, learned in zip(ids, mask, strict=True)]
    return {"input_ids": ids[:max_length], "labels": labels[:max_length]}


def _plain(message: Any, where: str) -> dict[str, Any]:
    if not isinstance(message, dict) or message.get("role") not in ("system", "user", "assistant", "tool"):
        raise JobError("INVALID_ARGUMENT", f"{where}: a message without a known role")
    content = message.get("content")
    if isinstance(content, list):
        content = "".join(str(part.get("text", "")) for part in content)
    rest = {key: value for key, value in message.items() if key != "weight" and value is not None}
    return {**rest, "content": content or ""}


def _without_weight_zero(mask: list[int], messages: list[dict[str, Any]], where: str) -> list[int]:
    """Unmask the assistant messages of weight 0: the n-th run of ones belongs to the n-th assistant message."""
    weights = [message.get("weight", 1) for message in messages if message["role"] == "assistant"]
    if all(weight == 1 for weight in weights):
        return mask
    starts = [i for i, bit in enumerate(mask) if bit and (i == 0 or not mask[i - 1])]
    if len(starts) != len(weights) or any(weight not in (0, 1) for weight in weights):
        raise JobError("INVALID_ARGUMENT", f"{where}: message weights must be 0 or 1, on separate assistant messages")
    run = -1
    for i, bit in enumerate(mask):
        run += i in starts
        if bit and weights[run] == 0:
            mask[i] = 0
    return mask
