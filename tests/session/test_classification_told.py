"""What a user sees of a classification while it runs: figures before the sweep, the phase it is in, a page at the end."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from agent.server.view import phase
from agent.session.state import fold
from tests.session.steps import YES, to_plan
from tests.session.test_classification import CLASSIFY, rooms
from tools.facts import JobSeen, ModelScored, ScoresShown
from tuning.workflows import CLASSIFICATION


async def test_the_figures_come_when_they_are_due_and_phases_go_forward(tmp_path: Path) -> None:
    async with rooms(tmp_path) as (home, _):
        session = await to_plan(home, CLASSIFY)
        home.reply(session, YES)
        state = await home.until(session, "succeeded", seconds=60)
        records = home.records(session)
        folder = home.home / "workspaces" / session
        assert (folder / "final_report.html").read_text().count("<svg") == 2
        assert {path.stem for path in (folder / "outputs" / "evaluations").glob("*.json")} == {
            path.stem for path in (folder / "outputs" / "evaluations").glob("*.jsonl")
        }
        assert (folder / "outputs" / "snippet.py").is_file()
    facts = [fact for record in records for fact in getattr(record.event, "facts", ())]
    kinds = [type(fact) for fact in facts]
    shown = [at for at, fact in enumerate(facts) if isinstance(fact, ScoresShown)]
    assert [facts[at].stage for at in shown] == ["base", "tuned"]
    assert kinds[: shown[0]].count(ModelScored) == 2 and JobSeen not in kinds[: shown[0]]
    assert kinds[: shown[1]].count(ModelScored) == len(state.known.scores)
    seen = [phase(fold(records[:count])) for count in range(1, len(records) + 1)]
    order = [*CLASSIFICATION.phases, "ended"]
    assert all(order.index(before) <= order.index(after) for before, after in pairwise(seen)), seen
    assert set(seen) == set(order)
