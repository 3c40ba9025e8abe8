"""Cancels a training job of this session, or finds that it has ended or was never created."""

from __future__ import annotations

import fireworks

from tools.base import Arguments, Effect, FunctionTool, ToolContext, ToolError, ToolResult
from tools.errors import platform_errors
from tools.facts import JobCancelled, JobNotCreated
from tools.known import TERMINAL
from tools.launch_job import job_seen
from tools.resources import Document, check_ours, find, own_item, planned_request, short_id


class CancelArguments(Arguments):
    """Full resource name of a job that this session created or meant to create."""

    resource: str


async def cancel_job(arguments: CancelArguments, context: ToolContext) -> ToolResult:
    """Cancels; calling it again changes nothing. Raises ToolError for jobs of others and for refusals."""
    name = arguments.resource
    owner = own_item(context, name, "train")
    job = await find(context, name)
    if job is None:
        fact = JobNotCreated(item=owner[0], attempt=owner[1], resource=name)
        return ToolResult(facts=(fact,), text=f"{name} does not exist: nothing to cancel")
    if name not in context.known.jobs:
        return _recognised(context, name, owner, job)
    state = str(job.get("state") or "JOB_STATE_UNSPECIFIED")
    if state not in TERMINAL and state != "JOB_STATE_CANCELLING":
        await _cancel(context, name)
        after = await find(context, name) or {}
        state = str(after.get("state") or "JOB_STATE_CANCELLED")
    return ToolResult(facts=(JobCancelled(resource=name, state=state),), text=f"{name}: {state}")


def _recognised(context: ToolContext, name: str, owner: tuple[str, int], job: Document) -> ToolResult:
    """A job whose launch had no answer: ours, and then the next call cancels it, or somebody else's and left alone."""
    request = planned_request(context, name)
    try:
        if request is not None:
            check_ours(context, request, name, job)
    except ToolError as error:
        fact = JobNotCreated(item=owner[0], attempt=owner[1], resource=name)
        return ToolResult(facts=(fact,), text=error.message)
    seen = job_seen(owner[0], owner[1], name, job)
    return ToolResult(facts=(seen,), text=f"{name} was created: {seen.state}")


async def _cancel(context: ToolContext, name: str) -> None:
    with platform_errors(f"cancelling {name}"):
        try:
            await context.platform.supervised_fine_tuning_jobs.cancel(
                short_id(name), account_id=context.account, body={}
            )
        except (fireworks.BadRequestError, fireworks.ConflictError):
            # It may have ended between our look and the cancel; only then is there nothing to report.
            job = await find(context, name)
            if job is not None and job.get("state") not in TERMINAL:
                raise


TOOL = FunctionTool(
    name="cancel_job",
    effect=Effect.SETTLE,
    description="Cancels a training job that this session created.",
    arguments=CancelArguments,
    function=cancel_job,
)
