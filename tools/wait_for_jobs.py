"""One look at what runs: the session's jobs and deployments whose state may still change. Waiting is the runner's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from tools.base import Arguments, Effect, FunctionTool, ToolContext, ToolError, ToolResult
from tools.deploy_model import failure_of
from tools.facts import DeploymentSeen, JobSeen
from tools.known import TERMINAL, Known
from tools.launch_job import job_seen
from tools.resources import find

MAX_REQUESTS = 4
"""Looks at the platform at the same time."""
SETTLED = frozenset({"READY", "FAILED", "DELETED"})
"""Deployment states that need no further look."""

Seen = JobSeen | DeploymentSeen


async def look(context: ToolContext) -> tuple[Seen, ...]:
    """What changed since the session last knew: a job's state or percent, a deployment's state.

    A look that fails for one resource leaves the others' news standing; when none succeeds the first ToolError is raised.
    """
    slots = asyncio.Semaphore(MAX_REQUESTS)

    async def bounded(one: Callable[[], Awaitable[Seen | None]]) -> Seen | ToolError | None:
        async with slots:
            try:
                return await one()
            except ToolError as error:
                return error

    looks: list[Callable[[], Awaitable[Seen | None]]] = []
    looks += [partial(_job, context, job) for job in context.known.jobs.values() if job.state not in TERMINAL]
    looks += [partial(_deployment, context, d) for d in context.known.deployments.values() if d.state not in SETTLED]
    found = await asyncio.gather(*(bounded(one) for one in looks))
    errors = [one for one in found if isinstance(one, ToolError)]
    if errors and len(errors) == len(found):
        raise errors[0]
    for error in errors:
        await context.emit(f"{error.message}. It will be looked at again.")
    return tuple(one for one in found if one is not None and not isinstance(one, ToolError))


def live_line(known: Known, seen: Sequence[Seen]) -> str:
    """How the jobs that still run are doing, in one line; empty when none runs. `seen` is newer than `known`."""
    newer = {one.resource: one for one in seen if isinstance(one, JobSeen)}
    jobs = [newer.get(name, job) for name, job in known.jobs.items()]
    running = [job for job in jobs if job.state not in TERMINAL]
    words = [f"{job.item}{_percent(job) or ' ' + job.state.removeprefix('JOB_STATE_').lower()}" for job in running]
    return f"{len(running)} of {len(jobs)} jobs run: {', '.join(words)}" if running else ""


async def _job(context: ToolContext, known: JobSeen) -> JobSeen | None:
    job = await find(context, known.resource)
    if job is None:
        # Nobody but its owner can delete a job; for the session that attempt is lost, and a further one may be planned.
        gone = "the platform no longer has this job: it was deleted there"
        return known.model_copy(update={"state": "JOB_STATE_FAILED", "message": gone})
    seen = job_seen(known.item, known.attempt, known.resource, job)
    if seen.percent is None:
        seen = seen.model_copy(update={"percent": known.percent})
    return None if (seen.state, seen.percent) == (known.state, known.percent) else seen


async def _deployment(context: ToolContext, known: DeploymentSeen) -> DeploymentSeen | None:
    deployment = await find(context, known.resource)
    state = "DELETED" if deployment is None else str(deployment.get("state") or "STATE_UNSPECIFIED")
    if state == known.state:
        return None
    message = failure_of(context, deployment) if deployment else ""
    return known.model_copy(update={"state": state, "serving": False, "message": message})


async def wait_for_jobs(arguments: Arguments, context: ToolContext) -> ToolResult:
    """The news of one look. Raises ToolError when the platform can't be asked at all."""
    news = await look(context)
    lines = [f"{one.item}: {one.state}{_percent(one)}" for one in news]
    return ToolResult(facts=news, text="\n".join(lines) or "nothing changed")


def _percent(seen: Seen) -> str:
    return f" {seen.percent:.0f}%" if isinstance(seen, JobSeen) and seen.percent is not None else ""


TOOL = FunctionTool(
    name="wait_for_jobs",
    effect=Effect.READ,
    description="Looks at the session's running training jobs and starting deployments; the session sleeps between looks.",
    arguments=Arguments,
    function=wait_for_jobs,
)
