"""What a tool is: a name, an effect, typed arguments, and one coroutine from a context to facts.

Errors a tool may raise:
    ToolError            known trouble, told in words: whose it is, what to do next, whether trying again can help
Anything else that escapes a tool is a bug of ours and is not turned into prose.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Protocol

import httpx
from fireworks import AsyncFireworks
from pydantic import BaseModel, ConfigDict

from tools.facts import AnyFact
from tools.known import Known
from tuning.pricing import Prices

CLOUD = httpx.URL("https://api.fireworks.ai")


class Effect(StrEnum):
    """The worst a tool can do."""

    READ = "read"
    """Looks at the platform or the workspace."""
    WRITE = "write"
    """Writes into the session's own workspace."""
    ASK = "ask"
    """Shows the user something and opens a gate."""
    SPEND = "spend"
    """Creates or costs on the platform: only as an approved plan item."""
    SETTLE = "settle"
    """Cancels or scales down what this session owns."""


class Arguments(BaseModel):
    """Base of every tool's arguments: nothing unknown, nothing coerced silently."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class ToolCall:
    """A request to run a tool. `key` is unique in the session and derived from the log, never from chance or time."""

    key: str
    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ToolResult:
    """What a tool established. `text` is what a planner reads; facts are what the session remembers."""

    facts: tuple[AnyFact, ...] = ()
    text: str = ""


class ToolError(Exception):
    """Known trouble. `owner` is whose it is; `retry` says that the same call may succeed later without any change."""

    def __init__(
        self, message: str, *, owner: Literal["yours", "platform", "unknown"], next_step: str = "", retry: bool = False
    ) -> None:
        super().__init__(message)
        self.message = message
        self.owner = owner
        self.next_step = next_step
        self.retry = retry


class Blobs(Protocol):
    """Files behind signed URLs that a guarded answer of this session returned. Carries no credentials."""

    async def get(self, url: str, target: Path) -> int:
        """Streams the file to `target`; returns its size in bytes."""
        ...

    async def put(self, url: str, source: Path) -> None:
        """Streams the file up. Only files that an approved plan item names (by SHA-256) pass."""
        ...


async def no_reservation(item: str, requests: int) -> None:
    """For tools that ask no model, and for tests. Raises ToolError."""
    raise ToolError(f"nothing can be reserved for {item} here", owner="unknown")


@dataclass(frozen=True)
class ToolContext:
    """All a tool may use; a spending tool is given it only after the guard said yes."""

    session: str
    platform_kind: Literal["local", "fireworks"]
    platform_url: str
    """Base URL of the platform's REST API without a trailing slash, as a snippet for the user needs it."""
    account: str
    platform: AsyncFireworks
    blobs: Blobs
    workspace: Path
    known: Known
    prices: Prices
    emit: Callable[[str], Awaitable[None]]
    """Passing progress: shown live, not stored."""
    history: Mapping[str, Any] = field(default_factory=dict)
    """For the report: instruction, approvals with the user's words, times, versions."""
    now: float = 0.0
    """Seconds since the epoch when the call was made, from the log."""
    reserve: Callable[[str, int], Awaitable[None]] = no_reservation
    """(evaluate item, completions): takes them out of the item's approved envelope, used or not. Raises ToolError."""

    @property
    def base_url(self) -> str | None:
        """What the SDK has to be told to reach this platform. None: the cloud, whose own address would mislead it."""
        return None if httpx.URL(self.platform_url) == CLOUD else self.platform_url


class Tool(Protocol):
    """One tool. Its module is named as the tool and holds it as `TOOL`."""

    @property
    def name(self) -> str: ...
    @property
    def effect(self) -> Effect: ...
    @property
    def description(self) -> str: ...
    @property
    def arguments(self) -> type[Arguments]: ...
    @property
    def concurrent(self) -> bool:
        """Whether several calls may run at the same time: none rests on what another one finds or writes."""
        ...

    async def run(self, arguments: Any, context: ToolContext) -> ToolResult: ...


@dataclass(frozen=True)
class FunctionTool:
    """A tool made of one coroutine function."""

    name: str
    effect: Effect
    description: str
    arguments: type[Arguments]
    function: Callable[[Any, ToolContext], Awaitable[ToolResult]]
    concurrent: bool = False

    async def run(self, arguments: Any, context: ToolContext) -> ToolResult:
        return await self.function(arguments, context)
