"""Asks a model many questions at once through the guarded client: as many in flight as pays, retried, counted, reported.

Nothing leaves that was not reserved before: the guard grants completions in blocks (`reserve`), and a retry counts like a
first try. What an answer is worth is not known here; each goes to `keep` as soon as it is there.

Errors raised:
    ToolError    the guard let nothing more pass, the key is not accepted, or the platform stayed silent for too long.
                 What was answered before is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import json
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from fireworks import APIConnectionError, APIStatusError, APITimeoutError, AsyncFireworks, FireworksError

from tools.answers_file import Reply
from tools.errors import NotJsonError, quote, refused_by_guard, told
from tools.pace import Pace
from tools.retry_after import wanted_pause
from tuning.workflows import EVALUATION_BLOCK

REQUEST_SECONDS = 120.0
"""After this long without an answer a request is given up and asked again."""
TRIES = 5
"""Of one question, while others are answered; an outage of the platform does not count against a question."""
SILENCE_SECONDS = 300.0
"""How long nothing at all may be answered (a deployment may wake from zero replicas) before the work is given up."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
LONGEST_RETRY_AFTER = 120.0
PROGRESS_SECONDS = 3.0
BUSY = frozenset({429, 503})
"""The platform has no room now; 503 also comes from a deployment that is waking up."""
PASSING = frozenset({408, 409, 425})

Messages = list[dict[str, Any]]


@dataclass(frozen=True)
class Door:
    """Where the questions go. `client` makes no retries of its own; `address` is the whole URL of the completions."""

    client: AsyncFireworks
    address: str
    model: str
    max_tokens: int


@dataclass(frozen=True)
class Progress:
    """How far the work is. `rate` is in answers per second of late, 0 before the first."""

    done: int
    total: int
    rate: float
    in_flight: int

    def beside(self, before: int) -> str:
        """In words; `before` are rows that an earlier run has answered."""
        left = f", about {_duration((self.total - self.done) / self.rate)} left" if self.rate else ""
        return f"{before + self.done:,} of {before + self.total:,} rows answered, {self.rate:.1f} a second{left}"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


