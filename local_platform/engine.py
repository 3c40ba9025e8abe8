"""What serving needs of an engine, whatever runs behind it: load, unload, and a stream of text for a chat."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class Target:
    """What answers: a base model's folder, with the folder of a LoRA adapter on top or none."""

    base: Path
    adapter: Path | None = None


@dataclass(frozen=True)
class ChatRequest:
    """One chat completion. `temperature` 0 is greedy; `seed` None draws a fresh one."""

    target: Target
    messages: list[dict[str, Any]]
    max_tokens: int
    temperature: float
    top_p: float
    stop: tuple[str, ...]
    seed: int | None
    stream: bool
    """False: the whole answer may come in one piece."""


@dataclass(frozen=True)
class Chunk:
    """A piece of the answer. The last one alone has a finish reason (stop or length) and token counts."""

    text: str
    finish_reason: str | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0


class EngineError(Exception):
    """The engine could not load or answer; `yours` when the request was at fault (a prompt too long, say)."""

    def __init__(self, message: str, *, yours: bool = False) -> None:
        super().__init__(message)
        self.yours = yours


class Engine(Protocol):
    """Loads models and answers chats."""

    def load(self, target: Target) -> bool:
        """Bring a model into memory (blocking). False: not there yet, ask again. Raises EngineError."""

    def unload(self, target: Target) -> None:
        """Let go of a model; a base stays while another target uses it."""

    def chat(self, request: ChatRequest) -> AsyncIterator[Chunk]:
        """Stream the answer. Raises EngineError."""

    def close(self) -> None:
        """Free everything."""
