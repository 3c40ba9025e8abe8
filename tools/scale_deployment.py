"""Scales a deployment of this session to zero replicas, so that it stops billing. It stays and can be woken again."""

from __future__ import annotations

from tools.base import Arguments, Effect, FunctionTool, ToolContext, ToolError, ToolResult
from tools.errors import platform_errors
from tools.facts import DeploymentSeen, Scaled
from tools.resources import Document, as_number, check_ours, find, own_item, planned_request, short_id

_GONE = frozenset({"DELETED", "DELETING"})


class ScaleArguments(Arguments):
    """Full resource name of a deployment that this session created or meant to create."""

    resource: str


async def scale_deployment(arguments: ScaleArguments, context: ToolContext) -> ToolResult:
    """Scales to 0; calling it again changes nothing. Raises ToolError for deployments of others and for refusals."""
    name = arguments.resource
    item, _ = own_item(context, name, "deploy")
    deployment = await find(context, name)
    fact = Scaled(resource=name, replicas=0)
    if deployment is None or deployment.get("state") in _GONE:
        return ToolResult(facts=(fact,), text=f"{name} does not exist: nothing bills")
    if name not in context.known.deployments:
        return _recognised(context, name, item, deployment)
    if as_number(deployment.get("desiredReplicaCount")) == 0 and context.known.replicas.get(name) == 0:
        return ToolResult(facts=(fact,), text=f"{name} is at 0 replicas already")
    with platform_errors(f"scaling {name} to 0"):
        await context.platform.deployments.scale(short_id(name), account_id=context.account, replica_count=0)
    return ToolResult(facts=(fact,), text=f"{name} was scaled to 0 replicas: nothing bills")


def _recognised(context: ToolContext, name: str, item: str, deployment: Document) -> ToolResult:
    """A deployment whose creation had no answer: ours, and then the next call scales it, or left alone."""
    request = planned_request(context, name)
    try:
        if request is not None:
            check_ours(context, request, name, deployment)
    except ToolError as error:
        return ToolResult(facts=(Scaled(resource=name, replicas=0),), text=error.message)
    model, state = str(deployment.get("baseModel") or ""), str(deployment.get("state") or "STATE_UNSPECIFIED")
    seen = DeploymentSeen(item=item, resource=name, model=model, state=state)
    return ToolResult(facts=(seen,), text=f"{name} was created: {state}")


TOOL = FunctionTool(
    name="scale_deployment",
    effect=Effect.SETTLE,
    description="Scales a deployment that this session created to 0 replicas, which stops its cost.",
    arguments=ScaleArguments,
    function=scale_deployment,
)
