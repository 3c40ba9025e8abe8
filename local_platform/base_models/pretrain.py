"""Pretrains a model of the family: `python -m local_platform.base_models.pretrain ember-1m`.

Runs on a CPU in float32 and on a GPU in bfloat16. Every batch follows from (seed, step) alone, so a run that was
killed goes on from its last checkpoint (build/base_models/NAME/) with the very batches it would have had.
"""

import argparse
import copy
import time
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch.utils.data import DataLoader, Dataset
from transformers import Qwen3ForCausalLM

from . import tokenizer as family_tokenizer
from .corpus.mix import conversations
from .corpus.wording import Side
from .growth import grown
from .optimizer import optimizers
from .packing import Rows, pack
from .sizes import CONTEXT, SIZES, Size, Stage

HERE = Path(__file__).parent
_SAVE_EVERY_SECONDS = 120
_HELD_OUT_SEED = 999_000_000


def batch(size: Size, tokenizer: Tokenizer, step: int, stage: Stage) -> Rows:
    """The rows of a step."""
    stream = conversations(size.seed * 1_000_000 + step, mix=stage.mix)
    return pack(tokenizer, stream, stage.batch_tokens // stage.row, stage.row, stage.joined)


class _Batches(Dataset[Rows]):  # type: ignore[misc]
    """The batch of every step of a run."""

    def __init__(self, size: Size, tokenizer: Tokenizer):
        self._size, self._tokenizer, self._stages = size, tokenizer, size.steps()

    def __getitem__(self, step: int) -> Rows:
        return batch(self._size, self._tokenizer, step, self._stages[step])


def masked_loss(model: Qwen3ForCausalLM, rows: Rows, where: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Mean next-token loss where `where` is 1; logits are computed only there."""
    ids, kept = rows.ids.to(device), where[:, 1:].to(device) == 1
    hidden = model.model(input_ids=ids, position_ids=rows.positions.to(device), use_cache=False).last_hidden_state
    return F.cross_entropy(model.lm_head(hidden[:, :-1][kept]).float(), ids[:, 1:][kept])


@torch.no_grad()  # type: ignore[untyped-decorator]
def held_out_loss(model: Qwen3ForCausalLM, tokenizer: Tokenizer, device: torch.device) -> float:
    """Loss on the answers of 64 rows made of held-out wordings, domains and names."""
    rows = pack(tokenizer, conversations(_HELD_OUT_SEED, Side.TEST), 64, 256)
    return float(masked_loss(model, rows, rows.answers, device))


def family_tokenizer_in(folder: Path) -> Tokenizer:
    """The family's tokenizer, trained on first use and kept in the folder, so that each size has the same."""
    path = folder / "tokenizer.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        family_tokenizer.train().save(str(path))
    return Tokenizer.from_file(str(path))


def save_model(model: Qwen3ForCausalLM, tokenizer: Tokenizer, size: Size, folder: Path) -> None:
    """Writes a checkpoint that transformers loads: bfloat16 weights, configuration, tokenizer, chat template."""
    copy.deepcopy(model).to(torch.bfloat16).save_pretrained(folder)
    family_tokenizer.wrap(tokenizer, CONTEXT).save_pretrained(folder)


def start(size: Size, work: Path) -> Qwen3ForCausalLM:
    """The untrained model: random weights, or grown from the finished smaller model.

    Raises:
        FileNotFoundError: the smaller model has not been pretrained here to its end.
    """
    torch.manual_seed(size.seed)
    model = Qwen3ForCausalLM(size.config()).float()
    if size.grown_from:
        source = work.parent / size.grown_from / "last.pt"
        state: dict[str, Any] = {"step": 0}
        if source.exists():
            state = torch.load(source, map_location="cpu", weights_only=True)
        if state["step"] != len(SIZES[size.grown_from].steps()):
            raise FileNotFoundError(
                f"{source} is not there or not finished: {size.name} grows from {size.grown_from}, pretrain that first"
            )
        model.load_state_dict(grown(state["model"], model, size.seed))
    return model


def pretrain(size: Size, output: Path, work: Path, device: torch.device, workers: int = 0) -> None:
    """Trains from the last checkpoint in `work`, or from the start, and writes the model to `output`.

    With `workers` other processes make the text while this one trains.
    """
    tokenizer = family_tokenizer_in(work.parent)
    model = start(size, work).to(device)
    parts = optimizers(model, size.matrix_rate, size.embedding_rate)
    peaks = [part.param_groups[0]["lr"] for part in parts]
    stages = size.steps()
    first = _resume(work / "last.pt", model, parts)
    work.mkdir(parents=True, exist_ok=True)
    clock = Progress(size, len(stages), first)
    remaining = DataLoader(_Batches(size, tokenizer), None, sampler=range(first, len(stages)), num_workers=workers)
    for step, rows in enumerate(remaining, first):
        for part, peak in zip(parts, peaks, strict=True):
            part.param_groups[0]["lr"] = peak * size.rate_factor(step)
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            loss = masked_loss(model, rows, rows.counted, device)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for part in parts:
            part.step()
            part.zero_grad()
        clock.tick(step + 1, loss.item(), rows.ids.numel())
        if (step + 1) % 200 == 0:
            print(f"step {step + 1} held-out {held_out_loss(model, tokenizer, device):.3f}", flush=True)
        if clock.due_to_save() or step + 1 == len(stages):
            _save(work / "last.pt", model, parts, step + 1)
    save_model(model, tokenizer, size, output)
    print(f"{size.name}: held-out loss {held_out_loss(model, tokenizer, device):.4f}, written to {output}", flush=True)


class Progress:
    """Prints loss and pace every 20 steps and says when a checkpoint is due."""

    def __init__(self, size: Size, steps: int, first: int):
        self._losses: list[float] = []
        self._tokens = 0
        self._begun = self._saved = time.monotonic()
        print(f"{size.name}: steps {first} to {steps}", flush=True)

    def tick(self, step: int, loss: float, tokens: int) -> None:
        """Notes a finished step."""
        self._losses.append(loss)
        self._tokens += tokens
        if step % 20 == 0:
            pace = self._tokens / (time.monotonic() - self._begun)
            mean = sum(self._losses) / len(self._losses)
            print(f"step {step} loss {mean:.3f} tokens/s {pace:.0f}", flush=True)
            self._losses.clear()

    def due_to_save(self) -> bool:
        """True once every two minutes."""
        due = time.monotonic() - self._saved > _SAVE_EVERY_SECONDS
        if due:
            self._saved = time.monotonic()
        return due


def _resume(checkpoint: Path, model: torch.nn.Module, parts: list[torch.optim.Optimizer]) -> int:
    """Loads the checkpoint when there is one; returns the step to go on with."""
    if not checkpoint.exists():
        return 0
    state = torch.load(checkpoint, weights_only=True)
    model.load_state_dict(state["model"])
    for part, part_state in zip(parts, state["optimizers"], strict=True):
        part.load_state_dict(part_state)
    return int(state["step"])


def _save(path: Path, model: torch.nn.Module, parts: list[torch.optim.Optimizer], step: int) -> None:
    state = {"model": model.state_dict(), "optimizers": [part.state_dict() for part in parts], "step": step}
    half = path.with_suffix(".half")
    torch.save(state, half)
    half.replace(path)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", choices=sorted(SIZES))
    parser.add_argument("--output", type=Path, help="default: this folder / NAME")
    parser.add_argument("--work", type=Path, help="checkpoints; default: build/base_models/NAME")
    parser.add_argument("--threads", type=int, default=0, help="0: as torch chooses")
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    size = SIZES[arguments.size]
    work = arguments.work or HERE.parents[1] / "build" / "base_models" / size.name
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    pretrain(size, arguments.output or HERE / size.name, work, device, workers=1)


if __name__ == "__main__":
    main()
