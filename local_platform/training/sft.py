"""Supervised fine-tuning of a LoRA adapter with TRL, from top to bottom: `python -m local_platform.training.sft JOB_DIR`.

Reads JOB_DIR/job.json; writes metrics.jsonl, progress.json and adapter/ there. Loss on assistant tokens only, constant
learning rate after the warm-up, AdamW, lora_alpha = 2 * rank on all linear layers, no dropout, seed 42: the same job on the
same machine gives the same adapter. Limits: one device, no packing, a row longer than max_length loses its end.
"""

import json
import math
import random
import sys
import time
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)
from trl import SFTConfig, SFTTrainer

from local_platform.job_folder import JobError, read_json, write_json
from local_platform.training.samples import IGNORED, Sample, encode_rows, read_rows, trainable_tokens

SEED = 42
CARVE_OUT = 0.1  # of the rows, when the job asks for its own evaluation rows
CARVE_OUT_MAX = 1000
LOG_LINES = 200  # about how many training lines a job writes at most
PROGRESS_SECONDS = 0.5


def main(folder: Path) -> dict[str, Any]:
    """Train the job in `folder`; returns its final progress. Raises JobError when it can't be done."""
    spec = read_json(folder / "job.json")
    torch.set_num_threads(spec["threads"])
    torch.manual_seed(SEED)

    tokenizer = AutoTokenizer.from_pretrained(spec["base_path"])
    rows, evaluation_rows = read_rows(spec["train_files"]), read_rows(spec["evaluation_files"])
    if spec["carve_out"]:
        rows, evaluation_rows = carve_out(rows)
    samples = encode_rows(rows, tokenizer, spec["max_length"])
    evaluation = encode_rows(evaluation_rows, tokenizer, spec["max_length"])
    if not trainable_tokens(samples):
        raise JobError(
            "INVALID_ARGUMENT",
            f"no trainable tokens: none of the {len(samples)} rows has assistant text within the first "
            f"{spec['max_length']} tokens; check the roles, the weights and maxContextLength",
        )

    model = AutoModelForCausalLM.from_pretrained(
        spec["base_path"], dtype="auto" if torch.cuda.is_available() else "float32"
    )
    steps = math.ceil(math.ceil(len(samples) / spec["batch_size"]) * spec["epochs"])
    metrics = Metrics(folder, evaluation, spec, steps)
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(
            output_dir=str(folder / "trainer"),
            num_train_epochs=spec["epochs"],
            per_device_train_batch_size=spec["batch_size"],
            learning_rate=spec["learning_rate"],
            lr_scheduler_type="constant_with_warmup",
            warmup_steps=spec["warmup_steps"],
            weight_decay=spec["weight_decay"],
            optim="adamw_torch",
            seed=SEED,
            use_cpu=not torch.cuda.is_available(),
            bf16=torch.cuda.is_available() and torch.cuda.is_bf16_supported(),
            gradient_checkpointing=False,
            dataset_kwargs={"skip_prepare_dataset": True},
            logging_steps=max(1, steps // LOG_LINES),
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
        ),
        train_dataset=Dataset.from_list(samples),
        processing_class=tokenizer,
        peft_config=LoraConfig(
            r=spec["lora_rank"],
            lora_alpha=2 * spec["lora_rank"],
            lora_dropout=0.0,
            target_modules="all-linear",
            task_type="CAUSAL_LM",
        ),
        callbacks=[metrics],
    )
    trainer.train()
    metrics.evaluate(trainer.model, trainer.state)
    if not all(torch.isfinite(weight).all() for weight in trainer.model.parameters() if weight.requires_grad):
        raise JobError("ABORTED", f"training diverged at learning rate {spec['learning_rate']}: choose a lower one")
    trainer.save_model(str(folder / "adapter"))
    return metrics.progress(trainer.state)


