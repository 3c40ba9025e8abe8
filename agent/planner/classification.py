"""The playbook of classification: inspection, plan, benchmark, sweep, full runs, evaluation, deployment, report.

One approval carries it all. Who goes on is computed by the rule that the plan's items name (`agent/guard/choice.py`), so
here nothing is chosen: what the guard would let run is run, what can't be finished is told and left behind.
"""

from __future__ import annotations

from collections.abc import Iterable

from agent.guard.choice import not_chosen
from agent.guard.step import Run, Say, Step, Wait
from agent.guard.verdict import finished
from agent.planner.calls import ask, run
from agent.planner.resting import is_up, leftovers, rest
from agent.planner.resting import put_to_rest as put_to_rest
from agent.planner.steps import (
    barred,
    check_models,
    check_required,
    close,
    deploy,
    fail,
    first,
    show_plan,
    stage_data,
    train,
)
from agent.session.state import SessionState
from tools.known import GONE
from tuning.election import winner
from tuning.plan import Plan, PlanItem
from tuning.workflows import CLASSIFICATION, EVALUATION_DEPLOYMENTS

TRAINED_BEFORE = {"sweep": "sweep", "evaluation": "full run"}
"""Phase of an evaluation -> phase of the jobs whose models it measures."""
REFILLS = ("upload_dataset", "launch_job", "run_evaluator")
"""Tools that a training slot is filled with."""


def next_classification(state: SessionState, now: float) -> Step:
    """The next step of a classification session at which no gate is open and no message waits for words."""
    step = _inputs(state, now) or stage_data(state, now) or show_plan(state, now)
    if step is not None:
        return step
    plan = state.known.plan
    if plan is None or not state.plan_approved or state.held:
        return Wait()
    step = leftovers(state, now, plan) or _benchmark(state, now, plan)
    if step is None and plan.candidates:
        step = _sweep(state, now, plan) or _finals(state, now, plan) or _deployment(state, now, plan)
    return step or close(state, now)


def _inputs(state: SessionState, now: float) -> Step | None:
    """Everything required is there, nothing is asked for that is not served, and every model exists."""
    request = state.known.request
    step = check_required(state, now, CLASSIFICATION)
    if step is not None:
        return step
    if request.rebalance == "weights":
        text = (
            "Weighted training is not served: the platforms' training jobs take no weights per label. Instead I can repeat "
            "the rows of rare labels (reply 'oversample'), cut the frequent ones down ('undersample'), leave labels out, or "
            "train on the rows as they are ('no rebalancing')."
        )
        return ask(state, now, text, ("rebalance",))
    return check_models(state, now)


def refill(state: SessionState, now: float) -> Run | Wait:
    """What fills training slots that free while an evaluation runs: uploads, launches and measures of the same phase.

    Nothing where a retry is not due yet (it says when), where the user was not answered yet or said stop, and in a session
    that a model leads: there each launch is the model's word.
    """
    plan, led = state.known.plan, state.created is None or state.created.planner != "offline"
    halted = state.ended or state.cancelling or state.held or state.unanswered or state.gate or not state.plan_approved
    if plan is None or led or halted:
        return Wait()
    asking = (state.calls[key].item for key in state.pending if state.calls[key].tool == "evaluate_model")
    phases = {item.phase for name in asking if (item := plan.item(name)) is not None}
    trained_in = {TRAINED_BEFORE[phase] for phase in phases if phase in TRAINED_BEFORE}
    due = [i for i in plan.items if i.kind == "train" and i.phase in trained_in and not not_chosen(state, plan, i)]
    step = train(state, now, plan, due)
    if isinstance(step, Run) and step.call.tool in REFILLS:
        return step
    return step if isinstance(step, Wait) else Wait()


def free_deployments(state: SessionState) -> int:
    """How many more evaluation deployments may be up at once."""
    return EVALUATION_DEPLOYMENTS - sum(1 for name in state.known.deployments if is_up(state, name))


def _benchmark(state: SessionState, now: float, plan: Plan) -> Step | None:
    """Every base model is measured, or told to be not measurable, and the figures are shown."""
    items = [item for item in plan.items if item.kind == "evaluate" and item.phase == "benchmark"]
    step = _evaluated(state, now, plan, items)
    if step is not None:
        return step
    if any(item.id in state.known.scores for item in items):
        return run(state, now, f"scores/base/{plan.revision}", "present_scores", stage="base")
    return None if plan.candidates else fail(state, now, _deploys(plan, items))


