"""Zero-shot label choice over the labels in the prompt, in invented domains that training never saw."""

import random

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from ..corpus import choice
from ..corpus.messages import Conversation
from ..corpus.wording import Side
from .generation import answers

_SEED = 600
Case = tuple[Conversation, str, list[str]]


def cases(count: int) -> list[Case]:
    """Prompts of the held-out domains, the right label, the labels offered."""
    rng = random.Random(_SEED)
    made = []
    for _ in range(count):
        order, written, labels = choice.menu_case(rng, Side.TEST)
        label = rng.choice(list(written))
        text = choice.request(rng, Side.TEST, labels[label])
        made.append((choice.ask(rng, order, text, written[label])[:-1], written[label], list(written.values())))
    return made


def measure(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, count: int = 600
) -> tuple[int, int, int, float]:
    """(right as greedy replies, right as the likeliest of the offered labels, cases, share expected by chance)."""
    some = cases(count)
    replies = answers(model, tokenizer, [prompt for prompt, _, _ in some], max_new_tokens=24)
    free = sum(reply == label for (_, label, _), reply in zip(some, replies, strict=True))
    ranked = sum(likeliest(model, tokenizer, prompt, offered) == label for prompt, label, offered in some)
    return free, ranked, count, sum(1 / len(offered) for _, _, offered in some) / count


@torch.no_grad()  # type: ignore[untyped-decorator]
def likeliest(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, prompt: Conversation, offered: list[str]
) -> str:
    """The offered label with the highest log-probability per token as the whole reply."""
    start = tokenizer.apply_chat_template(prompt, tokenize=False, add_generation_prompt=True)
    known = len(tokenizer(start, add_special_tokens=False)["input_ids"])
    texts = [f"{start}{label}{tokenizer.eos_token}" for label in offered]
    inputs = tokenizer(texts, return_tensors="pt", padding=True, padding_side="right", add_special_tokens=False)
    ids, mask = inputs["input_ids"], inputs["attention_mask"][:, known:]
    logits = model(input_ids=ids, attention_mask=inputs["attention_mask"]).logits[:, known - 1 : -1]
    scores = logits.log_softmax(-1).gather(-1, ids[:, known:, None])[..., 0] * mask
    return offered[int((scores.sum(1) / mask.sum(1)).argmax())]
