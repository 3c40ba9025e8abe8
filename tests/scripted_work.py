"""Scripted stand-ins for training and serving: what a job goes through, what it leaves, what a model answers."""

import asyncio
import fnmatch
import json
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from local_platform.engine import ChatRequest, Chunk, Target
from local_platform.jobs import Report
from local_platform.store import Resource

MODELS = ("tiny-a", "tiny-b", "tiny-c")
"""The base models on offer unless a test says otherwise: 1, 2 and 3 million parameters."""


@dataclass(frozen=True)
class Script:
    """How a job goes. It ends after `polls` polls (or `seconds`, when given) as `outcome` says."""

    polls: int = 3
    seconds: float | None = None
    outcome: Literal["completed", "failed", "stalled", "lost"] = "completed"
    """stalled: RUNNING at 10% for ever. lost: its process vanishes, the first `losses` times."""
    losses: int = 1
    code: str = "INTERNAL"
    message: str = "scripted failure"


def scripted_loss(rank: int, learning_rate: float, epochs: float, parameters: int) -> float:
    """The evaluation loss a scripted job ends with: least at rank 16, lower with more epochs and a larger model."""
    distance = 0.02 * abs(math.log2(rank / 16)) + 0.02 * abs(math.log10(learning_rate / 1e-4))
    return round(0.8 + distance - 0.05 * math.log2(1 + epochs) - 0.02 * math.log10(parameters), 6)


class ScriptedRunner:
    """Stands in for training. Its state is on disk in the job's folder, so it survives a kill of the process."""

    def __init__(self, scripts: Mapping[str, Script]) -> None:
        self.scripts = dict(scripts)
        self.folders: dict[str, Path] = {}

    def script(self, job_id: str) -> Script:
        return next((s for pattern, s in self.scripts.items() if fnmatch.fnmatch(job_id, pattern)), Script())

    def start(self, job: Resource, folder: Path) -> None:
        self.folders[job.id] = folder
        state = _read(folder)
        _write(folder, {**state, "starts": state.get("starts", 0) + 1, "polls": 0, "at": time.time()})
        (folder / "trainer.log").write_text(f"scripted run of {job.id}\n")

    def polled(self, job_id: str) -> None:
        folder = self.folders.get(job_id)
        if folder and folder.is_dir():
            state = _read(folder)
            _write(folder, {**state, "polls": state.get("polls", 0) + 1})

    def report(self, job: Resource, folder: Path) -> Report:
        script, state = self.script(job.id), _read(folder)
        polls = state.get("polls", 0)
        part = polls / max(script.polls, 1) if script.polls else 1.0
        if script.seconds is not None:
            part = (time.time() - state["at"]) / script.seconds
        elif polls == 0 and script.polls:
            return Report("waiting")
        if script.outcome == "stalled":
            return Report("running", {"percent": 10, "epoch": 0})
        if script.outcome == "lost" and state["starts"] <= script.losses:
            return Report("lost", message="evicted (scripted)")
        if part < 1:
            return Report("running", {"percent": min(99, int(100 * part)), "epoch": 0})
        if script.outcome == "failed":
            return Report("failed", code=script.code, message=script.message)
        _leave_results(json.loads((folder / "job.json").read_text()), folder)
        return Report("completed", {"epoch": int(job.document["epochs"])})

    def stop(self, job: Resource, folder: Path) -> None:
        self.folders.pop(job.id, None)

    def close(self) -> None:
        self.folders.clear()


class ScriptedEngine:
    """Stands in for serving. A tuned model answers what its training rows say for the most similar prompt."""

    def __init__(self, deployment_polls: int, answer: Callable[[ChatRequest], str] | None) -> None:
        self.polls = 0
        self.loaded: set[Target] = set()
        self.busy = 0
        self.most_busy = 0
        self._deployment_polls = deployment_polls
        self._answer = answer or _from_training_rows
        self._asked: dict[Target, int] = {}

    def load(self, target: Target) -> bool:
        if self.polls - self._asked.setdefault(target, self.polls) < self._deployment_polls:
            return False
        self.loaded.add(target)
        return True

    def unload(self, target: Target) -> None:
        self.loaded.discard(target)
        self._asked.pop(target, None)

    async def chat(self, request: ChatRequest) -> AsyncIterator[Chunk]:
        self.busy += 1
        self.most_busy = max(self.busy, self.most_busy)
        await asyncio.sleep(0)
        self.busy -= 1
        words = self._answer(request).split(" ")
        cut = words[: request.max_tokens]
        for index, word in enumerate(cut):
            yield Chunk(word if index == 0 else f" {word}")
        prompt = sum(len(str(message["content"]).split()) for message in request.messages)
        yield Chunk("", "stop" if len(cut) == len(words) else "length", prompt, len(cut))

    def close(self) -> None:
        self.loaded.clear()


