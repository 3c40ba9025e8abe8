"""The playbook decides from the state alone: no clock, no platform, no disk."""

from __future__ import annotations

from importlib.resources import files

from agent.guard.step import Finish, Run
from agent.planner.sft import _final
from agent.session.events import RequestUnderstood
from tests.guard.worlds import World, approved_world, plan
from tools.facts import CandidateMeasured
from tuning.pricing import load_prices

PAID = load_prices(files("tuning").joinpath("prices.yaml").read_text(encoding="utf-8"))


def promoted_world(budget_share: float) -> World:
    """A finished sweep and a promoted candidate; the budget covers the sweep and this share of the full run."""
    drafted = plan(prices=PAID, kind="fireworks")
    world = approved_world(drafted)
    sweep = [item for item in drafted.items if item.phase == "sweep"]
    for item in sweep:
        world.trained(item.id)
        world.learn(
            CandidateMeasured(
                item=item.id, candidate=item.candidate or 0, split="validation", train_loss=1.0, eval_loss=1.0
            )
        )
    final = drafted.item("final-1")
    assert final is not None and final.cost is not None
    budget = sum(item.cost.high for item in sweep if item.cost) + budget_share * final.cost.high
    world.add(RequestUnderstood(request=drafted.request.updated({"budget_usd": budget}), source=1))
    world.show("promotion", candidate=1, digest="board")
    world.approve(candidate=1)
    return world


def test_a_full_run_that_the_budget_holds_back_is_asked_about_and_not_failed() -> None:
    world = promoted_world(budget_share=0.5)
    assert world.state.known.plan is not None
    step = _final(world.state, 1e6, world.state.known.plan)
    assert isinstance(step, Run) and step.call.tool == "ask_user"
    assert "final-1 can't run: it could cost up to" in step.call.arguments["question"]


def test_a_full_run_inside_the_budget_is_launched() -> None:
    world = promoted_world(budget_share=1.0)
    assert world.state.known.plan is not None
    step = _final(world.state, 1e6, world.state.known.plan)
    assert isinstance(step, Run) and step.call.tool == "launch_job"
    assert not isinstance(step, Finish)
