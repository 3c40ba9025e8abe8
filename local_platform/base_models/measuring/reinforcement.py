"""GRPO (TRL) on a checkable task: reply to a customer courteously, say the known fact, stay short."""

import random

from datasets import Dataset
from transformers import PreTrainedModel, PreTrainedTokenizerFast
from trl import GRPOConfig, GRPOTrainer

from ..corpus.messages import Conversation
from ..corpus.wording import Side
from .generation import answers
from .pairs import is_courteous, prompt_and_replies
from .tuning import copied, lora, trained, trainer_settings

_TRAIN_SEED, _TEST_SEED = 21, 22
_MAX_WORDS = 40


def reward(reply: str, fact: str) -> float:
    """0 to 1: half for the fact word for word, half for courtesy in at most 40 words that end in a full stop or mark."""
    finished = len(reply.split()) <= _MAX_WORDS and reply.rstrip().endswith((".", "!", "?"))
    return 0.5 * (fact in reply) + 0.5 * (is_courteous(reply) and finished)


def rows(seed: int, count: int, side: Side) -> list[dict[str, Conversation | str]]:
    """Prompts and the fact that each reply must state."""
    rng = random.Random(seed)
    prompts = [prompt_and_replies(rng, side)[0] for _ in range(count)]
    return [{"prompt": p, "fact": p[0]["content"].split("To say: ")[1]} for p in prompts]


def reinforced(
    start: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    *,
    seed: int,
    rate: float = 1e-3,
    steps: int = 40,
) -> PreTrainedModel:
    """The start after GRPO: 8 prompts a step, 8 replies a prompt, no reference model; merged."""

    def score(completions: list[Conversation], fact: list[str], **_: object) -> list[float]:
        return [reward(reply[0]["content"], known) for reply, known in zip(completions, fact, strict=True)]

    sampling = {"num_generations": 8, "max_completion_length": 56, "temperature": 1.0, "beta": 0.0}
    settings = trainer_settings(rate, 64, seed, 1, max_steps=steps, **sampling)
    trainer = GRPOTrainer(
        model=copied(start),
        args=GRPOConfig(**settings),
        train_dataset=Dataset.from_list(rows(_TRAIN_SEED + seed, 8 * steps, Side.TRAIN)),
        reward_funcs=score,
        processing_class=tokenizer,
        peft_config=lora(16),
    )
    return trained(trainer)


def held_out_rewards(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, count: int = 200) -> list[float]:
    """The reward of the greedy reply to each held-out prompt."""
    some = rows(_TEST_SEED, count, Side.TEST)
    replies = answers(model, tokenizer, [row["prompt"] for row in some], max_new_tokens=56)
    return [reward(reply, str(row["fact"])) for reply, row in zip(replies, some, strict=True)]