class Completions:
    """One run over many questions. `reserve(n)` gets n completions granted or raises; `keep(row, reply)` takes a result."""

    def __init__(
        self,
        door: Door,
        reserve: Callable[[int], Awaitable[None]],
        keep: Callable[[int, Reply], None],
        report: Callable[[Progress], Awaitable[None]],
        pace: Pace | None = None,
    ) -> None:
        self._door = door
        self._reserve = reserve
        self._keep = keep
        self._report = report
        self._pace = pace or Pace()
        self.requests = 0
        """Completions sent so far, retries among them."""
        self._granted = 0
        self._granting = asyncio.Lock()
        self._fresh: deque[int] = deque()
        self._later: list[tuple[float, int]] = []
        self._tries: dict[int, int] = {}
        self._busy = 0
        """Askers, those that wait among them; `_flying` are requests without an answer yet."""
        self._flying = 0
        self._done = 0
        self._last_answer = 0.0

    async def run(self, questions: Mapping[int, Messages]) -> None:
        """Asks them all; returns when every row has its reply, a text or an error. Raises ToolError."""
        self._questions = questions
        self._fresh = deque(questions)
        self._last_answer = time.monotonic()
        watch = asyncio.create_task(self._watch(), name="evaluation progress")
        try:
            async with asyncio.TaskGroup() as self._group:
                self._more()
        except ExceptionGroup as group:
            raise group.exceptions[0] from None
        finally:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch

    def _more(self) -> None:
        """Starts as many askers as the pace allows and there is work for."""
        wanted = min(self._pace.limit - self._busy, len(self._fresh) + len(self._later))
        for _ in range(wanted):
            self._busy += 1
            self._group.create_task(self._ask_on())

    async def _ask_on(self) -> None:
        """One asker: takes the next question until there is none, or until fewer askers are wanted."""
        try:
            while self._busy <= self._pace.limit and (row := await self._next()) is not None:
                await self._ask(row)
                if self._pace.limit > self._busy:
                    self._more()
        finally:
            self._busy -= 1

    async def _next(self) -> int | None:
        """The next row that is due, after a pause where one is ordered; None when none waits."""
        while self._fresh or self._later:
            now = time.monotonic()
            due = bool(self._later) and self._later[0][0] <= now
            wait = self._pace.resume_at - now
            if wait <= 0:
                if due:
                    return heapq.heappop(self._later)[1]
                if self._fresh:
                    return self._fresh.popleft()
                wait = self._later[0][0] - now
            await asyncio.sleep(wait)
        return None

    async def _ask(self, row: int) -> None:
        if not self._granted:
            await self._grant()
        self._granted -= 1
        self._flying += 1
        self.requests += 1
        began = time.monotonic()
        try:
            reply = await self._complete(self._questions[row])
        except FireworksError as error:
            self._failed(row, error, began)
            return
        finally:
            self._flying -= 1
        self._last_answer = now = time.monotonic()
        self._pace.answered(now)
        self._finish(row, reply)

    async def _grant(self) -> None:
        async with self._granting:
            if not self._granted:
                wanted = min(EVALUATION_BLOCK, len(self._questions) - self._done - self._flying)
                await self._reserve(wanted)
                self._granted += wanted

    async def _complete(self, messages: Messages) -> Reply:
        """One completion. Raises FireworksError, also for an answer that is no completion."""
        door = self._door
        body = {"model": door.model, "messages": messages, "max_tokens": door.max_tokens, "temperature": 0}
        # The SDK's typed answer costs as much as the request itself; what is needed of it is one string.
        response = await door.client.post(door.address, body=body, cast_to=httpx.Response)
        return _read(response.content)

    def _finish(self, row: int, reply: Reply) -> None:
        self._done += 1
        self._keep(row, reply)

    def _failed(self, row: int, error: FireworksError, began: float) -> None:
        """Puts the row back for later, finishes it with its error, or ends the work. Raises ToolError."""
        now = time.monotonic()
        status = error.status_code if isinstance(error, APIStatusError) else 0
        if isinstance(error, APIStatusError) and (refused_by_guard(error) or status in (401, 403)):
            raise told(error, "asking the model")
        busy = status in BUSY or isinstance(error, APITimeoutError)
        passing = busy or status >= 500 or status in PASSING or isinstance(error, APIConnectionError | NotJsonError)
        # A deployment that its router does not know yet answers 404; once it has answered, 404 is an answer too.
        waking = status == 404 and not self._done
        if now - self._last_answer > SILENCE_SECONDS and (passing or waking):
            raise told(error, "asking the model")
        if self._last_answer >= began:
            self._tries[row] = self._tries.get(row, 0) + 1
        tries = self._tries.get(row, 0)
        if not (passing or waking) or tries >= TRIES:
            self._finish(row, Reply(None, quote(str(error), self._door.client.api_key)))
            return
        pause = _pause(error, max(tries, int(now - self._last_answer).bit_length()))
        if busy or waking or isinstance(error, APIConnectionError):
            self._pace.pushed_back(began, now, pause)
        heapq.heappush(self._later, (now + pause, row))

    async def _watch(self) -> None:
        """Tells how far the work is, at a pace that people can follow."""
        total, before = len(self._questions), 0
        rate = 0.0
        while True:
            await asyncio.sleep(PROGRESS_SECONDS)
            now_rate = (self._done - before) / PROGRESS_SECONDS
            rate, before = now_rate if not rate else (rate + now_rate) / 2, self._done
            await self._report(Progress(self._done, total, rate, self._busy))


def _read(content: bytes) -> Reply:
    """The text of a completion; its thinking where the tokens ended before the answer. Raises NotJsonError."""
    try:
        answer = json.loads(content)
    except ValueError as error:
        raise NotJsonError(str(error)) from error
    choices = answer.get("choices") if isinstance(answer, dict) else None
    message = (
        choices[0].get("message") if choices and isinstance(choices, list) and isinstance(choices[0], dict) else None
    )
    if not isinstance(message, dict):
        raise NotJsonError("the platform's answer is no completion")
    text = message.get("content") or message.get("reasoning_content") or ""
    return Reply(text if isinstance(text, str) else json.dumps(text))


def _pause(error: Exception, tries: int) -> float:
    """Seconds until the same is asked again: what the platform asks for, else doubling; spread, so that no crowd forms."""
    asked = wanted_pause(error.response.headers, time.time()) if isinstance(error, APIStatusError) else 0.0
    if asked:
        return min(asked, LONGEST_RETRY_AFTER) * random.uniform(1.0, 1.25)
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(tries, 10)) * random.uniform(0.5, 1.0)
