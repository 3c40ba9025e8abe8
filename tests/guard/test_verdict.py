"""What the guard allows and refuses, one reason at a time."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest

from agent.guard.inference import PROBE_BLOCK
from agent.guard.step import Finish, Run
from agent.guard.verdict import Wire, blocked, judge_step, judge_wire
from agent.session.events import Cancelling, ReplyReading, UserMessage
from tests.guard.worlds import REQUEST, World, approved_world, plan, wide_plan
from tools.base import Effect, ToolCall
from tuning.plan import Plan, WireRequest
from tuning.pricing import load_prices

PAID = load_prices(files("tuning").joinpath("prices.yaml").read_text(encoding="utf-8"))


def wire_of(request: WireRequest | None) -> Wire:
    assert request is not None
    return Wire(request.method, request.path, request.query, request.body, 10)


def launch_wire(world: World, item_id: str, attempt: int = 1) -> Wire:
    drafted = world.state.known.plan
    item = drafted.item(item_id) if drafted else None
    assert item is not None
    return wire_of(item.request_for(attempt, world.state.known.outputs()))


def allowed(world: World, wire: Wire, **inferred: int) -> bool:
    return judge_wire(wire, world.state, "local", inferred).allowed


def reason(world: World, wire: Wire, **inferred: int) -> str:
    return judge_wire(wire, world.state, "local", inferred).reason


def launch(item: str, attempt: int = 1) -> Run:
    return Run(ToolCall(f"{item}/{attempt}", "launch_job", {"item": item, "attempt": attempt}))


def test_nothing_is_created_before_the_yes() -> None:
    world = World()
    world.draft(plan())
    world.show()
    world.intend("sweep-1")
    assert "not approved" in reason(world, launch_wire(world, "sweep-1"))
    assert not judge_step(launch("sweep-1"), Effect.SPEND, world.state).allowed


def test_an_approved_item_passes_once_its_needs_are_there_and_its_intent_is_written() -> None:
    world = World()
    world.draft(plan())
    world.show()
    world.approve()
    assert "needs upload-sweep" in judge_step(launch("sweep-1"), Effect.SPEND, world.state).reason
    world.upload_all()
    assert judge_step(launch("sweep-1"), Effect.SPEND, world.state).allowed
    assert "no intent" in reason(world, launch_wire(world, "sweep-1"))
    world.intend("sweep-1")
    assert allowed(world, launch_wire(world, "sweep-1"))


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": 99},
        {"loraRank": 64},
        {"dataset": "accounts/local/datasets/other"},
        {"outputModel": "accounts/local/models/theirs"},
        {"extra": 1},
    ],
)
def test_a_body_that_differs_in_anything_is_not_the_item(change: dict[str, Any]) -> None:
    world = approved_world()
    world.intend("sweep-1")
    wire = launch_wire(world, "sweep-1")
    changed = Wire(wire.method, wire.path, wire.query, {**wire.body, **change}, wire.size)
    assert "no item of the plan is exactly this" in reason(world, changed)


def test_the_id_in_the_query_is_part_of_the_item() -> None:
    world = approved_world()
    world.intend("sweep-1")
    wire = launch_wire(world, "sweep-1")
    assert not allowed(world, Wire(wire.method, wire.path, (("supervisedFineTuningJobId", "x"),), wire.body, 1))
    assert not allowed(world, Wire(wire.method, wire.path, (*wire.query, ("validateOnly", "true")), wire.body, 1))


def test_a_revised_plan_needs_its_own_yes() -> None:
    world = approved_world()
    world.draft(plan(REQUEST.updated({"epochs": (2,)}), revision=2))
    world.intend("sweep-1")
    assert "not approved" in reason(world, launch_wire(world, "sweep-1"))


def test_a_stop_after_the_yes_halts_further_launches() -> None:
    world = approved_world()
    world.intend("sweep-1")
    world.add(UserMessage(text="hold on", reading=ReplyReading(label="reject")))
    assert "halts further launches" in reason(world, launch_wire(world, "sweep-1"))


def test_the_cap_counts_intents_and_queued_jobs() -> None:
    world = approved_world(wide_plan())
    for number in range(1, 6):
        world.trained(f"sweep-{number}", "PENDING")
    assert judge_step(launch("sweep-6"), Effect.SPEND, world.state).allowed
    world.intend("sweep-6")
    assert "6 jobs are active and the limit is 6" in judge_step(launch("sweep-7"), Effect.SPEND, world.state).reason
    world.learn(world.job("sweep-1", "COMPLETED"))
    assert judge_step(launch("sweep-7"), Effect.SPEND, world.state).allowed


def test_only_the_promoted_candidate_goes_on() -> None:
    world = approved_world()
    for number in (1, 2, 3):
        world.trained(f"sweep-{number}")
    assert "promotion gate is not passed" in judge_step(launch("final-2"), Effect.SPEND, world.state).reason
    world.show("promotion", candidate=2, digest="board")
    world.approve(candidate=2)
    assert judge_step(launch("final-2"), Effect.SPEND, world.state).allowed
    assert "candidate 1 was not promoted" in judge_step(launch("final-1"), Effect.SPEND, world.state).reason


def test_a_further_attempt_needs_a_failure_and_room_in_the_plan() -> None:
    world = approved_world()
    assert "has not failed" in judge_step(launch("sweep-1", 2), Effect.SPEND, world.state).reason
    world.trained("sweep-1", "FAILED")
    world.trained("sweep-2", "FAILED")
    assert judge_step(launch("sweep-1", 2), Effect.SPEND, world.state).allowed
    world.intend("sweep-1", 2)
    world.outcome("sweep-1", world.job("sweep-1", "RUNNING", 2), attempt=2)
    assert "room for 1 further attempt" in judge_step(launch("sweep-2", 2), Effect.SPEND, world.state).reason
    assert "not in the plan" in judge_step(launch("sweep-1", 3), Effect.SPEND, world.state).reason


def test_a_budget_stops_the_launch_that_could_pass_it() -> None:
    drafted = plan(prices=PAID, kind="fireworks")
    world = approved_world(drafted)
    item = drafted.item("sweep-1")
    assert item is not None and item.cost is not None and item.cost.high > 0
    request = drafted.request.updated({"budget_usd": item.cost.high * 1.5})
    from agent.session.events import RequestUnderstood

    world.add(RequestUnderstood(request=request, source=1))
    assert judge_step(launch("sweep-1"), Effect.SPEND, world.state).allowed
    world.trained("sweep-1")
    assert "pass the budget" in judge_step(launch("sweep-2"), Effect.SPEND, world.state).reason


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/v1/accounts/local/datasets/tickets"),
        ("PATCH", "/v1/accounts/local/models/mine"),
        ("PATCH", "/v1/accounts/local/deployments/mine"),
        ("POST", "/v1/accounts/local/supervisedFineTuningJobs/theirs:cancel"),
        ("POST", "/v1/accounts/local/datasets/tickets:upload"),
        ("POST", "/v1/accounts/local/datasets/tickets:getUploadEndpoint"),
        ("PATCH", "/v1/accounts/local/deployments/theirs:scale"),
        ("POST", "/v1/accounts/local/datasets/a%2F..%2Fb:getUploadEndpoint"),
        ("POST", "/v1/accounts/other/supervisedFineTuningJobs"),
        ("POST", "/v1/accounts/local/apiKeys"),
        ("POST", "/v1/completions"),
        ("POST", "/v1/chat/completions"),
    ],
)
def test_what_is_not_ours_is_never_written(method: str, path: str) -> None:
    world = approved_world()
    for state in (world, _cancelling(approved_world())):
        assert not allowed(state, Wire(method, path, (), {"replicaCount": 0}, 10))


def _cancelling(world: World) -> World:
    world.add(Cancelling())
    return world


def test_own_jobs_and_deployments_are_stopped_only_while_cancelling() -> None:
    world = approved_world()
    world.trained("sweep-1", "RUNNING")
    job = Wire("POST", f"/v1/{world.job('sweep-1', 'RUNNING').resource}:cancel", (), {}, 2)
    assert "only when the user cancels" in reason(world, job)
    world.intend("sweep-2")
    world.add(Cancelling())
    assert allowed(world, job)
    assert "being cancelled" in reason(world, launch_wire(world, "sweep-2"))


def test_a_deployment_is_scaled_to_zero_and_to_nothing_else() -> None:
    world = _ready()
    resource = next(iter(world.state.known.deployments))
    world.add(Cancelling())
    assert allowed(world, Wire("PATCH", f"/v1/{resource}:scale", (), {"replicaCount": 0}, 2))
    assert not allowed(world, Wire("PATCH", f"/v1/{resource}:scale", (), {"replicaCount": 3}, 2))


def _ready() -> World:
    world = approved_world(plan(REQUEST.updated({"skip_sweep": True})))
    world.trained("final-1")
    world.deployed("deploy-1")
    return world


def test_a_completion_passes_only_inside_its_reserved_envelope() -> None:
    world = _ready()
    drafted = world.state.known.plan
    assert drafted is not None
    deploy, model = drafted.item("deploy-1"), world.state.known.outputs()["final-1"]
    assert deploy is not None
    body = {"model": f"{model}#{deploy.resource()}", "messages": [], "max_tokens": 64}
    wire = Wire("POST", "/v1/chat/completions", (), body, 200)
    assert "no completion is reserved" in reason(world, wire)
    probe = ToolCall("probe/1", "deploy_model", {"item": "deploy-1", "probe": True})
    assert judge_step(Run(probe), Effect.SPEND, world.state).allowed
    from agent.session.events import ToolCalled

    world.add(ToolCalled(call="probe/1", tool="deploy_model", arguments=dict(probe.arguments), effect="spend",
                         based_on=1, item="deploy-1", attempt=1, resource=deploy.resource()))  # fmt: skip
    assert allowed(world, wire)
    assert not allowed(world, wire, **{"probe-1": PROBE_BLOCK})
    assert "max_tokens" in reason(world, Wire("POST", wire.path, (), {**body, "max_tokens": 10_000}, 200))
    assert "at most" in reason(world, Wire("POST", wire.path, (), body, 1_000_000))
    assert "no item" in reason(
        world, Wire("POST", wire.path, (), {**body, "model": "accounts/fireworks/models/x"}, 200)
    )


def test_done_needs_every_required_item() -> None:
    world = _ready()
    assert not judge_step(Finish("succeeded"), None, world.state).allowed


def test_unknown_tools_and_items_are_refused() -> None:
    world = approved_world()
    assert "no tool named" in judge_step(Run(ToolCall("k", "rm", {})), None, world.state).reason
    assert "name an item" in judge_step(launch("sweep-99"), Effect.SPEND, world.state).reason
    assert "name an item" in judge_step(launch("upload-sweep"), Effect.SPEND, world.state).reason


def test_a_data_set_that_is_complete_is_not_written_again() -> None:
    world = approved_world()
    drafted = world.state.known.plan
    assert drafted is not None
    upload = drafted.item("upload-sweep")
    assert upload is not None
    world.intend("upload-sweep")
    wire = Wire("POST", f"/v1/{upload.resource()}:getUploadEndpoint", (), {}, 2)
    assert "complete" in reason(world, wire)


def test_the_digest_covers_items_ceiling_and_prices() -> None:
    base = plan()
    variants: list[Plan] = [
        plan(REQUEST.updated({"epochs": (7,)})),
        plan(prices=PAID),
        base.model_copy(update={"max_active_jobs": 7}),
        base.model_copy(update={"retries": 5}),
        base.model_copy(update={"items": base.items[:-1]}),
    ]
    digests = {p.model_validate_json(p.model_dump_json()).digest() for p in (base, *variants)}
    assert len(digests) == 1 + len(variants)
    assert base.digest() == plan().digest()


def test_blocked_is_empty_only_for_what_may_run() -> None:
    world = approved_world()
    drafted = world.state.known.plan
    assert drafted is not None
    free = {item.id for item in drafted.items if not blocked(world.state, drafted, item)}
    assert {"sweep-1", "sweep-2", "sweep-3"} <= free
    assert not any(name.startswith(("final", "deploy", "probe")) for name in free)
