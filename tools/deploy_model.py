"""Deploys the model that a plan item names, and asks it for one real answer before calling it serving."""

from __future__ import annotations

import asyncio
from typing import Any

import fireworks

from tools.base import CLOUD, Arguments, Effect, FunctionTool, ToolContext, ToolError, ToolResult
from tools.errors import platform_errors, quote, refused_by_guard
from tools.facts import DeploymentSeen
from tools.files import disk_errors
from tools.held_out_prompt import held_out_prompt
from tools.resources import Document, create, document, plan_item, read
from tuning.plan import PlanItem

DEFAULT_MAX_TOKENS = 512
"""Enough for a thinking model to come to its answer."""
PROBE_PAUSES = (1.0, 2.0, 4.0, 8.0)
"""Seconds between the completions of one probe, five in all, while the deployment wakes up."""

NOT_SERVED = (400, 404, 412, 422)
"""HTTP answers to a create that say no to what was asked for."""


class DeployArguments(Arguments):
    """A deploy or probe item of the plan. `probe` asks the deployment for an answer instead of creating it."""

    item: str
    probe: bool = False


async def deploy_model(arguments: DeployArguments, context: ToolContext) -> ToolResult:
    """The deployment as it is now; never waits for it: call again with `probe`. Raises ToolError."""
    item = plan_item(context, arguments.item, "deploy", "probe")
    deploy = item if item.kind == "deploy" else plan_item(context, item.needs[0], "deploy")
    request = deploy.request_for(1, context.known.outputs())
    if request is None:
        raise ToolError(
            f"{deploy.id} cannot start: the model that it deploys is not there yet",
            owner="unknown",
            next_step="Finish the training that it needs first.",
        )
    name, model = deploy.resource(), str((request.body or {})["baseModel"])
    probing = arguments.probe or item.kind == "probe"
    try:
        found = await (read(context, name) if probing else create(context, request, name))
    except ToolError as error:
        if probing or deploy.phase == "deployment" or not _turned_down(error):
            raise
        found = {"state": "FAILED", "status": {"message": error.message}}
    seen = _seen(context, deploy, name, model, found)
    if probing and seen.state == "READY":
        seen = await _probed(context, _max_tokens(context, item, deploy), seen)
    text = f"{deploy.title}: {'serving' if seen.serving else seen.state}{': ' if seen.message else ''}{seen.message}"
    if seen.answer:
        text += f"\nIts first answer: {seen.answer}"
    return ToolResult(facts=(seen,), text=text)


def _turned_down(error: ToolError) -> bool:
    """Whether the platform will not serve this model, whatever is tried; an evaluation then goes on without it."""
    cause = error.__cause__
    return (
        isinstance(cause, fireworks.APIStatusError) and cause.status_code in NOT_SERVED and not refused_by_guard(cause)
    )


def endpoint(context: ToolContext) -> str:
    """Base address of the OpenAI-compatible API, for the user's own programs."""
    return f"{CLOUD}/inference/v1" if context.base_url is None else f"{context.base_url}/v1"


def _seen(context: ToolContext, item: PlanItem, name: str, model: str, found: Document) -> DeploymentSeen:
    """The deployment's state; that it was seen serving is kept while it stays READY."""
    state = str(found.get("state") or "STATE_UNSPECIFIED")
    before = context.known.deployments.get(name)
    serving = bool(before and before.serving and state == "READY")
    answer = before.answer if before and serving else ""
    return DeploymentSeen(
        item=item.id,
        resource=name,
        model=model,
        state=state,
        serving=serving,
        endpoint=endpoint(context),
        answer=answer,
        message=failure_of(context, found),
    )


def failure_of(context: ToolContext, found: Document) -> str:
    """The platform's word on a deployment that is not well; empty for others."""
    status = found.get("status")
    said = status.get("message") if isinstance(status, dict) else None
    return quote(said, context.platform.api_key) if said else ""


def _max_tokens(context: ToolContext, item: PlanItem, deploy: PlanItem) -> int:
    """The bound that the plan gives the probe."""
    items = context.known.plan.items if context.known.plan else ()
    probes = (item, *(other for other in items if other.kind == "probe" and deploy.id in other.needs))
    return next((p.envelope.max_tokens for p in probes if p.envelope), DEFAULT_MAX_TOKENS)


async def _probed(context: ToolContext, max_tokens: int, seen: DeploymentSeen) -> DeploymentSeen:
    """The deployment as serving, after a real answer. Raises ToolError, to be tried again, while there is none."""
    with disk_errors("the prepared data"):
        messages = await asyncio.to_thread(held_out_prompt, context.known, context.workspace)
    for pause in (*PROBE_PAUSES, None):
        with platform_errors(f"asking the deployment {seen.resource} for an answer"):
            try:
                text = await _ask(context, seen, messages, max_tokens)
            except fireworks.APIStatusError as error:
                # A deployment that is waking up answers 503, and 404 until the router knows it.
                if pause is None or refused_by_guard(error) or error.status_code not in (404, 429, 503):
                    raise
                text = ""
        if text:
            return seen.model_copy(update={"serving": True, "answer": quote(text)})
        if pause is not None:
            await context.emit("the deployment is READY but does not answer yet")
            await asyncio.sleep(pause)
    raise ToolError(
        f"the deployment {seen.resource} gives empty answers",
        owner="unknown",
        next_step="It is asked again; an empty answer may be what the training data taught.",
        retry=True,
    )


async def _ask(context: ToolContext, seen: DeploymentSeen, messages: Any, max_tokens: int) -> str:
    """The text of one completion through the deployment: its answer, or its thinking when the tokens end before."""
    completion = document(
        await context.platform.with_options(max_retries=0).chat.completions.create(
            model=f"{seen.model}#{seen.resource}", messages=messages, max_tokens=max_tokens
        )
    )
    choices = completion.get("choices")
    message = choices[0].get("message") if isinstance(choices, list) and choices else None
    if not isinstance(message, dict):
        return ""
    return str(message.get("content") or message.get("reasoning_content") or "").strip()


TOOL = FunctionTool(
    name="deploy_model",
    effect=Effect.SPEND,
    description="Creates the planned deployment of a tuned model, or probes it with one real completion.",
    arguments=DeployArguments,
    function=deploy_model,
)
