"""Looking up models and the account, and compiling the plan."""

import json
from dataclasses import replace

import httpx
import pytest
from fireworks import AsyncFireworks, DefaultAsyncHttpxClient

import tools.deploy_model
import tools.upload_dataset
from tests.platforms import Fault
from tests.tools.conftest import Room
from tools.base import ToolError
from tools.deploy_model import TOOL as DEPLOY
from tools.estimate_cost import TOOL as ESTIMATE
from tools.facts import CandidateMeasured
from tools.list_resources import TOOL as LIST


async def test_models_with_their_recommendations_and_missing_ones(room: Room) -> None:
    result = await room.call(LIST, kind="models", names=("tiny-b", "accounts/local/models/tiny-a", "tiny-z"))
    assert [m.name for m in room.known.models] == ["accounts/local/models/tiny-b", "accounts/local/models/tiny-a"]
    model = room.known.models[0]
    assert (model.parameter_count, model.context_length, model.tunable) == (2_000_000, 256, True)
    assert [(c.rank, c.learning_rate) for c in model.recommended] == [(8, 5e-3), (16, 3e-3)]
    assert (model.recommended_batch_size, model.tokens_per_second) == (4, 5000)
    assert room.known.models_missing == ("tiny-z",)
    assert "context 256 tokens" in result.text and "tiny-z" in result.text and "Nearest" in result.text


async def test_all_tunable_models_small_ones_first(room: Room) -> None:
    await room.call(LIST, kind="models")
    assert [m.name.rsplit("/", 1)[1] for m in room.known.models] == ["tiny-a", "tiny-b", "tiny-c"]


async def test_a_malformed_model_is_taken_for_what_can_be_read(room: Room) -> None:
    body = {"name": "accounts/local/models/x", "tunable": "perhaps", "contextLength": "many", "baseModelDetails": 3,
            "recommendedTuning": {"loraConfigs": [{"rank": -1}]}}  # fmt: skip
    room.platform.faults.append(Fault("GET", "/models/x$", status=200, body=body))
    await room.call(LIST, kind="models", names=("x",))
    model = room.known.models[0]
    assert (model.tunable, model.context_length, model.parameter_count, model.recommended) == (False, None, None, ())


async def test_the_accounts_own_things_are_listed(trained: Room) -> None:
    await trained.call(DEPLOY, item="deploy-1")
    for kind, words in (
        ("datasets", "mine: READY, 60 rows"),
        ("jobs", "JOB_STATE_COMPLETED, base model tiny-a"),
        ("deployments", "deploy"),
        ("account", "Account local"),
    ):
        result = await trained.again(LIST, kind=kind)
        assert words in result.text


async def test_an_empty_list_is_said(room: Room) -> None:
    assert "There are no deployments" in (await room.again(LIST, kind="deployments")).text


async def test_a_plan_needs_data_and_known_tunable_models(planned: Room) -> None:
    assert planned.plan.cost.high == 0 and len(planned.plan.candidates) == 2
    again = await planned.again(ESTIMATE, revision=1)
    assert again.facts[0].plan.digest() == planned.plan.digest()  # type: ignore[union-attr]
    planned.ask(train_dataset="mine", base_models=("tiny-c",))
    with pytest.raises(ToolError, match="has not described"):
        await planned.call(ESTIMATE)
    planned.ask(train_dataset="mine")
    with pytest.raises(ToolError, match="no base model"):
        await planned.call(ESTIMATE)
    planned.ask(train_dataset="mine", base_models=("tiny-a",))
    fixed = replace(planned.known, models=tuple(m.model_copy(update={"tunable": False}) for m in planned.known.models))
    planned.context = replace(planned.context, known=fixed)
    with pytest.raises(ToolError, match="cannot be tuned"):
        await planned.call(ESTIMATE)
    planned.context = replace(planned.context, known=replace(planned.known, material=None))
    with pytest.raises(ToolError, match="no data prepared"):
        await planned.call(ESTIMATE)


async def test_cloud_names_and_addresses(planned: Room) -> None:
    """Base models of the cloud are another account's, and chat lives below /inference."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, json={"name": "accounts/fireworks/models/qwen3-8b", "tunable": True,
                                         "baseModelDetails": {"parameterCount": "8200000000"},
                                         "contextLength": 40960, "trainingContextLength": 32768})  # fmt: skip

    async with (
        DefaultAsyncHttpxClient(transport=httpx.MockTransport(answer)) as http,
        AsyncFireworks(api_key="k", account_id="me", http_client=http) as sdk,
    ):
        planned.context = replace(
            planned.context, platform=sdk, platform_kind="fireworks", platform_url="https://api.fireworks.ai"
        )
        await planned.call(LIST, kind="models", names=("qwen3-8b",))
    assert asked == ["/v1/accounts/fireworks/models/qwen3-8b"]
    model = planned.known.models[-1]
    assert (model.parameter_count, model.context_length) == (8_200_000_000, 32_768)
    assert tools.deploy_model.endpoint(planned.context) == "https://api.fireworks.ai/inference/v1"


def test_facts_survive_the_log() -> None:
    fact = CandidateMeasured(item="i", candidate=1, split="test", train_loss=None, eval_loss=1.25)
    assert CandidateMeasured.model_validate(json.loads(fact.model_dump_json())) == fact


async def test_a_value_that_cannot_be_trained_with_is_the_users_to_change(planned: Room) -> None:
    planned.ask(train_dataset="mine", base_models=("tiny-a",), max_context_length=10)
    with pytest.raises(ToolError, match="at least 16") as caught:
        await planned.call(ESTIMATE)
    assert caught.value.owner == "yours"
