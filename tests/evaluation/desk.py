"""A session that stands before its first evaluation: plan approved, rows prepared, deployment READY. No training, no planner.

The log, the executor, the guard's transport and the SDK are the real ones; only the way to this point is told instead of
walked. What answers is any server that has `POST /v1/chat/completions`.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from agent.executor import Executor
from agent.guard.client import Connection, Platform, open_platform
from agent.guard.step import Run
from agent.session.events import Event, GateAnswered, Observed, ReplyReading, RequestUnderstood, SessionCreated
from agent.session.events import UserMessage as Word
from agent.session.state import SessionState
from agent.session.store import Store
from tools.base import ToolCall
from tools.evaluate_model import TOOL as EVALUATE_MODEL
from tools.facts import DatasetPrepared, DeploymentSeen, GateShown, PlanDrafted
from tuning.material import LabelSet, Material, ModelFacts, Part, Site
from tuning.plan import Interval, Plan, PlanItem
from tuning.plan_classification import compile_classification
from tuning.pricing import LOCAL_PRICES
from tuning.request import Request

SESSION = "1779157376-41e1"
LABELS = ("billing", "shipping", "returns", "login")
MODEL = "accounts/local/models/tiny-a"
ITEM = "evaluate-base-tiny-a"
REQUEST = Request(workflow="classification", train_dataset="tickets", base_models=("tiny-a",), benchmark_only=True)


def row(number: int) -> dict[str, Any]:
    """A labelled row; its label follows from its number."""
    label = LABELS[number % len(LABELS)]
    return {
        "messages": [
            {"role": "system", "content": f"Answer with exactly one of these labels: {', '.join(LABELS)}."},
            {"role": "user", "content": f"Ticket {number}: something about {label}, please."},
            {"role": "assistant", "content": label},
        ],
        "ground_truth": label,
    }


def prepared(workspace: Path, rows: int) -> Material:
    """Writes the held-out rows and tells what a preparation would tell of them."""
    content = b"".join(json.dumps(row(number)).encode() + b"\n" for number in range(rows))
    (workspace / "datasets").mkdir(parents=True, exist_ok=True)
    (workspace / "datasets" / "test.jsonl").write_bytes(content)
    counts = tuple((label, len(range(n, rows, len(LABELS)))) for n, label in enumerate(LABELS))
    part = Part(
        role="test", path="datasets/test.jsonl", rows=rows, bytes=len(content), tokens=Interval(low=0.0, high=rows * 50.0),
        sha256=hashlib.sha256(content).hexdigest(), longest=max(map(len, content.splitlines())),
    )  # fmt: skip
    labels = LabelSet(labels=LABELS, source="you listed them", rule="ground_truth", counts=counts, test_counts=counts)
    return Material(source="tickets", total_rows=rows, parts=(part,), labels=labels)


class Desk:
    """The session and what drives it. Opened a second time on the same folder it goes on, as after a kill."""

    def __init__(self, home: Path, url: str, rows: int = 40, spare: int | None = None) -> None:
        """`spare`: completions in the envelope beyond one a row; None for what a plan has."""
        self.home, self.url = home, url
        self.workspace = home / "workspaces" / SESSION
        self.workspace.mkdir(parents=True, exist_ok=True)
        self.store = Store(home / "sessions.db")
        self.said: list[str] = []
        self.platform: Platform | None = None
        self.executor = Executor(
            store=self.store,
            tools={EVALUATE_MODEL.name: EVALUATE_MODEL},
            platform=self._platform,
            workspaces=home / "workspaces",
            prices=lambda state: LOCAL_PRICES,
            emit=self._emit,
        )
        if SESSION not in self.store.sessions():
            self._begin(rows, spare)

    @property
    def state(self) -> SessionState:
        return self.store.state(SESSION)

    @property
    def plan(self) -> Plan:
        assert self.state.known.plan is not None
        return self.state.known.plan

    @property
    def envelope(self) -> int:
        """Completions that the user approved."""
        item = self.plan.item(ITEM)
        assert item is not None and item.envelope is not None
        return item.envelope.requests

    @property
    def answers(self) -> Path:
        """The file of answers."""
        item = self.plan.item(ITEM)
        assert item is not None
        return self.workspace / "outputs" / "evaluations" / f"{item.resource_id}.jsonl"

    def append(self, *events: Event) -> None:
        for event in events:
            self.store.transact(SESSION, lambda state, event=event: [(f"told/{state.last_seq}", event)])

    async def evaluate(self, key: str = "evaluate/1") -> None:
        """One call of the tool, as a planner makes it."""
        call = ToolCall(key, "evaluate_model", {"item": ITEM})
        await self.executor.take(SESSION, Run(call), self.state.last_user_seq)

    async def close(self) -> None:
        if self.platform is not None:
            await self.platform.close()
        self.store.close()

    def _begin(self, rows: int, spare: int | None) -> None:
        created = SessionCreated(instruction="classify", account="local", platform_kind="local")
        self.store.create(SESSION, "request", [("created", created)])
        material = prepared(self.workspace, rows)
        model = ModelFacts(name=MODEL, parameter_count=1_000_000, context_length=512, tunable=True)
        plan = compile_classification(REQUEST, material, (model,), Site("local", "local", SESSION, LOCAL_PRICES), 1)
        plan = plan if spare is None else _narrowed(plan, rows + spare)
        self.append(
            RequestUnderstood(request=REQUEST, source=1),
            Observed(facts=(DatasetPrepared(material=material), PlanDrafted(plan=plan))),
        )
        self.approve()
        deploy = plan.item(f"deploy-{ITEM.removeprefix('evaluate-')}")
        assert deploy is not None
        seen = DeploymentSeen(item=deploy.id, resource=deploy.resource(), model=MODEL, state="READY")
        self.append(Observed(facts=(seen,)))

    def approve(self) -> None:
        """The user's yes to the plan as it stands."""
        self.append(Observed(facts=(GateShown(gate="plan", digest=self.plan.digest(), question="?"),)))
        gate = self.state.gate
        assert gate is not None
        self.append(Word(text="yes", gate=gate.ref, reading=ReplyReading(label="approve")))
        self.append(GateAnswered(gate=gate.ref, answer="approve", message=self.state.last_seq))

    async def _platform(self, state: SessionState) -> tuple[Platform, str]:
        if self.platform is None:
            self.platform = open_platform(Connection("local", "test-key", self.url), lambda: self.state, strict=True)
        return self.platform, self.url

    async def _emit(self, session: str, text: str) -> None:
        self.said.append(text)


def _narrowed(plan: Plan, requests: int) -> Plan:
    """The plan with another number of completions in its envelopes."""

    def narrowed(item: PlanItem) -> PlanItem:
        if item.kind != "evaluate" or item.envelope is None:
            return item
        each = item.envelope.bytes // item.envelope.requests
        envelope = item.envelope.model_copy(update={"requests": requests, "bytes": each * requests})
        return item.model_copy(update={"envelope": envelope})

    return plan.model_copy(update={"items": tuple(narrowed(item) for item in plan.items)})
