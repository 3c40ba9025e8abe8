"""What the playbooks of all training workflows do alike: inputs, data, plan, training, deployment, report.

Each function gives the next step, or None when there is nothing left to do of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from agent.guard.step import Finish, Step, Wait
from agent.guard.verdict import blocked, finished
from agent.planner.calls import ask, mended, run
from agent.session.state import SessionState
from tools.facts import JobSeen
from tools.known import GONE, SUCCEEDED, TERMINAL, YOURS
from tools.resources import short_id
from tuning.plan import Plan, PlanItem
from tuning.workflows import Workflow

PROBE_DELAY = 5.0
LONGEST_PROBE_DELAY = 60.0


def first(steps: Iterable[Step | None]) -> Step | None:
    """Of things that go on beside each other the first that can be done now; else the wait that ends first."""
    waits: list[Wait] = []
    for step in steps:
        if isinstance(step, Wait):
            waits.append(step)
        elif step is not None:
            return step
    if not waits:
        return None
    return Wait(min((wait.until for wait in waits if wait.until is not None), default=None))


def check_required(state: SessionState, now: float, flow: Workflow) -> Step | None:
    """Asks for what the workflow can't do without; where a base model is missing, the choices are listed."""
    request = state.known.request
    unknown = state.understood.unknown_models if state.understood else ()
    missing = tuple(slot for slot in flow.required if not getattr(request, slot))
    if missing:
        unseen = "base_models" in missing and "models/all" not in state.calls
        step = run(state, now, "models/tunable", "list_resources", kind="models") if unseen else None
        question = f"I do not know the model {'; '.join(unknown)}. Which base model shall I tune?" if unknown else ""
        return step or ask(state, now, question, missing)
    return None


def check_models(state: SessionState, now: float) -> Step | None:
    """Every model exists on the platform and can be tuned there, or the user is asked for another."""
    request = state.known.request
    key = f"models/{hashlib.sha256(' '.join(request.base_models).encode()).hexdigest()[:8]}"
    step = run(state, now, key, "list_resources", kind="models", names=request.base_models)
    if step is not None:
        return step
    wanted = {short_id(name) for name in request.base_models}
    untunable = (m.name for m in state.known.models if not m.tunable and short_id(m.name) in wanted)
    bad = [*state.known.models_missing, *(() if request.benchmark_only else untunable)]
    if bad:
        text = (
            f"The platform can't tune {', '.join(bad)}: unknown there or not tunable. I never replace a model silently; "
            "which model shall I use instead? Ask 'which base models do you support for SFT?' for the list."
        )
        return ask(state, now, text, ("base_models",))
    return None


def stage_data(state: SessionState, now: float) -> Step | None:
    """The data sets are staged once and are usable."""
    request = state.known.request
    for role, name in (("train", request.train_dataset), ("eval", request.eval_dataset)):
        if not name:
            continue
        key = f"stage/{role}/{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        step = run(state, now, key, "download_dataset", name=name, role=role)
        step = step or _staged_again(state, now, key, role, name) or _staged_mended(state, now, key, role, name)
        if step is not None:
            return step
        staged = state.known.staged.get(role)
        if staged is not None and not staged.usable:
            text = (
                f"The data set {name} can't be used: {staged.reason.rstrip('.')}. Which data set shall I use instead?"
            )
            return ask(state, now, text, (f"{role}_dataset",))
    return None


def _staged_again(state: SessionState, now: float, key: str, role: str, name: str) -> Step | None:
    """The data set once more where another one has taken its place since."""
    newest = max((k for k in state.calls if k.startswith(f"stage/{role}/")), key=lambda k: state.calls[k].at)
    if newest == key or newest.startswith(f"{key}/"):
        return None
    return run(state, now, f"{key}/{state.revision}", "download_dataset", name=name, role=role)


def _staged_mended(state: SessionState, now: float, key: str, role: str, name: str) -> Step | None:
    """The data set once more after the user mended it: its rows could not be prepared as they were."""
    prepared = state.calls.get(f"prepare/{state.revision}")
    if prepared is None or prepared.status != "failed" or prepared.owner != "yours" or not mended(state, prepared):
        return None
    return run(
        state, now, f"{key}/{state.revision}/{prepared.tries}", "download_dataset", name=name, role=role, again=True
    )


def show_plan(state: SessionState, now: float) -> Step | None:
    """A plan of the request as it stands now was shown; after a hold it is shown again."""
    revision = state.revision
    for key, tool, arguments in (
        (f"prepare/{revision}", "prepare_dataset", {}),
        (f"estimate/{revision}", "estimate_cost", {"revision": revision}),
    ):
        step = run(state, now, key, tool, **arguments)
        if step is not None:
            return step
    if state.plan_approved and not state.held:
        return None
    rounds = sum(1 for answer in state.answers if answer.gate.gate == "plan")
    key = f"plan/{revision}/{state.held}/{rounds}"
    return run(state, now, key, "present_plan", round=rounds + 1)


