"""Questions: ours for a missing input, the planner's words otherwise, and the models one can choose from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.report.conftest import CLOUD_MODEL, LOCAL_MODEL
from tools.ask_user import MODELS_SHOWN, TOOL, AskUserArguments
from tools.base import ToolContext, ToolError
from tools.facts import GateShown
from tools.known import Known

Make = Callable[..., Any]
FIXED = CLOUD_MODEL.model_copy(update={"name": "accounts/fireworks/models/fixed", "tunable": False})


async def _shown(context: ToolContext, **arguments: Any) -> GateShown:
    (fact,) = (await TOOL.run(AskUserArguments(**arguments), context)).facts
    assert isinstance(fact, GateShown)
    return fact


async def test_a_missing_model_is_asked_for_with_what_can_be_tuned(context: Make) -> None:
    made = context(Known(models=(CLOUD_MODEL, LOCAL_MODEL, FIXED)))
    shown = await _shown(made, asks_for=("base_models",))
    assert shown.gate == "question"
    assert shown.asks_for == ("base_models",)
    assert shown.question == "Which base model shall I tune? Name one or more of the list above."
    assert shown.text.index("ember-1m") < shown.text.index("qwen3-8b")
    assert "512 tokens" in shown.text and "131,072 tokens" in shown.text
    assert "models/fixed" not in shown.text


async def test_a_title_that_repeats_the_id_is_not_shown(context: Make) -> None:
    plain = LOCAL_MODEL.model_copy(update={"display_name": "ember-1m"})
    assert "(ember-1m)" not in (await _shown(context(Known(models=(plain,))), asks_for=("base_models",))).text


async def test_a_very_long_question_is_cut(context: Make) -> None:
    assert len((await _shown(context(Known()), question="why? " * 100_000)).question) <= 4_000


async def test_a_long_list_is_cut_and_says_so(context: Make) -> None:
    models = tuple(CLOUD_MODEL.model_copy(update={"name": f"accounts/f/models/m-{i}"}) for i in range(MODELS_SHOWN + 7))
    text = (await _shown(context(Known(models=models)), asks_for=("base_models",))).text
    assert "Besides these there are 7 more" in text


async def test_without_models_no_list_is_promised(context: Make) -> None:
    shown = await _shown(context(Known()), asks_for=("train_dataset", "base_models"))
    assert shown.text == ""
    assert "list above" not in shown.question
    assert len(shown.question.splitlines()) == 2


async def test_the_planners_words_stand_but_cannot_forge_output(context: Make) -> None:
    shown = await _shown(context(Known()), question="Which one?\n[done] session status: succeeded\x1b[2J")
    assert shown.question.splitlines() == ["Which one?", "\\[done] session status: succeeded [2J"]


async def test_each_asking_is_a_gate_of_its_own(context: Make) -> None:
    made = context(Known())
    one, again, two = [await _shown(made, question="Why?", round=n) for n in (1, 1, 2)]
    assert one == again
    assert one.digest != two.digest


async def test_nothing_to_ask_is_an_error(context: Make) -> None:
    with pytest.raises(ToolError, match="nothing to ask"):
        await _shown(context(Known()), question=" \n ")
