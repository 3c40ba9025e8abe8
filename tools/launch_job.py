"""Creates one planned training job: exactly the approved request, once, under its planned id."""

from __future__ import annotations

from pydantic import Field

from tools.base import Arguments, Effect, FunctionTool, ToolContext, ToolError, ToolResult
from tools.errors import quote
from tools.facts import JobNotCreated, JobSeen
from tools.resources import Document, NotCreatedError, as_number, create, plan_item


class LaunchArguments(Arguments):
    """A train item of the plan and which attempt of it (1 is the first)."""

    item: str
    attempt: int = Field(default=1, ge=1)


async def launch_job(arguments: LaunchArguments, context: ToolContext) -> ToolResult:
    """Creates the job, or recognises it as created before. Raises ToolError."""
    item = plan_item(context, arguments.item, "train")
    request = item.request_for(arguments.attempt, context.known.outputs())
    if request is None:
        raise ToolError(
            f"{item.id} cannot be launched as attempt {arguments.attempt}: it is not planned, or what it needs is not there",
            owner="unknown",
            next_step="Finish what it needs first, or revise the plan.",
        )
    name = item.resource(arguments.attempt)
    try:
        job = await create(context, request, name)
    except NotCreatedError as refused:
        fact = JobNotCreated(item=item.id, attempt=arguments.attempt, resource=name)
        return ToolResult(facts=(fact,), text=refused.message)
    seen = job_seen(item.id, arguments.attempt, name, job)
    return ToolResult(facts=(seen,), text=f"{item.title}: {seen.state}")


def job_seen(item: str, attempt: int, name: str, job: Document) -> JobSeen:
    """The fact that a job document tells."""
    progress = job.get("jobProgress")
    percent = as_number(progress.get("percent")) if isinstance(progress, dict) else None
    status = job.get("status")
    message = status.get("message") if isinstance(status, dict) else None
    return JobSeen(
        item=item,
        attempt=attempt,
        resource=name,
        state=str(job.get("state") or "JOB_STATE_UNSPECIFIED"),
        percent=None if percent is None else min(100.0, max(0.0, percent)),
        message=quote(message or ""),
        output_model=str(job["outputModel"]) if job.get("outputModel") else None,
        reported_cost_usd=_cost(job.get("estimatedCost")),
    )


def _cost(money: object) -> float | None:
    """USD of a google.type.Money; None for another currency or none at all."""
    if not isinstance(money, dict) or money.get("currencyCode") != "USD":
        return None
    units, nanos = as_number(money.get("units") or 0), as_number(money.get("nanos") or 0)
    return None if units is None or nanos is None else units + nanos / 1e9


TOOL = FunctionTool(
    name="launch_job",
    effect=Effect.SPEND,
    description="Launches a training job of the approved plan.",
    arguments=LaunchArguments,
    function=launch_job,
)
