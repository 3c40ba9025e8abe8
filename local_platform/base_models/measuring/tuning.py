"""Tuning for the measurements: LoRA on every linear layer with TRL, loss on the assistant's tokens."""

import os
import tempfile
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    PrinterCallback,
    Trainer,
)
from trl import SFTConfig, SFTTrainer

from ..corpus.messages import Conversation

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")


def random_weights(folder: Path, seed: int) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    """The architecture and tokenizer of a model, its weights drawn anew: the baseline without pretraining."""
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder), dtype=torch.float32)
    return model, AutoTokenizer.from_pretrained(folder)


def lora(rank: int) -> LoraConfig:
    """The adapter of all measurements: alpha twice the rank, all linear layers, no dropout."""
    return LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear", task_type="CAUSAL_LM")


def copied(model: PreTrainedModel) -> PreTrainedModel:
    """The same weights in a new model. A trainer patches the model it is given, so deepcopy would carry its patches."""
    new = AutoModelForCausalLM.from_config(model.config, dtype=torch.float32)
    new.load_state_dict(model.state_dict())
    return new.to(model.device)


def trained(trainer: Trainer) -> PreTrainedModel:
    """Trains quietly; returns a new model with the adapter's weights added in."""
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    return copied(trainer.model.merge_and_unload())


def trainer_settings(rate: float, batch_size: int, seed: int, epochs: float, **more: Any) -> dict[str, Any]:
    """What every TRL configuration here has in common: quiet, nothing saved, on a GPU when there is one."""
    cpu = not torch.cuda.is_available()
    return {
        "output_dir": tempfile.gettempdir(),
        "learning_rate": rate,
        "per_device_train_batch_size": batch_size,
        "num_train_epochs": epochs,
        "lr_scheduler_type": "linear",
        "warmup_steps": 10,
        "seed": seed,
        "use_cpu": cpu,
        "bf16": not cpu,
        "save_strategy": "no",
        "report_to": [],
        "disable_tqdm": True,
        "logging_strategy": "no",
        "gradient_checkpointing": False,
        **more,
    }


def tuned(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    conversations: list[Conversation],
    *,
    rank: int = 16,
    rate: float = 3e-3,
    epochs: float = 3,
    batch_size: int = 16,
    seed: int = 1,
) -> PreTrainedModel:
    """The model after supervised tuning, its adapter merged."""
    settings = trainer_settings(rate, batch_size, seed, epochs, assistant_only_loss=True, max_length=1024)
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(**settings),
        train_dataset=Dataset.from_list([{"messages": c} for c in conversations]),
        processing_class=tokenizer,
        peft_config=lora(rank),
    )
    return trained(trainer)
