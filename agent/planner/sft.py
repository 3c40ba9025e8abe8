"""The playbook of supervised fine-tuning, phase by phase: inspection, plan, sweep, full run, evaluation, deployment, report."""

from __future__ import annotations

from agent.guard.step import Say, Step, Wait
from agent.planner.calls import ask, run
from agent.planner.steps import (
    barred,
    check_models,
    check_required,
    close,
    deploy,
    fail,
    show_plan,
    stage_data,
    train,
)
from agent.session.state import SessionState
from tools.present_scoreboard import standings
from tuning.plan import Plan, PlanItem
from tuning.workflows import SFT


def next_sft(state: SessionState, now: float) -> Step:
    """The next step of an SFT session at which no gate is open and no message waits for words."""
    step = _inputs(state, now) or stage_data(state, now) or show_plan(state, now)
    if step is not None:
        return step
    plan = state.known.plan
    if plan is None or not state.plan_approved or state.held:
        return Wait()
    return (
        _sweep(state, now, plan)
        or _final(state, now, plan)
        or deploy(state, now, plan, _branch(state, plan, "deployment"))
        or close(state, now)
    )


def _inputs(state: SessionState, now: float) -> Step | None:
    """Everything required is there, and every model exists and can be tuned."""
    request = state.known.request
    step = check_required(state, now, SFT)
    if step is not None:
        return step
    if request.evaluation in ("evaluator", "generated", "rubric"):
        text = (
            "Scoring with an evaluator is not served for supervised fine-tuning by this version; validation loss is. "
            "Reply 'validation loss is fine' to go on with it, or cancel the session."
        )
        return ask(state, now, text, ("evaluation",))
    points = max(1, len(request.lora_ranks)) * max(1, len(request.learning_rates))
    if request.skip_sweep and points > 1:
        text = (
            f"You want to skip the sweep and name {points} configurations, which only a sweep can choose among. Which one "
            "LoRA rank and which one learning rate shall I train with?"
        )
        return ask(state, now, text, ("lora_ranks", "learning_rates"))
    return check_models(state, now)


def _sweep(state: SessionState, now: float, plan: Plan) -> Step | None:
    items = [item for item in plan.items if item.phase == "sweep"]
    if not items:
        return None
    if state.promoted is not None:
        return None
    step = train(state, now, plan, items)
    if step is not None:
        return step
    alive = [item for item in items if item.id in state.known.measured]
    if not alive:
        return barred(state, now, plan, items) or fail(state, now, items)
    chosen, message = _named(state)
    if step := _unable(state, plan, chosen, message):
        if step.key not in state.said:
            return step
        chosen = None
    key = f"scoreboard/{plan.revision}/{chosen or 0}/{len(state.answers)}"
    arguments: dict[str, object] = {"candidate": chosen} if chosen else {}
    return run(state, now, key, "present_scoreboard", **arguments) or Wait()


def _named(state: SessionState) -> tuple[int | None, int]:
    """The candidate that the user named, at the promotion gate or in a follow-up, and the seq of those words."""
    board = state.known.scoreboard
    changes = [a for a in state.answers if a.answer == "revise" and board and a.gate.digest == board.digest]
    if changes:
        return changes[-1].candidate, changes[-1].message
    return state.known.request.candidate, state.understood.source if state.understood else 0


def _unable(state: SessionState, plan: Plan, candidate: int | None, message: int) -> Say | None:
    """Words for a named candidate that can't go on; the scoreboard is then shown as it was."""
    able = [s.number for s in standings(plan, state.known) if s.eligible]
    if candidate is None or candidate in able:
        return None
    choice = ", ".join(str(number) for number in able)
    text = f"Candidate {candidate} can't be promoted: it did not finish, or there is none. The choice is {choice}."
    return Say(f"say/{message}/candidate", text, message)


def _final(state: SessionState, now: float, plan: Plan) -> Step | None:
    items = _branch(state, plan, "full run")
    step = train(state, now, plan, items)
    if step is not None:
        return step
    if any(item.id not in state.known.measured for item in items):
        return barred(state, now, plan, items) or fail(state, now, items)
    return None


def _branch(state: SessionState, plan: Plan, phase: str) -> list[PlanItem]:
    """The items of a phase that belong to the promoted candidate, or to the only one."""
    return [i for i in plan.items if i.phase == phase and (not i.alternative or i.candidate == state.promoted)]
