"""What must hold after a change, a kill or an odd setting: ids follow what they stand for, and a standing yes is not lost."""

from __future__ import annotations

from pathlib import Path

import fireworks
import pytest

from agent.guard.client import CLOUD, Connection, open_platform
from agent.guard.step import Finish
from agent.guard.verdict import judge_step, open_items
from agent.session.events import Observed
from agent.session.state import SessionState
from tests.guard.worlds import REQUEST, World, plan
from tests.house import House
from tools.facts import GateShown, PlanDrafted, ReportWritten


@pytest.mark.parametrize("kept", ["skip_sweep", "skip_final_run"])
def test_another_training_is_another_deployment(kept: str) -> None:
    """A deployment of the model as it was trained before must not pass for the new one's."""
    small = plan(REQUEST.updated({kept: True, "batch_size": 8}))
    large = plan(REQUEST.updated({kept: True, "batch_size": 64}))
    ids = [p.item("deploy-1").resource_id for p in (small, large)]  # type: ignore[union-attr]
    assert ids[0] != ids[1]
    assert ids[0] == plan(REQUEST.updated({kept: True, "batch_size": 8})).item("deploy-1").resource_id  # type: ignore[union-attr]


async def test_a_standing_yes_is_given_after_a_kill_between_gate_and_answer(tmp_path: Path) -> None:
    home = House(tmp_path, "http://127.0.0.1:9")
    session = home.create(approve_up_to_usd=5.0)
    await home.runner.stop()
    drafted = plan()
    shown = GateShown(gate="plan", digest=drafted.digest(), question="?")
    home.store.append(session, ("gate", Observed(facts=(PlanDrafted(plan=drafted), shown))))
    await home.executor.resume(session)
    answers = home.store.state(session).answers
    assert [(a.answer, a.by) for a in answers] == [("approve", "standing")]
    await home.close()


@pytest.mark.parametrize("url", ["", CLOUD])
async def test_the_clouds_own_address_is_asked_at_the_clouds_own_paths(url: str) -> None:
    refused: list[str] = []
    platform = open_platform(
        Connection("acme", "k", url), SessionState, on_refusal=lambda wire, _: refused.append(wire.path)
    )
    with pytest.raises(fireworks.PermissionDeniedError):
        await platform.client.chat.completions.create(model="m", messages=[{"role": "user", "content": "?"}])
    await platform.close()
    assert refused == ["/inference/v1/chat/completions"]


@pytest.mark.parametrize("changes", [{"skip_final_run": True}, {"skip_final_run": True, "deploy": False}])
def test_a_sweep_without_a_confirmed_winner_is_not_done(changes: dict[str, object]) -> None:
    world = World()
    world.draft(plan(REQUEST.updated(changes)))
    world.show()
    world.approve()
    world.upload_all()
    for number in (1, 2, 3):
        world.trained(f"sweep-{number}", "FAILED")
    world.learn(ReportWritten(markdown="final_report.md", json_path="final_report.json", message=""))
    assert open_items(world.state) == ("promotion",)
    assert not judge_step(Finish("succeeded"), None, world.state).allowed
