"""From a model's answer to the steps that carry it out, in an order that its place in the log alone decides.

Calls come one after another; calls in a row of tools that may run beside each other are one step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeGuard

from agent.guard.step import Decline, Run, Step
from agent.planner.base import Next
from agent.planner.calls import run
from agent.planner.toolbox import CHANGED, CONCURRENT, FINISH, WAIT, question, say, step_for
from agent.planner.transcript import call_key
from agent.session.events import ModelCall, PlannerReplied
from agent.session.state import Replied, SessionState
from tools.known import TERMINAL
from tools.wait_for_jobs import SETTLED

CALLS = 16
"""Calls of one answer that are carried out."""


def carry_out(state: SessionState, now: float, replied: Replied, done: set[str]) -> Next | None:
    """What is next of an answer that is not wholly carried out; None when it is. Taking a yes back goes first."""
    event, seq = replied.event, replied.seq
    words = f"llm/{seq}/words"
    usable = event.content and (event.calls or not event.trouble)  # half a sentence is no question to the user
    if usable and not handled(state, words, done):
        return _again(state, now, words) or _words(state, words, event)
    order = sorted(range(len(event.calls)), key=lambda index: event.calls[index].name != CHANGED)
    together: list[Run] = []
    for place, index in enumerate(order):
        call, key = event.calls[index], call_key(seq, index)
        if call.name == WAIT or handled(state, key, done):
            continue
        if call.name == FINISH and any(name.startswith("refused/ended/") for name in done):
            continue
        step = _next_of(state, now, key, call, place)
        if not _runs_beside(step, together, state):
            return _together(together) or step
        together.append(step)
    return _together(together)


def _next_of(state: SessionState, now: float, key: str, call: ModelCall, place: int) -> Step:
    """What the call at this place of an answer becomes."""
    if place >= CALLS:
        return Decline(key, call.name, f"only the first {CALLS} calls of an answer are carried out.")
    return _again(state, now, key) or step_for(state, key, call)


def _runs_beside(step: Step, others: Sequence[Run], state: SessionState) -> TypeGuard[Run]:
    """May the step run at the same time as these? A retry has a time of its own; equal calls would write the same file."""
    if not isinstance(step, Run) or step.call.tool not in CONCURRENT or step.call.key in state.calls:
        return False
    return all((o.call.tool, o.call.arguments) != (step.call.tool, step.call.arguments) for o in others)


def _together(runs: Sequence[Run]) -> Next | None:
    return tuple(runs) if len(runs) > 1 else runs[0] if runs else None


def _words(state: SessionState, key: str, event: PlannerReplied) -> Step:
    """The answer's own words: narration beside calls, an answer while something goes on, else a question to the user."""
    if event.calls or state.gate is not None or state.ended is not None or in_motion(state):
        return say(state, key, event.content)
    return question(state, key, event.content)


def handled(state: SessionState, key: str, done: set[str]) -> bool:
    """Has this call, or have these words, an outcome in the log? `done` are the keys of events since the answer."""
    call = state.calls.get(key)
    if call is None:
        return key in done
    return call.status in ("returned", "refused") or (call.status == "failed" and not call.retry)


def _again(state: SessionState, now: float, key: str) -> Step | None:
    """The same call once more: passing trouble is waited out without asking the model."""
    call = state.calls.get(key)
    return run(state, now, key, call.tool, **call.arguments) if call is not None else None


def in_motion(state: SessionState) -> bool:
    """Is something on the platform going to change by itself?"""
    jobs = any(job.state not in TERMINAL for job in state.known.jobs.values())
    return jobs or any(d.state not in SETTLED for d in state.known.deployments.values())