def _sweep(state: SessionState, now: float, plan: Plan) -> Step | None:
    """The candidates of the chosen models are trained and measured on the validation rows."""
    return _trained(state, now, plan, "sweep", "sweep")


def _finals(state: SessionState, now: float, plan: Plan) -> Step | None:
    """The full run of each model's best configuration, measured on the held-out rows; then the figures are shown."""
    step = _trained(state, now, plan, "full run", "evaluation")
    if step is not None:
        return step
    if winner(plan, state.known.scores, state.known.lost()) is None:
        return fail(state, now, [item for item in plan.items if item.id in state.known.lost() and item.kind != "scale"])
    return run(state, now, f"scores/tuned/{plan.revision}", "present_scores", stage="tuned")


def _trained(state: SessionState, now: float, plan: Plan, phase: str, judged_in: str) -> Step | None:
    """What of a phase was chosen is trained, and evaluated as soon as it is; both go on beside each other."""
    chosen = [item for item in plan.items if item.phase in (phase, judged_in) and not not_chosen(state, plan, item)]
    trains = [item for item in chosen if item.kind == "train"]
    judged = [item for item in chosen if item.kind == "evaluate"]
    lost = state.known.lost()
    ready = [item for item in judged if item.id in lost or _has_model(state, plan, item)]
    step = first((train(state, now, plan, trains), _evaluated(state, now, plan, ready)))
    if step is not None:
        return step
    stuck = [item for item in trains if item.id not in lost and not finished(state, plan, item.id)]
    return (barred(state, now, plan, stuck) or fail(state, now, stuck)) if stuck else None


def _has_model(state: SessionState, plan: Plan, item: PlanItem) -> bool:
    """Is the model that an evaluation asks about trained?"""
    return all(finished(state, plan, need) for deploy in _deploys(plan, [item]) for need in deploy.needs)


def _deployment(state: SessionState, now: float, plan: Plan) -> Step | None:
    """The winner is deployed and has given a first answer."""
    number = winner(plan, state.known.scores, state.known.lost())
    return deploy(state, now, plan, [i for i in plan.items if i.phase == "deployment" and i.candidate == number])


def _evaluated(state: SessionState, now: float, plan: Plan, items: list[PlanItem]) -> Step | None:
    """Each of these is served, asked and put to rest; None when all are scored or can't be.

    What is done rests first and what can start is started, before anything is asked: an evaluation takes its time.
    """
    lost = state.known.lost()
    rests: list[Step | None] = []
    starts: list[Step | None] = []
    asks: list[Step | None] = []
    free = free_deployments(state)
    for item in items:
        serving = _deploys(plan, [item])[0]
        seen = state.known.deployment(serving.id)
        if item.id in state.known.scores or item.id in lost:
            rests += [rest(state, now, serving.resource()), _told(state, plan, item)]
        elif seen is None and free > 0:
            free -= 1
            starts.append(run(state, now, f"deploy/{serving.resource()}", "deploy_model", item=serving.id))
        elif seen is not None and seen.state == "READY":
            asks.append(run(state, now, f"evaluate/{item.resource_id}", "evaluate_model", item=item.id))
        else:
            starts.append(Wait())
    return first((*rests, *starts, *asks))


def _deploys(plan: Plan, items: Iterable[PlanItem]) -> list[PlanItem]:
    """The evaluation deployments of evaluate items."""
    return [found for item in items if (found := plan.item(item.needs[0])) is not None]


def _told(state: SessionState, plan: Plan, item: PlanItem) -> Step | None:
    """Words, once, for what can't be measured; the others go on."""
    if item.id in state.known.scores:
        return None
    serving = _deploys(plan, [item])[0]
    seen = state.known.deployment(serving.id)
    if seen is not None and seen.state in GONE:
        why = f"it can't be served ({seen.message or seen.state})"
    else:
        why = "its training failed"
    name = f"Candidate {item.candidate}" if item.candidate else str(item.envelope.model if item.envelope else item.id)
    key = f"lost/{item.resource_id}"
    text = f"{name.rsplit('/', 1)[-1]} is not measured: {why}. I go on with the others."
    return None if key in state.said else Say(key, text)