def carve_out(rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(training rows, evaluation rows): a tenth of the rows, at least one, drawn with the fixed seed; order is kept."""
    size = max(1, min(CARVE_OUT_MAX, round(CARVE_OUT * len(rows))))
    chosen = set(random.Random(SEED).sample(range(len(rows)), size))
    return [row for i, row in enumerate(rows) if i not in chosen], [rows[i] for i in sorted(chosen)]


class Metrics(TrainerCallback):  # type: ignore[misc]
    """Writes metrics.jsonl and progress.json, and evaluates before training, after each epoch and at the end."""

    def __init__(self, folder: Path, evaluation: list[Sample], spec: dict[str, Any], steps: int) -> None:
        self.folder = folder
        self.evaluation = evaluation
        self.spec = spec
        self.steps = steps
        self.tokens = 0
        self.evaluated_at = -1
        self.wrote_at = 0.0

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self.evaluate(kwargs["model"], state)

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self.evaluate(kwargs["model"], state)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        if time.monotonic() - self.wrote_at > PROGRESS_SECONDS:
            self.wrote_at = time.monotonic()
            write_json(self.folder / "progress.json", self.progress(state))

    def on_log(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        logs = kwargs["logs"]
        if "loss" not in logs:
            return
        self.tokens = int(logs["num_tokens"])
        line = {"loss": logs["loss"], "learning_rate": logs["learning_rate"], "tokens": self.tokens}
        self._write({"step": state.global_step, "epoch": round(state.epoch or 0.0, 4), **line})

    def evaluate(self, model: Any, state: TrainerState) -> None:
        """Write an evaluation line, unless this step has one."""
        if not self.evaluation or state.global_step == self.evaluated_at:
            return
        self.evaluated_at = state.global_step
        scored = score(model, self.evaluation, self.spec["batch_size"])
        tokens = sum(count for _, count in scored)
        loss = sum(nll for nll, _ in scored) / tokens if tokens else None
        line = {"eval_loss": loss, "eval_tokens": tokens, "eval_rows": scored}
        self._write({"step": state.global_step, "epoch": round(state.epoch or 0.0, 4), **line})

    def progress(self, state: TrainerState) -> dict[str, Any]:
        """The API's jobProgress."""
        percent = min(99, int(100 * state.global_step / max(1, self.steps)))
        return {"percent": percent, "epoch": int(state.epoch or 0), "inputTokens": self.tokens}

    def _write(self, line: dict[str, Any]) -> None:
        with (self.folder / "metrics.jsonl").open("a") as out:
            out.write(json.dumps(line) + "\n")


def score(model: Any, samples: list[Sample], batch_size: int) -> list[tuple[float, int]]:
    """(sum of negative log-likelihoods in nats, number of labelled tokens) of each sample, in order."""
    was_training = model.training
    model.eval()
    scored: list[tuple[float, int]] = [(0.0, 0)] * len(samples)
    by_length = sorted(range(len(samples)), key=lambda i: len(samples[i]["input_ids"]))
    for start in range(0, len(by_length), 4 * batch_size):
        chosen = by_length[start : start + 4 * batch_size]
        batch = pad([samples[i] for i in chosen], model.device)
        outputs = model(
            **batch, use_cache=False, fused_lm_head=True
        )  # TRL's head: log-probabilities without the logits
        sums = (-outputs.log_probs * outputs.label_mask).sum(dim=1).tolist()
        counts = outputs.label_mask.sum(dim=1).tolist()
        for i, nll, count in zip(chosen, sums, counts, strict=True):
            scored[i] = (round(nll, 6), int(count))
    model.train(was_training)
    return scored


def pad(samples: list[Sample], device: torch.device) -> dict[str, torch.Tensor]:
    """A batch padded on the right."""
    width = max(len(sample["input_ids"]) for sample in samples)
    ids = torch.zeros(len(samples), width, dtype=torch.long)
    labels = torch.full_like(ids, IGNORED)
    mask = torch.zeros_like(ids)
    for row, sample in enumerate(samples):
        length = len(sample["input_ids"])
        ids[row, :length] = torch.tensor(sample["input_ids"])
        labels[row, :length] = torch.tensor(sample["labels"])
        mask[row, :length] = 1
    return {"input_ids": ids.to(device), "labels": labels.to(device), "attention_mask": mask.to(device)}


if __name__ == "__main__":
    print(main(Path(sys.argv[1])))
