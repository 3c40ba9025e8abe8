"""Asks the user a question, in words of the planner or, for a missing input, in our own."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from pydantic import Field

from prompts.questions import MissingInput, ModelList, ModelRow
from prompts.quoting import prose
from tools.base import Arguments, Effect, FunctionTool, ToolContext, ToolError, ToolResult
from tools.facts import GateShown
from tuning.material import ModelFacts
from tuning.plan import canonical

MODELS_SHOWN = 60


class AskUserArguments(Arguments):
    """`asks_for` are the slots whose values are wanted; an empty `question` is made from them.

    `key` names the question among the session's; `round` counts how often it was asked. Words beyond 4,000 characters
    or 40 lines are not shown.
    """

    question: str = ""
    asks_for: tuple[str, ...] = ()
    key: str = ""
    round: int = Field(default=1, ge=1)


async def ask_user(arguments: AskUserArguments, context: ToolContext) -> ToolResult:
    """Opens a question gate. Where a base model is asked for, the tunable ones are listed. Raises ToolError."""
    tunable = tunable_models(context.known.models)
    asks_models = "base_models" in arguments.asks_for
    question = prose(arguments.question) or missing_question(arguments.asks_for, models_shown=bool(tunable))
    if not question:
        raise ToolError("there is nothing to ask", owner="unknown", next_step="Give a question or name a slot.")
    text = model_list(tunable) if asks_models and context.known.models else ""
    digest = hashlib.sha256(canonical([question, arguments.round]).encode()).hexdigest()
    shown = GateShown(
        gate="question",
        digest=digest,
        question=question,
        text=text,
        asks_for=arguments.asks_for,
        round=arguments.round,
    )
    return ToolResult(facts=(shown,), text=f"{text}\n{question}".strip())


def missing_question(slots: Sequence[str], *, models_shown: bool) -> str:
    """One sentence per missing slot; empty when nothing is missing."""
    return MissingInput(missing=tuple(slots), models_shown=models_shown).render().strip()


def tunable_models(models: Sequence[ModelFacts]) -> tuple[ModelRow, ...]:
    """What can be tuned, smallest first; a model whose size is not known comes last."""
    found = sorted((m for m in models if m.tunable), key=lambda m: (m.parameter_count or float("inf"), m.name))
    return tuple(
        ModelRow(name=m.name, title=_title(m), parameters=m.parameter_count, context=m.context_length) for m in found
    )


def _title(model: ModelFacts) -> str:
    """The display name, where it says more than the id."""
    return "" if model.display_name == model.name.rsplit("/", 1)[-1] else model.display_name


def model_list(models: Sequence[ModelRow]) -> str:
    """The list of tunable models as Markdown."""
    return ModelList(models=tuple(models[:MODELS_SHOWN]), total=len(models)).render()


TOOL = FunctionTool(
    name="ask_user",
    effect=Effect.ASK,
    description="Asks the user for what is missing or unclear. Name the slots that the answer should fill.",
    arguments=AskUserArguments,
    function=ask_user,
)
