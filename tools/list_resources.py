"""Tells what there is: base models with what they can do, and the account's data sets, jobs and deployments."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tools.base import Arguments, Effect, FunctionTool, ToolContext, ToolResult
from tools.errors import platform_errors, quote
from tools.facts import Listed, ModelsListed
from tools.resources import Document, as_number, document, find, full_name, short_id
from tuning.material import ModelFacts
from tuning.models import nearest
from tuning.workflows import LoraConfig

CATALOGUE_ACCOUNT = "fireworks"
"""Account that owns the cloud's base models; the local platform's are in its one account."""
MAX_LISTED = 50
MAX_CATALOGUE = 2_000
PAGE = 200
MADE = "fa-"
"""How the ids begin that this agent gives to what it creates."""

_OWN = {
    "datasets": ("datasets", "data sets"),
    "jobs": ("supervised_fine_tuning_jobs", "training jobs"),
    "deployments": ("deployments", "deployments"),
}


class ListArguments(Arguments):
    """`names` picks base models (short ids or full names); without names all tunable ones are listed."""

    kind: Literal["models", "datasets", "jobs", "deployments", "account"]
    names: tuple[str, ...] = Field(default=(), max_length=50)


class _Config(BaseModel):
    model_config = ConfigDict(extra="ignore")
    rank: int = Field(gt=0)
    learningRate: float = Field(gt=0)


class _Recommended(BaseModel):
    """The local platform's extension of a model: the rates that work at its size."""

    model_config = ConfigDict(extra="ignore")
    loraConfigs: tuple[_Config, ...] = ()
    batchSizeSamples: int | None = Field(default=None, gt=0)
    tokensPerSecond: float | None = Field(default=None, gt=0)


async def list_resources(arguments: ListArguments, context: ToolContext) -> ToolResult:
    """Facts about base models, or text about the account. Read-only. Raises ToolError."""
    if arguments.kind == "models":
        return await (_named(arguments.names, context) if arguments.names else _tunable(context))
    text = await (_account(context) if arguments.kind == "account" else _own(arguments.kind, context))
    return ToolResult(facts=(Listed(kind=arguments.kind, text=text),), text=text)


def catalogue_account(context: ToolContext) -> str:
    """The account in which base models are looked up."""
    return CATALOGUE_ACCOUNT if context.platform_kind == "fireworks" else context.account


async def _named(names: tuple[str, ...], context: ToolContext) -> ToolResult:
    found: list[ModelFacts] = []
    missing: list[str] = []
    for name in dict.fromkeys(names):
        model = await find(context, full_name(name, "models", catalogue_account(context)))
        if model is None:
            missing.append(name)
        else:
            found.append(model_facts(model))
    lines = [describe(model) for model in found]
    if missing:
        offered = [short_id(model.name) for model in await _catalogue(context)]
        for name in missing:
            near = ", ".join(nearest(short_id(name), offered)) or "none"
            lines.append(f"{quote(name)}: this platform does not have it. Nearest tunable models: {near}.")
    return ToolResult(facts=(ModelsListed(models=tuple(found), missing=tuple(missing)),), text="\n".join(lines))


async def _tunable(context: ToolContext) -> ToolResult:
    models = tuple(await _catalogue(context))
    lines = [describe(model) for model in models] or ["This platform has no tunable base model."]
    return ToolResult(facts=(ModelsListed(models=models),), text="\n".join(lines))


async def _catalogue(context: ToolContext) -> list[ModelFacts]:
    """All tunable base models, small ones first. Models that were tuned from others are left out."""
    found: list[ModelFacts] = []
    with platform_errors("listing the base models"):
        seen = 0
        async for model in await context.platform.models.list(account_id=catalogue_account(context), page_size=PAGE):
            facts = document(model)
            if facts.get("kind") != "HF_PEFT_ADDON" and facts.get("tunable") is True:
                found.append(model_facts(facts))
            seen += 1
            if seen >= MAX_CATALOGUE:
                break
    return sorted(found, key=lambda m: (m.parameter_count or 0, m.name))


