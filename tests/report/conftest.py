"""A finished SFT session as plain facts: a plan of the real compiler, three trained candidates, a full run, a deployment."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from fireworks import AsyncFireworks

from tools.base import ToolContext
from tools.facts import CandidateMeasured, DatasetStaged, DeploymentSeen, JobSeen, PlanDrafted
from tools.known import Known
from tuning.material import Material, ModelFacts, Part, Site
from tuning.plan import Interval, Plan
from tuning.plan_sft import compile_sft
from tuning.pricing import LOCAL_PRICES, Prices, load_prices
from tuning.request import Request
from tuning.workflows import LoraConfig

LOCAL_MODEL = ModelFacts(
    name="accounts/local/models/ember-1m",
    display_name="Ember 1M",
    parameter_count=1_250_000,
    context_length=512,
    tunable=True,
    recommended=(
        LoraConfig(rank=8, learning_rate=5e-3),
        LoraConfig(rank=16, learning_rate=3e-3),
        LoraConfig(rank=32, learning_rate=1.5e-3),
    ),
    recommended_batch_size=16,
    tokens_per_second=6000,
)
CLOUD_MODEL = ModelFacts(
    name="accounts/fireworks/models/qwen3-8b",
    display_name="Qwen3 8B",
    parameter_count=8_200_000_000,
    context_length=131_072,
    tunable=True,
)
SWEEP_LOSSES = {1: 0.62, 2: 0.51, 3: 0.60}


def _part(role: str, rows: int) -> Part:
    return Part(
        role=role,
        path=f"datasets/{role}.jsonl",
        rows=rows,
        bytes=rows * 300,
        sha256=(role.encode().hex() * 16)[:64],
        tokens=Interval(low=rows * 60, high=rows * 60),
    )


MATERIAL = Material(
    source="accounts/local/datasets/support-tickets",
    total_rows=960,
    parts=(_part("sweep", 778), _part("validation", 86), _part("full", 864), _part("test", 96)),
    notes=("12 rows carried the answer as ground_truth; it becomes the assistant turn.",),
    warnings=("3 rows are exact duplicates of another row.",),
)
STAGED = DatasetStaged(
    role="train",
    name="accounts/local/datasets/support-tickets",
    path="datasets/support-tickets.jsonl",
    report="dataset_report.json",
    sha256="ab" * 32,
    rows=960,
    bytes=288_000,
    tokens=Interval(low=57_600, high=57_600),
    tokens_exact=True,
    usable=True,
    summary="accounts/local/datasets/support-tickets: 960 rows of chat data, 288,000 bytes\nTokens: 57,600 (exact)\n"
    "Note: 3 rows are exact duplicates of another row.",
)


@pytest.fixture
def price_table() -> Prices:
    return load_prices((Path(__file__).parents[2] / "tuning" / "prices.yaml").read_text())


@pytest.fixture
def drafted(price_table: Prices) -> Callable[..., Known]:
    """Knowledge with a plan: `drafted(cloud=True, budget_usd=1.0, ...)`; other keywords are slots of the request."""

    def draft(cloud: bool = False, model: ModelFacts | None = None, **slots: Any) -> Known:
        chosen = model or (CLOUD_MODEL if cloud else LOCAL_MODEL)
        request = Request(
            workflow="sft",
            train_dataset=MATERIAL.source,
            base_models=(chosen.name,),
            evaluation="validation_loss",
            **slots,
        )
        kind = "fireworks" if cloud else "local"
        site = Site(kind, "acme" if cloud else "local", "1779157376-41e1", price_table if cloud else LOCAL_PRICES)
        plan = compile_sft(request, MATERIAL, (chosen,), site, 1)
        known = Known(request=request, models=(chosen,), material=MATERIAL)
        return known.learn(STAGED).learn(PlanDrafted(plan=plan))

    return draft


def _measure(item: str, number: int, split: str, loss: float | None, gain: float = 1.4) -> CandidateMeasured:
    return CandidateMeasured(
        item=item,
        candidate=number,
        split=split,
        train_loss=None if loss is None else loss - 0.05,
        eval_loss=loss,
        base_loss=2.0,
        gain=gain,
        gain_low=gain - 0.04,
        gain_high=gain + 0.04,
        rows=86 if split == "validation" else 96,
        metrics_path=f"outputs/{item}/metrics.jsonl",
    )


@pytest.fixture
def trained(drafted: Callable[..., Known]) -> Callable[..., Known]:
    """Knowledge after the sweep: `trained(losses={1: .6, 2: None})`; a candidate without a loss failed."""

    def train(losses: dict[int, float | None] | None = None, cost: float | None = None, **options: Any) -> Known:
        known = drafted(**options)
        for number, loss in (losses or SWEEP_LOSSES).items():
            known = finish(known, f"sweep-{number}", loss, "validation", cost)
        return known

    return train


def finish(known: Known, item_id: str, loss: float | None, split: str, cost: float | None = None) -> Known:
    """One training job at its end, with its metrics."""
    item = known.plan.item(item_id) if known.plan else None
    assert item is not None and item.candidate is not None and item.request is not None
    job = JobSeen(
        item=item_id,
        attempt=1,
        resource=item.resource(),
        state="JOB_STATE_FAILED" if loss is None else "JOB_STATE_COMPLETED",
        message="the trainer ran out of memory" if loss is None else "",
        output_model=(item.request.body or {})["outputModel"],
        reported_cost_usd=cost,
    )
    known = known.learn(job)
    if loss is None:
        return known
    return known.learn(_measure(item_id, item.candidate, split, loss, gain=2.0 - loss))


@pytest.fixture
def finished(trained: Callable[..., Known]) -> Callable[..., Known]:
    """Knowledge of a session that went to its end with candidate 2."""

    def run(cloud: bool = False, cost: float | None = None, **options: Any) -> Known:
        known = finish(trained(cloud=cloud, cost=cost, **options), "final-2", 0.48, "test", cost)
        deploy = known.plan.item("deploy-2") if known.plan else None
        assert deploy is not None
        return known.learn(
            DeploymentSeen(
                item=deploy.id,
                resource=deploy.resource(),
                model=known.outputs()["final-2"],
                state="READY",
                serving=True,
                endpoint="https://api.fireworks.ai/inference/v1" if cloud else "http://127.0.0.1:8123/v1",
            )
        )

    return run


def history(**changes: Any) -> dict[str, Any]:
    return {
        "instruction": "Run supervised fine-tuning on accounts/local/datasets/support-tickets.\nUse Ember 1M.",
        "created_at": "2026-11-21T01:00:00Z",
        "approvals": [],
        "versions": {"fireagent": "0.1.0", "torch": "2.13.0"},
        "planner": "offline",
        "ended": "succeeded",
        "notes": [],
        "spent_usd": 0.0,
        **changes,
    }


@pytest.fixture
def context(tmp_path: Path, price_table: Prices) -> Callable[..., ToolContext]:
    """A tool's context around knowledge; its platform client has no server behind it and is not to be used."""

    async def emit(text: str) -> None:
        raise AssertionError(text)

    def make(known: Known, cloud: bool = False, **changes: Any) -> ToolContext:
        made = ToolContext(
            session="1779157376-41e1",
            platform_kind="fireworks" if cloud else "local",
            platform_url="https://api.fireworks.ai" if cloud else "http://127.0.0.1:8123",
            account="acme" if cloud else "local",
            platform=AsyncFireworks(api_key="none", account_id="none", base_url="http://127.0.0.1:9"),
            blobs=None,  # type: ignore[arg-type]
            workspace=tmp_path,
            known=known,
            prices=price_table if cloud else LOCAL_PRICES,
            emit=emit,
            history=history(),
            now=1_795_222_800.0,
        )
        return replace(made, **changes)

    return make