def deploy(state: SessionState, now: float, plan: Plan, items: list[PlanItem]) -> Step | None:
    """The final deployment among these items is made, READY, and has given a first answer."""
    for item in items:
        if item.kind != "deploy":
            continue
        step = upload(state, now, plan, item) or run(
            state, now, f"deploy/{item.resource()}", "deploy_model", item=item.id
        )
        if step is not None:
            return step
        if not finished(state, plan, item.id):
            seen = state.known.deployment(item.id)
            if seen is not None and seen.state in GONE:
                return fail(state, now, [item])
            return Wait()
        probe = next((p for p in plan.items if p.kind == "probe" and item.id in p.needs), None)
        if probe is not None and not finished(state, plan, probe.id):
            return _probe(state, now, item)
    return None


def _probe(state: SessionState, now: float, item: PlanItem) -> Step:
    """Asks the deployment for a first answer; a deployment that is READY may still need a while to give one."""
    begun = f"probe/{item.resource()}/"
    asked = [key for key, call in state.calls.items() if key.startswith(begun) and call.status == "returned"]
    if asked:
        due = state.calls[asked[-1]].at + min(PROBE_DELAY * len(asked), LONGEST_PROBE_DELAY)
        if now < due:
            return Wait(due)
    return run(state, now, f"{begun}{len(asked) + 1}", "deploy_model", item=item.id, probe=True) or Wait()


def close(state: SessionState, now: float) -> Step:
    """The report, then the end."""
    return run(state, now, state.keyed("report/succeeded"), "write_report") or Finish("succeeded")


def barred(state: SessionState, now: float, plan: Plan, items: list[PlanItem]) -> Step | None:
    """Asks about items that the guard holds back although nothing runs any more: a change of the user's can free them."""
    reasons = [
        f"{item.id} can't run: {reason}"
        for item in items
        if state.known.job(item.id) is None and (reason := blocked(state, plan, item))
    ]
    if not reasons:
        return None
    text = f"{' '.join(reasons)} What was trained so far is kept. Tell me what to change, such as another budget, or cancel."
    return ask(state, now, text, ("budget_usd",))


def fail(state: SessionState, now: float, items: list[PlanItem]) -> Step:
    """Nothing of what was needed survived: the report says what was done, and the session says why it stops."""
    causes = [f"{item.id}: {_cause(state, item)}" for item in items]
    step = run(state, now, state.keyed("report/failed"), "write_report")
    return step or Finish("failed", "; ".join(causes)[:1000])


def _cause(state: SessionState, item: PlanItem) -> str:
    job = state.known.job(item.id)
    if job is None:
        seen = state.known.deployment(item.id)
        return f"{seen.state}{': ' + seen.message if seen.message else ''}" if seen else "not launched"
    return f"{job.state}{': ' + job.message if job.message else ''}"


def train(state: SessionState, now: float, plan: Plan, items: list[PlanItem]) -> Step | None:
    """Launches, watches and measures these items; None when each is measured or beyond saving.

    A finished job is measured before the next one is launched, and every free slot is filled: there are no waves.
    """
    waiting, later = False, None
    for item in items:
        job = state.known.job(item.id)
        if job is not None and job.state in SUCCEEDED and item.id not in state.known.measured:
            step = run(state, now, f"measure/{plan.revision}/{job.resource}", "run_evaluator", item=item.id)
            if step is not None and not isinstance(step, Wait):
                return step
            later = later or step
    for item in items:
        job = state.known.job(item.id)
        attempt = _attempt(state, plan, item, job)
        if attempt == 0:
            waiting = waiting or (job is not None and job.state not in TERMINAL)
            continue
        step = upload(state, now, plan, item)
        if step is not None:
            return step
        if blocked(state, plan, item, attempt):
            waiting = waiting or bool(state.active)
            continue
        step = run(state, now, f"launch/{item.resource(attempt)}", "launch_job", item=item.id, attempt=attempt)
        if step is not None:
            return step
    return later or (Wait() if waiting else None)


def _attempt(state: SessionState, plan: Plan, item: PlanItem, job: JobSeen | None) -> int:
    """Which attempt to launch now; 0 when none: the job runs, has succeeded, or can't be tried again."""
    if job is None:
        return 1
    if job.state in SUCCEEDED or job.state not in TERMINAL or job.attempt >= item.attempts:
        return 0
    if YOURS.search(job.message):
        return 0
    return 0 if blocked(state, plan, item, job.attempt + 1) else job.attempt + 1


def upload(state: SessionState, now: float, plan: Plan, item: PlanItem) -> Step | None:
    """The uploads that an item needs and that are not there yet."""
    for need in item.needs:
        wanted = plan.item(need)
        if wanted is None or wanted.kind != "upload" or wanted.resource() in state.known.uploads:
            continue
        return run(state, now, f"upload/{wanted.resource()}", "upload_dataset", item=wanted.id)
    return None
