"""Whatever kills, restarts and words of the user happen: no completion arrives that was not approved, and none after a no.

The session's log, executor, guard, SDK and tool are the real ones. The platform counts what arrives, and kills the process
at a chosen completion: what was under way gets no outcome, and everything starts anew from the disk.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.guard.client import Connection, Platform, open_platform
from agent.session.events import Cancelling, Event, InferenceReserved, ReplyReading, SessionEnded, UserMessage
from agent.session.state import SessionState
from tests.evaluation.desk import ITEM, SESSION, Desk
from tests.evaluation.endpoint import labelled
from tools import completions

EXAMPLES = int(os.environ.get("FIREAGENT_EXAMPLES", "12"))
ROWS = 30
NO: dict[str, Event] = {
    "stop": UserMessage(text="stop", reading=ReplyReading(label="reject")),
    "cancel": Cancelling(),
    "end": SessionEnded(status="failed"),
}


class Killed(BaseException):
    """The process dies here."""


@dataclass(frozen=True)
class Life:
    """From a start to a kill or the end of the call. Numbers are completions of this life."""

    killed_at: int | None
    says: str
    says_at: int
    busy: frozenset[int]
    """Those are answered 429."""
    torn: int
    """Bytes that are missing at the end of the answers' file after the kill."""


lives = st.builds(
    Life,
    killed_at=st.none() | st.integers(1, 40),
    says=st.sampled_from(("", "", "", "stop", "stop", "cancel", "end")),
    says_at=st.integers(1, 30),
    busy=st.frozensets(st.integers(1, 40), max_size=8),
    torn=st.integers(0, 30),
)


@dataclass
class Recorder(httpx.AsyncBaseTransport):
    """The platform of one life."""

    desk: CountingDesk
    life: Life
    arrived: int = 0
    late: list[str] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(await request.aread())
        state = self.desk.state
        if state.held or state.cancelling or state.ended:
            self.late.append(str(body))
        self.arrived += 1
        if self.arrived == self.life.says_at and self.life.says:
            self.desk.append(NO[self.life.says])
        if self.arrived == self.life.killed_at:
            raise Killed
        status, answer, _ = labelled(body) if self.arrived not in self.life.busy else (429, {}, {})
        return httpx.Response(status, json=answer, request=request)


class CountingDesk(Desk):
    """A desk whose platform is a recorder."""

    recorder: Recorder

    async def _platform(self, state: SessionState) -> tuple[Platform, str]:
        if self.platform is None:
            connection = Connection("local", "test-key", self.url)
            self.platform = open_platform(connection, lambda: self.state, inner=self.recorder)
        return self.platform, self.url


def reserved(desk: Desk) -> int:
    events = [record.event for record in desk.store.records(SESSION)]
    return sum(event.requests for event in events if isinstance(event, InferenceReserved))


def unanswered(answers: Path) -> int:
    """Rows without an answer on the disk, by the test's own reading of the file."""
    lines = answers.read_text().split("\n")[:-1] if answers.exists() else []
    return ROWS - len({entry["row"] for entry in map(json.loads, lines) if entry["text"] is not None})


async def live(home: Path, life: Life, number: int, spare: int) -> tuple[int, int, bool]:
    """(arrived, newly reserved, whether it was killed) of one life."""
    desk = CountingDesk(home, "http://127.0.0.1:9", ROWS, spare)
    desk.recorder = Recorder(desk, life)
    answers = desk.answers
    before, killed, missing = reserved(desk), False, unanswered(answers)
    try:
        if desk.state.held and not desk.state.cancelling and desk.state.ended is None:
            desk.approve()
        await desk.executor.resume(SESSION)
        if ITEM not in desk.state.known.scores:
            await desk.evaluate(f"evaluate/{number}")
    except BaseExceptionGroup as group:
        killed = group.subgroup(Killed) is not None
        assert killed, group
    except Killed:
        killed = True
    finally:
        newly = reserved(desk) - before
        assert not desk.recorder.late, "a completion left after the user's no"
        assert desk.recorder.arrived <= missing + len(life.busy), "asked again for what it had"
        await desk.close()
    if killed and answers.exists() and life.torn:
        os.truncate(answers, max(0, answers.stat().st_size - life.torn))
    return desk.recorder.arrived, newly, killed


@pytest.fixture(autouse=True, scope="module")
def hurry() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(completions, "FIRST_PAUSE", 0.001)
        yield


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(script=st.lists(lives, min_size=1, max_size=6), spare=st.integers(0, 80))
async def test_no_completion_arrives_that_was_not_approved(script: list[Life], spare: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        total = 0
        for number, life in enumerate(script):
            arrived, newly, killed = await live(home, life, number, spare)
            total += arrived
            assert arrived <= newly, "only what this process reserved may leave"
            assert newly - arrived <= completions.EVALUATION_BLOCK, "a kill wastes a block at most"
            assert killed or life.says or newly == arrived, "without a kill or a no nothing is wasted"
        last = Desk(home, "http://127.0.0.1:9", ROWS, spare)
        assert total <= reserved(last) <= last.envelope == ROWS + spare
        await last.close()
