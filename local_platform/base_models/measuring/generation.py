"""Greedy answers, many prompts at a time."""

from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerFast

from ..corpus.messages import Conversation

FAMILY = Path(__file__).parents[1]


def load(folder: Path) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    """A model of the family in float32 and its tokenizer."""
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32), AutoTokenizer.from_pretrained(folder)


@torch.no_grad()  # type: ignore[untyped-decorator]
def answers(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    prompts: list[Conversation],
    max_new_tokens: int = 48,
    batch_size: int = 100,
) -> list[str]:
    """The greedy reply to each prompt, without special tokens. Prompts of like length are answered together."""
    model.eval()
    order = sorted(range(len(prompts)), key=lambda i: sum(len(turn["content"]) for turn in prompts[i]))
    replies = [""] * len(prompts)
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        texts = [tokenizer.apply_chat_template(prompts[i], tokenize=False, add_generation_prompt=True) for i in chosen]
        inputs = tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
        inputs.pop("token_type_ids", None)
        made = model.generate(**inputs.to(model.device), do_sample=False, max_new_tokens=max_new_tokens)
        for i, ids in zip(chosen, made[:, inputs["input_ids"].size(1) :], strict=True):
            replies[i] = tokenizer.decode(ids, skip_special_tokens=True).strip()
    return replies