def _leave_results(spec: dict[str, Any], folder: Path) -> None:
    """What a finished job leaves: an adapter and metrics.jsonl in the real trainer's form."""
    if (folder / "adapter").is_dir() or not (folder / "job.json").is_file():
        return
    rows = _rows(spec["train_files"])
    final = scripted_loss(spec["lora_rank"], spec["learning_rate"], spec["epochs"], _parameters(spec))
    evaluation = _rows(spec["evaluation_files"]) or (rows[: max(1, len(rows) // 10)] if spec["carve_out"] else [])
    lines = [_evaluation_line(0, 0.0, 2.0, evaluation)] if evaluation else []
    steps = max(1, math.ceil(len(rows) * spec["epochs"] / spec["batch_size"]))
    for step in range(1, min(steps, 50) + 1):
        loss = final + (2.0 - final) * math.exp(-3 * step / steps)
        epoch = round(spec["epochs"] * step / steps, 4)
        line = {"step": step, "epoch": epoch, "loss": round(loss, 6), "learning_rate": spec["learning_rate"]}
        lines.append({**line, "tokens": 100 * step})
    if evaluation:
        lines.append(_evaluation_line(steps, float(spec["epochs"]), final, evaluation))
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "adapter").mkdir()
    config = {"r": spec["lora_rank"], "target_modules": ["q_proj", "v_proj"]}
    (folder / "adapter" / "adapter_config.json").write_text(json.dumps(config))
    (folder / "adapter" / "answers.json").write_text(json.dumps([_prompt_and_reply(row) for row in rows]))


def _evaluation_line(step: int, epoch: float, loss: float, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Rows whose losses scatter by 10% around `loss` in a fixed pattern; eval_loss is their token-weighted mean."""
    counts = [max(1, len(_prompt_and_reply(row)[1].split())) for row in rows]
    scored = [[round(n * loss * (1 + 0.1 * (-1) ** index), 6), n] for index, n in enumerate(counts)]
    tokens = sum(counts)
    mean = sum(nll for nll, _ in scored) / tokens
    return {"step": step, "epoch": epoch, "eval_loss": mean, "eval_tokens": tokens, "eval_rows": scored}


def _parameters(spec: dict[str, Any]) -> int:
    name = spec["base_model"].rpartition("/")[2]
    return 1_000_000 * (MODELS.index(name) + 1) if name in MODELS else 1_000_000


def _rows(files: Sequence[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for file in files for line in Path(file).read_text().splitlines() if line.strip()]


def _prompt_and_reply(row: dict[str, Any]) -> tuple[str, str]:
    messages = row.get("messages", [])
    said = {message["role"]: str(message.get("content") or "") for message in messages}
    return said.get("user", ""), said.get("assistant", "")


def _from_training_rows(request: ChatRequest) -> str:
    prompt = next((str(m["content"]) for m in reversed(request.messages) if m["role"] == "user"), "")
    if request.target.adapter is None:
        return "I do not know."
    pairs = json.loads((request.target.adapter / "answers.json").read_text())
    words = set(prompt.lower().split())
    best = max(len(words & set(text.lower().split())) for text, _ in pairs)
    replies = Counter(reply for text, reply in pairs if len(words & set(text.lower().split())) == best)
    return str(replies.most_common(1)[0][0])


def _read(folder: Path) -> dict[str, Any]:
    path = folder / "script_state.json"
    state: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    return state


def _write(folder: Path, state: dict[str, Any]) -> None:
    partial = folder / "script_state.partial"
    partial.write_text(json.dumps(state))
    partial.replace(folder / "script_state.json")
