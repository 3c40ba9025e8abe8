"""On the local platform an unknown model is answered with the models that are there."""

from __future__ import annotations

from pathlib import Path

from tests.house import house
from tests.session.steps import at_gate


async def test_only_models_of_the_platform_are_offered(tmp_path: Path) -> None:
    async with house(tmp_path) as (home, _):
        session = home.create(
            "Run supervised fine-tuning on accounts/local/datasets/tickets. Use qwen9-77b as the base model."
        )
        state = await at_gate(home, session, "question")
        assert state.understood is not None
        [told] = state.understood.unknown_models
        offered = told.partition("(nearest: ")[2].rstrip(")").split(", ")
        assert offered and {name.rsplit("/", 1)[-1] for name in offered} <= {"tiny-a", "tiny-b", "tiny-c"}
