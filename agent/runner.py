"""Who drives which session now: one task per session that has something to do, none for one that waits.

Everything is recomputed from the logs, so starting is resuming: at start each session that has not ended is driven once.
One poller looks at the platforms for all sessions with something running there.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any

from agent.executor import Emit, Executor, key_of
from agent.guard.step import Run, Wait
from agent.planner.base import Next, Planner
from agent.planner.classification import refill
from agent.planner.offline import meanwhile
from agent.planner.resting import put_away
from agent.session.events import AgentSaid, Event, JobStalled
from agent.session.state import SessionState
from agent.session.store import Decide, SessionUnknown, Store, StoreError
from tools.base import ToolError
from tools.known import TERMINAL
from tools.wait_for_jobs import SETTLED, live_line, look
from tuning.workflows import STALL_SECONDS

log = logging.getLogger(__name__)
LOCAL_POLL = 1.0
CLOUD_POLL = 10.0
STORE_DELAY = 10.0
"""Seconds before a session whose log could not be written is driven again."""
CRASH_DELAY = 5.0
LOOKS_BEFORE_TELLING = 3
STALLING = frozenset({"JOB_STATE_RUNNING", "JOB_STATE_PAUSED"})
"""States in which silence is news: a queue may take its time, a running or suspended job is reported."""
LONG = frozenset({"evaluate_model", "download_dataset", "prepare_dataset"})
"""Tools whose calls last so long that questions are asked and training slots free meanwhile."""
MAX_CRASHES = 5
"""A session that meets a bug of ours this often in a row is parked until the next start or message."""


async def _nobody(session: str, text: str) -> None:
    """Live progress where nobody looks on."""


class Runner:
    """Drives the sessions of one store. Use from one event loop."""

    def __init__(
        self,
        store: Store,
        executor: Executor,
        planner: Planner,
        *,
        clock: Callable[[], float] = time.time,
        local_poll: float = LOCAL_POLL,
        cloud_poll: float = CLOUD_POLL,
        live: Emit = _nobody,
    ) -> None:
        """`live` hears how the running jobs are doing, whenever a look shows something new: shown, not stored."""
        self._store = store
        self._executor = executor
        self._planner = planner
        self._clock = clock
        self._poll_every = {"local": local_poll, "fireworks": cloud_poll}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._news: dict[str, asyncio.Event] = {}
        """Of sessions in a step that lasts: set when something happened."""
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._looked: dict[str, float] = {}
        self._watched: set[str] = set()
        self._crashes: dict[str, int] = {}
        self._blind: dict[str, int] = {}
        self._live = live
        self._lines: dict[str, str] = {}
        self._poller: asyncio.Task[None] | None = None
        self._stopping = False

    @property
    def idle(self) -> bool:
        """Nothing is driven and nothing runs on a platform: the server may be restarted without anyone noticing."""
        return not self._tasks and not self._watched

    async def start(self) -> None:
        """Goes on with every session that has not ended, or that was spoken to after its end."""
        for session in self._store.sessions():
            state = self._store.state(session)
            if state.ended is None or state.afterwards:
                self.wake(session)
        self._poller = asyncio.create_task(self._poll(), name="poller")

    async def stop(self) -> None:
        """Ends the driving at the next await. Nothing is lost: the logs have it all."""
        self._stopping = True
        for timer in self._timers.values():
            timer.cancel()
        tasks = [*self._tasks.values(), *([self._poller] if self._poller else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def wake(self, session: str) -> None:
        """Something happened to the session: drive it, or drive it once more when it is being driven."""
        if self._stopping:
            return
        timer = self._timers.pop(session, None)
        if timer is not None:
            timer.cancel()
        if session in self._tasks:
            self._again.add(session)
            if session in self._news:
                self._news[session].set()
            return
        task = asyncio.create_task(self._drive(session), name=f"drive {session}")
        self._tasks[session] = task
        task.add_done_callback(lambda done: self._driven(session, done))

    def _driven(self, session: str, task: asyncio.Task[None]) -> None:
        self._tasks.pop(session, None)
        if task.cancelled() or self._stopping:
            return
        error = task.exception()
        if error is None:
            self._crashes.pop(session, None)
        else:
            self._failed(session, error)
        if session in self._again:
            self._again.discard(session)
            self.wake(session)

    def _failed(self, session: str, error: BaseException) -> None:
        if isinstance(error, SessionUnknown):
            return
        if isinstance(error, StoreError):
            log.error("session %s: %s", session, error)
            self._wake_at(session, self._clock() + STORE_DELAY)
            return
        count = self._crashes[session] = self._crashes.get(session, 0) + 1
        log.error("session %s met a bug of ours (%d in a row)", session, count, exc_info=error)
        if count < MAX_CRASHES:
            self._wake_at(session, self._clock() + CRASH_DELAY * 2**count)
            return
        text = (
            "A bug of this program stops the session here; server.log in its home has the details. Nothing is lost: it "
            "goes on after the next start of the server, or at your next message."
        )
        self._tell(session, lambda state: [(f"parked/{state.last_seq}", AgentSaid(text=text))])

    async def _drive(self, session: str) -> None:
        """Takes steps until there is nothing to do but wait."""
        await self._beside(session, self._executor.resume(session))
        refused: Next | None = None
        while True:
            state = self._store.state(session)
            self._watch(session, state)
            if state.ended is not None and not state.afterwards:
                return
            step = put_away(state, self._clock(), await self._planner.next_step(state, self._clock()))
            if isinstance(step, Wait):
                if step.until is not None:
                    self._wake_at(session, step.until)
                return
            if isinstance(step, tuple):
                await self._executor.take_together(session, step, state.last_user_seq)
            elif isinstance(step, Run) and step.call.tool in LONG:
                await self._beside(session, self._executor.take(session, step, state.last_user_seq))
            else:
                await self._executor.take(session, step, state.last_user_seq)
            await asyncio.sleep(0)  # steps that wait for nothing must not keep the other sessions from theirs
            after = self._store.state(session)
            if after.last_seq == state.last_seq or step == refused:
                raise RuntimeError(f"the step {step!r} got nowhere and would be taken for ever")
            keys = [key_of(part) for part in (step if isinstance(step, tuple) else (step,))]
            calls = [after.calls.get(key) for key in keys]
            refused = step if all(call is not None and call.status == "refused" for call in calls) else None

    async def _beside(self, session: str, work: Coroutine[Any, Any, object]) -> None:
        """Does what may last; meanwhile answers questions and fills free training slots: as the log changes, and when due."""
        news = self._news[session] = asyncio.Event()
        taken = asyncio.create_task(work, name=f"work {session}")
        taken.add_done_callback(lambda _: news.set())
        try:
            while not taken.done():
                news.clear()
                state = self._store.state(session)
                self._watch(session, state)
                more = meanwhile(state) or refill(state, self._clock())
                if isinstance(more, Wait):
                    await self._news_until(news, more.until)
                else:
                    await self._executor.take(session, more, state.last_user_seq)
        finally:
            del self._news[session]
            taken.cancel()
            await asyncio.wait({taken})
        await taken

    async def _news_until(self, news: asyncio.Event, until: float | None) -> None:
        """Waits for news, at most until the time `until`."""
        delay = None if until is None else max(0.0, until - self._clock())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(news.wait(), delay)

    def _wake_at(self, session: str, at: float) -> None:
        delay = max(0.0, at - self._clock())
        old = self._timers.pop(session, None)
        if old is not None:
            old.cancel()
        self._timers[session] = asyncio.get_running_loop().call_later(delay, self.wake, session)

    def _watch(self, session: str, state: SessionState) -> None:
        """Does the poller have to look for this session?"""
        jobs = any(job.state not in TERMINAL for job in state.known.jobs.values())
        deployments = any(d.state not in SETTLED for d in state.known.deployments.values())
        if state.ended is None and (jobs or deployments):
            self._watched.add(session)
        else:
            self._watched.discard(session)

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(min(self._poll_every.values()))
            for session in sorted(self._watched):
                try:
                    await self._poll_session(session)
                except Exception:
                    log.exception("session %s: a bug of ours in looking at its jobs; the others go on", session)

    async def _poll_session(self, session: str) -> None:
        state = self._store.state(session)
        kind = state.created.platform_kind if state.created else "local"
        if self._clock() - self._looked.get(session, 0.0) >= self._poll_every[kind]:
            self._looked[session] = self._clock()
            await self._look(session)

    async def _look(self, session: str) -> None:
        """One look at the platform; changes are appended and wake the session. Trouble waits for the next look."""
        try:
            facts = await look(await self._executor.context(session))
            before = self._store.state(session).last_seq
            self._executor.observe(session, facts)
            self._stalls(session)
        except StoreError as error:
            log.warning("session %s: a look at the platform could not be written: %s", session, error)
            return
        except ToolError as error:
            self._unseen(session, error)
            return
        self._blind.pop(session, None)
        await self._show(session, live_line(self._store.state(session).known, facts))
        if self._store.state(session).last_seq > before:
            self.wake(session)

    async def _show(self, session: str, line: str) -> None:
        if line != self._lines.get(session, ""):
            self._lines[session] = line
            await self._live(session, line)

    def _unseen(self, session: str, error: ToolError) -> None:
        """A look failed. The third in a row is told to the user, once per outage; the looks go on."""
        log.warning("session %s: a look at the platform failed: %s", session, error)
        self._blind[session] = self._blind.get(session, 0) + 1
        if self._blind[session] != LOOKS_BEFORE_TELLING:
            return
        text = (
            f"I can't see how the jobs are doing: {error.message}. {error.next_step} I go on looking; nothing is lost."
        )

        def decide(state: SessionState) -> list[tuple[str, Event]]:
            return [(f"blind/{state.last_seq}", AgentSaid(text=text))]

        self._tell(session, decide)

    def _tell(self, session: str, decide: Decide) -> None:
        """Words of the runner itself. When even the log fails, the server's log has it."""
        try:
            self._store.transact(session, decide)
        except StoreError as error:
            log.error("session %s: %s", session, error)

    def _stalls(self, session: str) -> None:
        """A job that says RUNNING without a new step for too long is reported once per silence."""
        now = self._clock()

        def decide(state: SessionState) -> list[tuple[str, Event]]:
            return [
                (f"stalled/{name}/{state.progress_at[name]:.0f}", JobStalled(resource=name, seconds=now - since))
                for name, since in state.progress_at.items()
                if name not in state.stalled
                and (job := state.known.jobs.get(name)) is not None
                and job.state in STALLING
                and now - since > STALL_SECONDS
            ]

        self._store.transact(session, decide)