@pytest.fixture
def metrics(tmp_path: Path) -> Callable[[Known], None]:
    """Writes a small metrics file with losses by row for everything measured, and the test split with one row."""

    def write(known: Known) -> None:
        for measured in known.measured.values():
            path = tmp_path / measured.metrics_path
            path.parent.mkdir(parents=True, exist_ok=True)
            loss = measured.eval_loss or 0.0
            rows = [[(loss + 0.01 * (i % 3 - 1)) * 20, 20] for i in range(30)]
            lines = [{"step": 0, "eval_loss": 2.0, "eval_rows": [[40.0, 20]] * 30}]
            lines += [{"step": step, "loss": 2.0 / step} for step in range(1, 9)]
            lines += [{"step": 8, "eval_loss": loss, "eval_rows": rows}]
            path.write_text("\n".join(json.dumps(line) for line in lines))
        path = tmp_path / "datasets" / "test.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        row = {
            "messages": [
                {"role": "system", "content": "You answer for the shop."},
                {"role": "user", "content": 'Where is my "parcel"?\nThanks'},
                {"role": "assistant", "content": "On its way."},
            ]
        }
        path.write_text(json.dumps(row) + "\n")

    return write


def answer(gate: str, digest: str, text: str, answer: str = "approve") -> dict[str, Any]:
    """One reply of the user as the session's history tells it."""
    return {"gate": gate, "digest": digest, "text": text, "answer": answer, "by": "user", "at": 1_795_222_860.0}


def plan_of(known: Known) -> Plan:
    assert known.plan is not None
    return known.plan


class _Answers(BaseHTTPRequestHandler):
    """Answers a chat completion and keeps what was asked."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append((self.path, body))  # type: ignore[attr-defined]
        message = {"role": "assistant", "content": self.server.says}  # type: ignore[attr-defined]
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        reply = json.dumps(
            {"id": "1", "object": "chat.completion", "created": 1, "model": body["model"], "choices": [choice]}
        ).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), _Answers) as serving:
        serving.asked, serving.says = [], "It is on its way."  # type: ignore[attr-defined]
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield serving
        serving.shutdown()
        thread.join()
