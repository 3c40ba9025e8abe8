"""What an LLM planner is told: one system prompt that never changes, and one short block with the state of the session.

Text from elsewhere reaches the model through `as_data` alone: each of its lines is quoted, so that nothing in it can end
the quotation.
"""

from __future__ import annotations

from typing import ClassVar

from prompts.base import Prompt, Values
from prompts.quoting import Safe, block

CUT = "> … (cut here)"


class WorkflowRow(Values):
    """A workflow in words."""

    name: str
    title: str
    needs: str
    gates: str
    phases: str


class Named(Values):
    """A value with its name."""

    name: str
    value: str


class PlannerSystem(Prompt):
    """Role, rules, workflows, defaults and tone. Takes nothing that changes from call to call: endpoints cache it."""

    template: ClassVar[str] = "planner.system.j2"
    workflows: tuple[WorkflowRow, ...]
    not_served: str
    defaults: tuple[Named, ...]


class PlannerTurn(Prompt):
    """The state of the session; the last thing that the model reads. `notice` is what it has to mind this time."""

    template: ClassVar[str] = "planner.turn.j2"
    facts: tuple[Named, ...]
    notice: str = ""


class PlannerReply(Prompt):
    """Asks what a reply at a gate is. A yes is not among the answers."""

    template: ClassVar[str] = "planner.reply.j2"
    gate: str
    question: str
    reply: str


def as_data(text: str, pointer: str = "") -> Safe:
    """Foreign text as quoted lines that it can't leave. `pointer` says where the whole of a cut text lies."""
    quoted = block(text)
    return Safe(f"{quoted}\n(the whole: {pointer})" if pointer and quoted.endswith(CUT) else quoted)
