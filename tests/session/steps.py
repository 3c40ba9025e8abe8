"""The ways a session is walked in tests: to its plan, its promotion gate, its end; and what it then left behind."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

from agent.session.events import AgentSaid, Cancelling, GateAnswered, ToolFailed, ToolRefused
from agent.session.state import SessionState
from local_platform.services import SFT_JOBS
from local_platform.store import Resource
from tests.house import INSTRUCTION, House
from tests.platforms import ScriptedPlatform
from tools.known import TERMINAL

YES = "Approved, proceed."
PROCEED = "Proceed with the winning config."
NINE = (
    "Run supervised fine-tuning on accounts/local/datasets/tickets. Use tiny-a as the base model. "
    "Use LoRA ranks 8, 16 and 32 and learning rates 1e-4, 2e-4 and 3e-4."
)


async def to_plan(home: House, instruction: str = INSTRUCTION, **fields: object) -> str:
    """A new session that asks for its plan's approval."""
    session = home.create(instruction, **fields)
    await at_gate(home, session, "plan")
    return session


async def to_promotion(home: House, instruction: str = INSTRUCTION) -> str:
    """A new session whose sweep is done and that asks which candidate goes on."""
    session = await to_plan(home, instruction)
    home.reply(session, YES)
    await at_gate(home, session, "promotion")
    return session


async def at_gate(home: House, session: str, kind: str) -> SessionState:
    state = await home.until(session)
    assert state.gate is not None and state.gate.shown.gate == kind, home.log(session)
    return state


async def to_end(home: House, session: str, status: str = "succeeded") -> SessionState:
    """Says yes at every gate that is not a question until the session has ended as `status`."""
    while True:
        state = await home.until(session, "waiting", status)
        if state.ended is not None:
            return state
        assert state.gate is not None
        assert state.gate.shown.gate != "question", state.gate.shown.question
        home.reply(session, YES if state.gate.shown.gate == "plan" else PROCEED, key=f"at-{state.gate.seq}")


async def when(home: House, session: str, holds: Callable[[SessionState], bool], seconds: float = 30.0) -> SessionState:
    """Waits until something holds of the state; looks after every short while."""
    async with asyncio.timeout(seconds):
        while not holds(home.store.state(session)):  # noqa: ASYNC110 - `holds` may look at the platform, which tells nobody
            await asyncio.sleep(0.005)
    return home.store.state(session)


def cancel(home: House, session: str) -> None:
    home.store.append(session, ("cancelling", Cancelling()))
    home.runner.wake(session)


def jobs(platform: ScriptedPlatform, session: str = "") -> list[Resource]:
    """The training jobs that the platform has, of one session or of all."""
    return [job for job in platform.services.store.list(SFT_JOBS) if f"fa-{session}" in job.name]


def running(platform: ScriptedPlatform) -> list[Resource]:
    return [job for job in jobs(platform) if job.state not in TERMINAL]


def deployments(platform: ScriptedPlatform) -> list[Resource]:
    return platform.services.store.list("deployments")


def made(platform: ScriptedPlatform) -> Counter[str]:
    """How often each thing of ours was created: every value must be 1."""
    kinds = ("datasets", SFT_JOBS, "deployments")
    return Counter(r.name for kind in kinds for r in platform.services.store.list(kind) if "/fa-" in r.name)


def creates(platform: ScriptedPlatform) -> int:
    """Creating requests that arrived."""
    return platform.count("POST", r"^/v1/accounts/local/(supervisedFineTuningJobs|deployments)$")


def words(home: House, session: str) -> str:
    """All that the user was told: messages, questions, trouble, the last word."""
    state = home.store.state(session)
    found = [state.end_reason, state.known.report.message if state.known.report else ""]
    for record in home.records(session):
        event = record.event
        if isinstance(event, AgentSaid):
            found.append(event.text)
        if isinstance(event, ToolFailed):
            found += [event.message, event.next_step]
        if isinstance(event, ToolRefused):
            found.append(event.reason)
        for fact in getattr(event, "facts", ()):
            found += [str(getattr(fact, name, "")) for name in ("question", "text")]
    return "\n".join(found)


def answers(home: House, session: str) -> list[tuple[str, str]]:
    """(gate, answer) in order."""
    events = (r.event for r in home.records(session))
    return [(e.gate.gate, e.answer) for e in events if isinstance(e, GateAnswered)]
