"""Scales a deployment of this session to zero replicas, so that it stops billing. It stays and can be woken again."""

from __future__ import annotations

from tools.base import Arguments, Effect, FunctionTool, ToolContext, ToolError, ToolResult
from tools.errors import platform_errors
from tools.facts import DeploymentSeen, Scaled
from tools.resources import Document, as_number, check_ours, find, planned_request, short_id

_GONE = frozenset({"DELETED", "DELETING"})


class ScaleArguments(Arguments):
    """Full resource name of a deployment that this session created or meant to create."""

    resource: str


async def scale_deployment(arguments: ScaleArguments, context: ToolContext) -> ToolResult:
    """Scales to 0; calling it again changes nothing. Raises ToolError for deployments of others and for refusals."""
    name = arguments.resource
    _check_own(context, name)
    deployment = await find(context, name)
    fact = Scaled(resource=name, replicas=0)
    if deployment is None or deployment.get("state") in _GONE:
        return ToolResult(facts=(fact,), text=f"{name} does not exist: nothing bills")
    if name not in context.known.deployments:
        return _recognised(context, name, deployment)
    if as_number(deployment.get("desiredReplicaCount")) == 0 and context.known.replicas.get(name) == 0:
        return ToolResult(facts=(fact,), text=f"{name} is at 0 replicas already")
    with platform_errors(f"scaling {name} to 0"):
        await context.platform.deployments.scale(short_id(name), account_id=context.account, replica_count=0)
    return ToolResult(facts=(fact,), text=f"{name} was scaled to 0 replicas: nothing bills")


def _recognised(context: ToolContext, name: str, deployment: Document) -> ToolResult:
    """A deployment whose creation had no answer: ours, and then the next call scales it, or left alone."""
    request = planned_request(context, name)
    try:
        if request is not None:
            check_ours(context, request, name, deployment)
    except ToolError as error:
        return ToolResult(facts=(Scaled(resource=name, replicas=0),), text=error.message)
    item = next((i.id for i in context.known.plan.items if i.resource() == name), "") if context.known.plan else ""
    model, state = str(deployment.get("baseModel") or ""), str(deployment.get("state") or "STATE_UNSPECIFIED")
    seen = DeploymentSeen(item=item, resource=name, model=model, state=state)
    return ToolResult(facts=(seen,), text=f"{name} was created: {state}")


def _check_own(context: ToolContext, name: str) -> None:
    plan = context.known.plan
    planned = {item.resource() for item in plan.items if item.kind == "deploy"} if plan else set()
    own = name.startswith(f"accounts/{context.account}/deployments/fa-{context.session}-")
    if name not in planned and name not in context.known.deployments and not own:
        raise ToolError(
            f"{name[:200]} is not a deployment of this session, so it is left alone",
            owner="yours",
            next_step="Scale or delete it yourself.",
        )


TOOL = FunctionTool(
    name="scale_deployment",
    effect=Effect.SETTLE,
    description="Scales a deployment that this session created to 0 replicas, which stops its cost.",
    arguments=ScaleArguments,
    function=scale_deployment,
)
