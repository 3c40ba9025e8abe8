"""DPO and ORPO from a supervised start: held-out preference accuracy, and manner of the replies by the rule."""

from typing import Any

import torch
from datasets import Dataset
from transformers import PreTrainedModel, PreTrainedTokenizerFast
from trl import DPOConfig, DPOTrainer
from trl.experimental.orpo import ORPOConfig, ORPOTrainer

from ..corpus.messages import Conversation
from ..corpus.wording import Side
from .generation import answers
from .pairs import is_courteous, preference_rows
from .tuning import copied, lora, trained, trainer_settings

_TRAIN_SEED, _TEST_SEED = 11, 12


def preferred(
    start: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    loss: str,
    *,
    rate: float,
    seed: int = 1,
    pairs: int = 600,
    epochs: float = 1,
) -> PreTrainedModel:
    """The start after preference tuning with `loss` ("dpo" or "orpo"), merged."""
    model = copied(start)
    rows = Dataset.from_list(preference_rows(_TRAIN_SEED + seed, pairs, Side.TRAIN))
    settings = trainer_settings(rate, 8, seed, epochs, max_length=256, beta=0.1)
    shared = {"model": model, "train_dataset": rows, "processing_class": tokenizer, "peft_config": lora(16)}
    trainer: Any
    if loss == "dpo":
        trainer = DPOTrainer(args=DPOConfig(**settings), **shared)
    else:
        trainer = ORPOTrainer(args=ORPOConfig(**settings), **shared)
    return trained(trainer)


@torch.no_grad()  # type: ignore[untyped-decorator]
def log_probability(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, prompt: Conversation, reply: Conversation
) -> float:
    """Log-probability of a reply, in nats."""
    tokens = tokenizer.apply_chat_template(
        [*prompt, *reply], return_dict=True, return_assistant_tokens_mask=True, return_tensors="pt"
    )
    ids, mask = tokens["input_ids"], torch.as_tensor(tokens["assistant_masks"])[:, 1:].bool()
    scores = model(ids).logits[:, :-1].log_softmax(-1).gather(-1, ids[:, 1:, None])[..., 0]
    return float(scores[mask].sum())


def margins(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, count: int = 300) -> list[float]:
    """For each held-out pair, log-probability of the chosen reply less that of the rejected one."""
    model.eval()
    return [
        log_probability(model, tokenizer, row["prompt"], row["chosen"])
        - log_probability(model, tokenizer, row["prompt"], row["rejected"])
        for row in preference_rows(_TEST_SEED, count, Side.TEST)
    ]


def courteous_replies(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, count: int = 300) -> list[bool]:
    """For each held-out prompt, whether the greedy reply is courteous by the rule."""
    prompts = [row["prompt"] for row in preference_rows(_TEST_SEED, count, Side.TEST)]
    return [is_courteous(reply) for reply in answers(model, tokenizer, prompts)]