def model_facts(model: Document) -> ModelFacts:
    """What a plan needs of a model document. A malformed recommendation counts as none."""
    details = model.get("baseModelDetails")
    details = details if isinstance(details, dict) else {}
    try:
        recommended = _Recommended.model_validate(model.get("recommendedTuning") or {})
    except ValidationError:
        recommended = _Recommended()
    return ModelFacts(
        name=str(model.get("name", "")),
        display_name=quote(model.get("displayName") or ""),
        parameter_count=_count(details.get("parameterCount")),
        context_length=_count(model.get("trainingContextLength")) or _count(model.get("contextLength")),
        tunable=model.get("tunable") is True,
        recommended=tuple(LoraConfig(rank=c.rank, learning_rate=c.learningRate) for c in recommended.loraConfigs),
        recommended_batch_size=recommended.batchSizeSamples,
        tokens_per_second=recommended.tokensPerSecond,
    )


def describe(model: ModelFacts) -> str:
    """One line for people."""
    count = model.parameter_count or 0
    size = f"{count / 1e9:.3g}B" if count >= 1e9 else f"{count / 1e6:.3g}M"
    parts = [f"{size} parameters" if count else "size not told"]
    parts.append(f"context {model.context_length:,} tokens" if model.context_length else "context length not told")
    if not model.tunable:
        parts.append("not tunable")
    return f"{short_id(model.name)}: {', '.join(parts)}"


def _count(value: Any) -> int | None:
    number = as_number(value)
    return int(number) if number else None


async def _own(kind: str, context: ToolContext) -> str:
    attribute, words = _OWN[kind]
    lines: list[str] = []
    made: list[str] = []
    more = False
    with platform_errors(f"listing the {words}"):
        resource = getattr(context.platform, attribute)
        async for entry in await resource.list(
            account_id=context.account, order_by="create_time desc", page_size=MAX_LISTED
        ):
            if len(lines) + len(made) == MAX_LISTED:
                more = True
                break
            found = document(entry)
            own = kind == "datasets" and short_id(str(found.get("name") or "")).startswith(MADE)
            (made if own else lines).append(_line(kind, found))
    if made:
        lines += ["Made by sessions of this agent out of other data sets:", *made]
    if not lines:
        return f"There are no {words} in {context.account}."
    head = f"The {MAX_LISTED} newest {words} of {context.account}:" if more else f"{words.capitalize()}:"
    return "\n".join([head, *lines])


def _line(kind: str, entry: Document) -> str:
    parts = [quote(entry.get("state") or "state not told")]
    if kind == "datasets":
        parts.append(f"{quote(entry.get('exampleCount') or '?')} rows")
    if kind == "jobs":
        parts.append(f"base model {quote(short_id(str(entry.get('baseModel') or '?')))}")
    if kind == "deployments":
        parts.append(f"model {quote(short_id(str(entry.get('baseModel') or '?')))}")
        parts.append(f"{quote(entry.get('replicaCount') or 0)} replicas")
    if entry.get("displayName"):
        parts.append(quote(entry["displayName"]))
    return f"{short_id(quote(entry.get('name') or '?'))}: {', '.join(parts)}"


async def _account(context: ToolContext) -> str:
    with platform_errors(f"reading the account {context.account}"):
        account = document(await context.platform.accounts.get(account_id=context.account))
    suspended = account.get("suspendState") or "UNSUSPENDED"
    state = f"Account {context.account}: {quote(account.get('state') or 'state not told')}"
    return state if suspended == "UNSUSPENDED" else f"{state}, suspended: {quote(suspended)}"


TOOL = FunctionTool(
    name="list_resources",
    effect=Effect.READ,
    description="Looks up base models by name, lists all tunable ones with their context lengths, or lists the "
    "account's data sets, training jobs or deployments.",
    arguments=ListArguments,
    function=list_resources,
    concurrent=True,
)
