"""A classification that a model plans: it follows the state block, code elects and puts deployments to rest."""

from __future__ import annotations

from pathlib import Path

from tests.house import jsonl
from tests.labelled import labelled_rows
from tests.planner.houses import llm_house
from tests.planner.sensible import Sensible
from tests.session.steps import YES, answers, at_gate, deployments, made

SLOTS = {
    "workflow": "classification",
    "train_dataset": "accounts/local/datasets/tickets",
    "base_models": ["tiny-a", "tiny-b"],
}
CLASSIFY = "Run classification fine-tuning on accounts/local/datasets/tickets using tiny-a and tiny-b."


async def test_from_sentence_to_the_deployed_winner(tmp_path: Path) -> None:
    async with llm_house(tmp_path, Sensible(SLOTS), content=jsonl(labelled_rows(120))) as (home, platform):
        session = home.create(CLASSIFY)
        await at_gate(home, session, "plan")
        assert made(platform) == {}
        home.reply(session, YES)
        state = await home.until(session, "succeeded", seconds=120)
        assert answers(home, session) == [("plan", "approve")] and home.refusals == []
        assert len(state.known.scores) == 2 + 4 + 2
        assert {c.arguments["stage"] for c in state.calls.values() if c.tool == "present_scores"} == {"base", "tuned"}
        up = [d for d in deployments(platform) if d.document["desiredReplicaCount"] != 0]
        assert len(up) == 1 and "-deploy-" in up[0].name
        assert any(d.serving for d in state.known.deployments.values())


async def test_a_benchmark_ends_without_training(tmp_path: Path) -> None:
    script = Sensible({**SLOTS, "benchmark_only": True})
    async with llm_house(tmp_path, script, content=jsonl(labelled_rows(120))) as (home, platform):
        session = home.create(CLASSIFY + " Just benchmark, don't fine-tune.")
        await at_gate(home, session, "plan")
        home.reply(session, YES)
        state = await home.until(session, "succeeded", seconds=120)
        assert len(state.known.scores) == 2 and not state.known.jobs
        assert all(d.document["desiredReplicaCount"] == 0 for d in deployments(platform))
