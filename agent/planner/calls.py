"""How a playbook runs a tool or asks a question: once, again after trouble that may pass, and never blindly."""

from __future__ import annotations

import hashlib
from typing import Any

from agent.guard.approval import RETRY
from agent.guard.step import Run, Say, Step, Wait
from agent.session.state import Call, SessionState
from tools.base import ToolCall
from tools.step_words import step_words

FIRST_DELAY = 2.0
LONGEST_DELAY = 300.0
TRIES_BEFORE_TELLING = 3


def run(state: SessionState, now: float, key: str, tool: str, **arguments: Any) -> Step | None:
    """The step that gets this call done; None when it is done.

    Passing trouble is waited out with growing delays and told once; other trouble goes to the user with the next step.
    """
    call = state.calls.get(key)
    step = Run(ToolCall(key, tool, arguments))
    if call is None:
        return step
    if call.status == "returned":
        return None
    if call.status == "pending":
        return Wait()
    if call.status == "failed" and call.retry:
        return _again(state, now, key, call, step)
    if mended(state, call):
        return step
    return trouble(state, now, key, call)


def insist(state: SessionState, now: float, key: str, tool: str, **arguments: Any) -> Step | None:
    """Like `run`, for what has to happen and about which nobody is asked any more: all trouble is told and tried again."""
    call = state.calls.get(key)
    step = Run(ToolCall(key, tool, arguments))
    if call is None:
        return step
    if call.status == "returned":
        return None
    return Wait() if call.status == "pending" else _again(state, now, key, call, step)


def ask(state: SessionState, now: float, question: str, asks_for: tuple[str, ...]) -> Step:
    """Asks the user and waits; asked again when the answer did not change what is missing.

    An empty question is worded by the tool from the slots it asks for.
    """
    mark = hashlib.sha256(f"{question}{asks_for}".encode()).hexdigest()[:8]
    turn = len(state.answers)
    key = f"ask/{mark}/{state.revision}/{turn}"
    return run(state, now, key, "ask_user", question=question, asks_for=asks_for, round=turn + 1) or Wait()


def trouble(state: SessionState, now: float, key: str, call: Call) -> Step:
    """Tells the user what is wrong, whose it is and what to do; a yes means: try again."""
    whose = {"yours": "This needs you", "platform": "This is the platform's", "unknown": "The cause is unknown"}
    parts = [
        f"{step_words(call.tool)} did not work: {call.message.rstrip('.')}.",
        f"{whose.get(call.owner, 'The guard refused it')}.",
    ]
    if call.next_step:
        parts.append(call.next_step)
    parts.append("Reply 'try again' when it is mended, tell me what to change, or cancel the session.")
    return ask(state, now, " ".join(parts), (RETRY,))


def _again(state: SessionState, now: float, key: str, call: Call, step: Run) -> Step:
    if call.tries == TRIES_BEFORE_TELLING and f"trouble/{key}" not in state.said:
        text = f"{step_words(call.tool)} has failed {call.tries} times: {call.message.rstrip('.')}. {call.next_step} I go on trying; nothing is lost."
        return Say(f"trouble/{key}", text)
    due = call.at + min(LONGEST_DELAY, FIRST_DELAY * 2 ** (call.tries - 1))
    return step if now >= due else Wait(due)


def mended(state: SessionState, call: Call) -> bool:
    """Did the user answer a question after this call failed?"""
    return any(
        answer.gate.gate == "question" and state.answered_at.get(answer.gate.seq, 0.0) > call.at
        for answer in state.answers
    )
