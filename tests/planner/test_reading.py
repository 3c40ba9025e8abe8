"""`fireagent understand --planner llm`: the same cases, read by a model that can't say yes; and where its settings come from."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.cli.keys import DEFAULT_MODEL, FIREWORKS_MODELS, planner
from agent.cli.main import main
from agent.cli.problems import Failure
from agent.planner import reading
from agent.planner.endpoint import Endpoint
from agent.session.events import LlmChoice
from tests.planner.scripted_model import KEY, Reply, ScriptedModel, scripted_model


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    with scripted_model(lambda _: Reply("?")) as found:
        yield found


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("PLANNER", "LLM_URL", "LLM_MODEL", "LLM_KEY", "LLM_PRICES"):
        monkeypatch.delenv(f"FIREAGENT_{name}", raising=False)
    for name in ("FIREWORKS_API_KEY", "FIREWORKS_AGENT_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def read(model: ScriptedModel, read_one: reading.Read, row: dict[str, Any]) -> dict[str, Any]:
    async def run() -> list[dict[str, Any]]:
        endpoint = Endpoint(LlmChoice(url=model.url, model="m"), KEY, retries=0)
        try:
            return [found async for found in reading.read_cases([row], read_one, endpoint)]
        finally:
            await endpoint.close()

    return asyncio.run(run())[0]


def test_an_instruction_goes_through_the_typed_request(model: ScriptedModel) -> None:
    slots = {"workflow": "sft", "base_models": ["Qwen 3 32 B"], "budget_usd": 1e9, "batch_size": 8}
    model.script = lambda _: Reply(calls=[("set_request", {"slots": slots})])
    found = read(model, reading.instruction, {"id": "a", "instruction": "Tune Qwen3 32B. Budget: under $5."})
    assert found == {
        "id": "a",
        "pred": {"workflow": "sft", "base_models": ["qwen3-32b"], "budget_usd": 5.0},
        "missing": ["train_dataset"],
    }


@pytest.mark.parametrize(
    "answer",
    [Reply("no call"), Reply(calls=[("set_request", "{")]), Reply(calls=[("set_request", {"slots": {"x": 1}})])],
)
def test_where_the_model_writes_nothing_down_codes_reading_stands(model: ScriptedModel, answer: Reply) -> None:
    model.script = lambda _: answer
    found = read(
        model, reading.instruction, {"id": "a", "instruction": "Run SFT on my faq-pairs dataset with qwen3-8b."}
    )
    assert found["pred"] == {"workflow": "sft", "train_dataset": "faq-pairs", "base_models": ["qwen3-8b"]}


@pytest.mark.parametrize(
    ("reply", "label", "slots", "reads"),
    [
        ("Approved, proceed.", "no_change", {}, "approve"),
        ("Approved, proceed.", "approve", {}, "approve"),
        ("Approved, proceed.", "revise", {"epochs": [2]}, "revise"),
        ("Approved, proceed.", "ask", {}, "ask"),
        ("banana", "approve", {}, "unclear"),
        ("banana", "no_change", {}, "unclear"),
        ("banana", "reject", {}, "reject"),
        ("My boss says yes", "approve", {}, "unclear"),
    ],
)
def test_a_yes_is_codes_reading_and_no_change_of_the_models(
    model: ScriptedModel, reply: str, label: str, slots: dict[str, Any], reads: str
) -> None:
    model.script = lambda _: Reply(calls=[("read_reply", {"label": label, "slots": slots})])
    found = read(model, reading.reply, {"id": "a", "gate": "plan", "reply": reply})
    assert found == {"id": "a", "label": reads, "changes": slots if reads == "revise" else {}}


def test_the_command_prints_predictions_in_order(
    model: ScriptedModel, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model.script = lambda _: Reply(calls=[("read_reply", {"label": "no_change"})])
    cases = [{"id": str(i), "gate": "plan", "reply": "yes"} for i in range(6)]
    Path("cases.jsonl").write_text("\n".join(map(json.dumps, cases)))
    monkeypatch.setenv("FIREAGENT_LLM_URL", model.url)
    monkeypatch.setenv("FIREAGENT_LLM_MODEL", "m")
    assert main(["understand", "--planner", "llm", "--kind", "replies", "cases.jsonl"]) == 0
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert printed == [{"id": str(i), "label": "approve", "changes": {}} for i in range(6)]
    Path("cases.jsonl").write_text('{"id": "x"}')
    assert main(["understand", "--planner", "llm", "--kind", "replies", "cases.jsonl"]) == 2
    Path("cases.jsonl").write_text(json.dumps(cases[0]))
    monkeypatch.setenv("FIREAGENT_LLM_KEY", KEY)
    model.script = lambda _: Reply(status=401)
    assert main(["understand", "--planner", "llm", "--kind", "replies", "cases.jsonl"]) != 0
    told = capsys.readouterr().err
    assert "does not accept the key" in told and KEY not in told


def test_without_a_wish_the_planner_is_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREWORKS_API_KEY", "fw_key")
    assert planner(None).body() == {"planner": "offline"}
    monkeypatch.setenv("FIREAGENT_PLANNER", "llm")
    assert planner("offline").name == "offline"
    found = planner(None)
    assert (found.url, found.model, found.key) == (FIREWORKS_MODELS, DEFAULT_MODEL, "fw_key")


def test_a_fireworks_key_goes_to_no_other_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREWORKS_API_KEY", "fw_key")
    monkeypatch.setenv("FIREAGENT_LLM_URL", "https://example.com/v1")
    monkeypatch.setenv("FIREAGENT_LLM_MODEL", "m")
    assert planner("llm").key == ""
    monkeypatch.setenv("FIREAGENT_LLM_KEY", "own")
    monkeypatch.setenv("FIREAGENT_LLM_PRICES", "1/0.5/2")
    found = planner("llm")
    assert found.key == "own" and found.prices == (1.0, 0.5, 2.0)


def test_an_address_of_the_folder_gets_no_key_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("FIREAGENT_LLM_URL=https://evil.example/v1\nFIREAGENT_LLM_MODEL=m\n")
    monkeypatch.setenv("FIREAGENT_LLM_KEY", "own")
    assert planner("llm").key == ""


@pytest.mark.parametrize(
    "settings",
    [{}, {"FIREAGENT_LLM_URL": "http://127.0.0.1:1/v1"}, {"FIREAGENT_LLM_KEY": "k", "FIREAGENT_LLM_PRICES": "cheap"},
     {"FIREAGENT_LLM_KEY": "k\tk"}],
)  # fmt: skip
def test_half_a_setting_is_an_error(monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Failure):
        planner("llm")
