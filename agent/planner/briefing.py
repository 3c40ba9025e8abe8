"""What a model is told beside the transcript: the system prompt from the playbooks, and the state of the session."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from agent.guard.choice import not_chosen
from agent.guard.verdict import blocked, finished, open_items
from agent.planner.classification import free_deployments
from agent.session.state import SessionState
from prompts.planner import Named, PlannerSystem, PlannerTurn, WorkflowRow
from prompts.quoting import clean
from tools.facts import JobSeen
from tools.known import SUCCEEDED, TERMINAL
from tuning import workflows
from tuning.lists import first_of
from tuning.plan import Plan, PlanItem

SHOWN = 10
"""Items that a list of the state block names; the others are counted."""
TITLES = {
    "train_dataset": "the training data set",
    "base_models": "one or more base models",
    "plan": "the plan with its cost",
    "promotion": "the promotion of the sweep's winner",
}
KINDS = {
    "classification": "classification",
    "preference": "preference tuning",
    "rft": "reinforcement fine-tuning",
    "evaluator": "writing evaluators",
    "trajectories": "tuning on a teacher's trajectories",
}
NEVER = "full-parameter tuning, custom losses, and changing or deleting what exists"


@lru_cache(maxsize=1)
def system_prompt() -> str:
    """The same text for every call of every session."""
    return PlannerSystem(
        workflows=tuple(
            WorkflowRow(
                name=flow.name,
                title=flow.title,
                needs=", ".join(TITLES.get(slot, slot) for slot in flow.required),
                gates=", ".join(TITLES.get(gate, gate) for gate in flow.gates),
                phases=", ".join(flow.phases),
            )
            for flow in workflows.WORKFLOWS.values()
        ),
        not_served=", ".join([words for name, words in KINDS.items() if name not in workflows.WORKFLOWS] + [NEVER]),
        defaults=tuple(Named(name=name, value=value) for name, value in _defaults()),
    ).render()


def prompt_digests() -> dict[str, str]:
    """Which wording a call was made with."""
    return {prompt.template: prompt.digest() for prompt in (PlannerSystem, PlannerTurn)}


def _defaults() -> Iterable[tuple[str, str]]:
    grid = ", ".join(f"rank {c.rank} with {c.learning_rate:g}" for c in workflows.DEFAULT_GRID)
    yield "Sweep", f"LoRA {grid} (learning rate), for each base model; a model's own recommended rates go first"
    yield (
        "Epochs",
        f"min({workflows.MAX_DEFAULT_EPOCHS}, ceil({workflows.EPOCH_BUDGET} / number of samples)), for sweep and full run",
    )
    yield "Rows of the sweep", f"at most {workflows.SWEEP_ROWS} of the training rows, seed {workflows.SEED}"
    yield (
        "Test rows",
        f"{workflows.TEST_FRACTION:.0%}, at most {workflows.TEST_ROWS}; with fewer than {workflows.SMALL_DATA_ROWS} rows none",
    )
    yield "Validation rows", f"{workflows.VALIDATION_FRACTION:.0%} of the rest; they rank the candidates"
    yield "Evaluation", "validation loss; of a classification, accuracy"
    yield (
        "Classification",
        f"test rows {workflows.COMPARED_TEST_FRACTION:.0%}, stratified by label; labels from the data where the user lists "
        f"none; imbalance is flagged above {workflows.IMBALANCE_THRESHOLD:g}; of more than {workflows.STRONGEST} models the "
        f"{workflows.STRONGEST} with the best base accuracy are tuned",
    )
    yield "Jobs at once", f"at most {workflows.MAX_ACTIVE_JOBS}"
    yield "Further attempts after a failure of the platform", f"{workflows.RETRIES} over the whole plan"
    yield "Deployment", "the winner of the full run"


def state_block(state: SessionState, notice: str, answers_left: int) -> str:
    """The session now, in a few lines."""
    facts = tuple(Named(name=name, value=value) for name, value in _facts(state, answers_left))
    return PlannerTurn(facts=facts, notice=notice).render()


def _facts(state: SessionState, answers_left: int) -> Iterable[tuple[str, str]]:
    known, plan, understood = state.known, state.known.plan, state.understood
    if state.ended is not None:
        yield "ended", f"{state.ended}; answer with say, and write down with set_request what the user wants done next"
    if understood is None:
        yield "request", "not written down yet: call set_request"
    elif missing := _missing(state):
        yield "missing", ", ".join(missing)
    if known.models_missing:
        yield "not on this platform", ", ".join(known.models_missing)
    if known.staged:
        yield (
            "data",
            ", ".join(
                f"{s.role} {'usable' if s.usable else 'not usable'}, {s.rows} rows" for s in known.staged.values()
            ),
        )
    if plan is None:
        yield "plan", "none"
    else:
        yield "plan", _standing(state, plan)
    if state.gate is not None:
        leads = f", for candidate {state.gate.shown.candidate}" if state.gate.shown.candidate else ""
        yield "asking the user at", f"the {state.gate.shown.gate} gate{leads}"
    if state.unanswered:
        yield "the user's last words", "still want an answer"
    if plan is not None and state.plan_approved:
        yield from _progress(state, plan)
    if known.report is not None:
        yield "report", "written"
    yield "answers left until the user speaks again", str(answers_left)


def _missing(state: SessionState) -> tuple[str, ...]:
    """Required inputs that the request lacks now, whatever was missing when it was first read."""
    flow = workflows.WORKFLOWS.get(state.known.request.workflow or "")
    if flow is None:
        return state.understood.missing if state.understood else ()
    return tuple(slot for slot in flow.required if not getattr(state.known.request, slot))


def _standing(state: SessionState, plan: Plan) -> str:
    parts = [f"revision {plan.revision}, up to ${plan.ceiling_usd:.2f}"]
    if plan.request != state.known.request:
        parts.append("older than the request: prepare_dataset, estimate_cost, present_plan")
    elif state.held:
        parts.append("halted by the user: present_plan again")
    else:
        parts.append("approved" if state.plan_approved else "not approved")
    return ", ".join(parts)


def _progress(state: SessionState, plan: Plan) -> Iterable[tuple[str, str]]:
    known = state.known
    jobs = [_job(job) for item in plan.items if (job := known.job(item.id)) and job.resource in state.active]
    running = f": {first_of(jobs, SHOWN)}" if jobs else ""
    yield "active jobs", f"{len(state.active)} of at most {plan.max_active_jobs}{running}"
    ready = [item for item in plan.items if not finished(state, plan, item.id) and _may_run(state, plan, item)]
    for kind, word in (
        ("upload", "upload now"),
        ("train", "launch now"),
        ("deploy", "deploy now"),
        ("probe", "probe now"),
        ("evaluate", "evaluate now"),
    ):
        names = [item.needs[0] if kind == "probe" else item.id for item in ready if item.kind == kind]
        if kind == "deploy" and plan.workflow == workflows.CLASSIFICATION.name:
            names = names[: max(0, free_deployments(state))]
        if names:
            yield word, first_of(names, SHOWN)
    ended = [
        i.id for i in plan.items if (job := known.job(i.id)) and job.state in SUCCEEDED and i.id not in known.measured
    ]
    if ended:
        yield "measure now", first_of(ended, SHOWN)
    if _sweep_is_over(state, plan):
        yield "the sweep is over", "present_scoreboard"
    if stages := list(_scores_to_show(state, plan)):
        yield "show the scores now", ", ".join(stages)
    lost = [
        i.id for i in plan.items if (job := known.job(i.id)) and job.state in TERMINAL and job.state not in SUCCEEDED
    ]
    if lost:
        yield "failed", first_of(lost, SHOWN)
    if state.promoted is not None:
        yield "promoted", f"candidate {state.promoted}"
    if not state.active and not open_items(state):
        yield "everything is done", "finish"


def _scores_to_show(state: SessionState, plan: Plan) -> Iterable[str]:
    """Stages of a classification whose evaluations are all settled and whose figures the user has not seen yet."""
    shown = {c.arguments.get("stage") for c in state.calls.values() if c.tool == "present_scores"}
    settled = {*state.known.scores, *state.known.lost()}
    for stage, phase in (("base", "benchmark"), ("tuned", "evaluation")):
        items = [
            item
            for item in plan.items
            if item.kind == "evaluate" and item.phase == phase and not not_chosen(state, plan, item)
        ]
        scored = any(item.id in state.known.scores for item in items)
        if scored and stage not in shown and all(item.id in settled for item in items):
            yield stage


def _job(job: JobSeen) -> str:
    """How a job is doing, in a few words."""
    percent = f" {job.percent:.0f}%" if job.percent is not None else ""
    return f"{job.item} {clean(job.state, 60).removeprefix('JOB_STATE_').casefold()}{percent}"


def _sweep_is_over(state: SessionState, plan: Plan) -> bool:
    """Is every candidate measured or lost, and the user still to be asked which one goes on?"""
    sweep = [item.id for item in plan.items if item.kind == "train" and item.phase == "sweep"]
    asks = plan.workflow == workflows.SFT.name and state.promoted is None and state.gate is None
    measured, lost = state.known.measured, state.known.lost()
    return asks and any(i in measured for i in sweep) and all(i in measured or i in lost for i in sweep)


def _may_run(state: SessionState, plan: Plan, item: PlanItem) -> bool:
    """Would the guard let this item run now? An upload only when something that may run wants it."""
    if item.kind == "train" and state.known.job(item.id) is not None:
        return _again(state, plan, item)
    if item.kind == "deploy" and state.known.deployment(item.id) is not None:
        return False
    if item.kind == "upload" and not any(_is_open(state, plan, o) for o in plan.items if item.id in o.needs):
        return False
    return not blocked(state, plan, item)


def _is_open(state: SessionState, plan: Plan, item: PlanItem) -> bool:
    """Has the user, or the rule that chooses, let this item come to pass?"""
    waits = item.gate == "promotion" and state.promoted is None
    return not waits and not not_chosen(state, plan, item)


def _again(state: SessionState, plan: Plan, item: PlanItem) -> bool:
    job = state.known.job(item.id)
    return job is not None and not blocked(state, plan, item, job.attempt + 1)
