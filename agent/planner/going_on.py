"""What runs at this moment in a session, in words. Pure."""

from __future__ import annotations

from agent.session.state import Call, SessionState
from tools.step_words import step_words


def going_on(state: SessionState) -> str:
    """The steps that have begun and not ended, and how far an evaluation is; empty while nothing runs."""
    steps = [_step(state, state.calls[key]) for key in state.pending]
    return f"Going on now: {'; '.join(steps)}." if steps else ""


def _step(state: SessionState, call: Call) -> str:
    item = state.known.plan.item(call.item) if state.known.plan and call.item else None
    words = step_words(call.tool)
    words = words[0].lower() + words[1:] + (f" ({item.title})" if item else "")
    if item is None or item.kind != "evaluate":
        return words
    part = state.known.material.part(item.split) if state.known.material else None
    if part is None:
        return words
    # Requests are granted in blocks, retries among them: the count can run ahead of the answers.
    asked = min(part.rows, state.reserved.get(item.resource_id, 0))
    return f"{words}, up to {asked:,} of {part.rows:,} requests sent"
