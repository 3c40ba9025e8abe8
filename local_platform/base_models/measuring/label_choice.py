"""Zero-shot label choice over the labels in the prompt, in invented domains that training never saw."""

import random

from transformers import PreTrainedModel, PreTrainedTokenizerFast

from ..corpus import choice
from ..corpus.messages import Conversation
from ..corpus.wording import Side
from .generation import answers

_SEED = 600


def cases(count: int) -> list[tuple[Conversation, str, int]]:
    """Prompts of the held-out domains, the right label, the number of labels offered."""
    rng = random.Random(_SEED)
    made = []
    for _ in range(count):
        order, written, labels = choice.menu_case(rng, Side.TEST)
        label = rng.choice(list(written))
        text = choice.request(rng, Side.TEST, labels[label])
        made.append((choice.ask(rng, order, text, written[label])[:-1], written[label], len(written)))
    return made


def measure(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, count: int = 600) -> tuple[int, int, float]:
    """(right replies, cases, share expected by chance)."""
    some = cases(count)
    replies = answers(model, tokenizer, [prompt for prompt, _, _ in some], max_new_tokens=24)
    right = sum(reply == label for (_, label, _), reply in zip(some, replies, strict=True))
    return right, count, sum(1 / offered for _, _, offered in some) / count
