"""Small worlds for the guard's tests: a compiled plan, a log in memory, and an account of what may leave."""

from __future__ import annotations

from agent.session.events import (
    AnyEvent,
    GateAnswered,
    GateRef,
    Observed,
    Record,
    ReplyReading,
    RequestUnderstood,
    SessionCreated,
    ToolCalled,
    ToolReturned,
    UserMessage,
)
from agent.session.state import SessionState, fold
from tools.facts import AnyFact, DeploymentSeen, GateShown, JobSeen, PlanDrafted, UploadFinished
from tuning.material import Material, ModelFacts, Part, Site
from tuning.plan import Interval, Plan
from tuning.plan_sft import compile_sft
from tuning.pricing import LOCAL_PRICES, Prices
from tuning.request import Request
from tuning.workflows import LoraConfig

SESSION = "1779157376-41e1"
REQUEST = Request(workflow="sft", train_dataset="tickets", base_models=("tiny-a",))


def part(role: str, rows: int) -> Part:
    tokens = Interval(low=rows * 30.0, high=rows * 30.0)
    return Part(role=role, path=f"datasets/{role}.jsonl", rows=rows, bytes=rows * 100, sha256=role * 8, tokens=tokens)


MATERIAL = Material(
    source="tickets",
    total_rows=1_000,
    parts=(part("sweep", 810), part("validation", 90), part("full", 900), part("test", 100)),
)


def model(name: str = "tiny-a", parameters: int | None = 1_000_000) -> ModelFacts:
    return ModelFacts(
        name=f"accounts/local/models/{name}", parameter_count=parameters, tunable=True, context_length=512,
        tokens_per_second=5_000.0,
    )  # fmt: skip


def plan(request: Request = REQUEST, prices: Prices = LOCAL_PRICES, kind: str = "local", revision: int = 1) -> Plan:
    models = tuple(model(name) for name in request.base_models)
    return compile_sft(request, MATERIAL, models, Site(kind, "local", SESSION, prices), revision)


def wide_plan(configs: int = 9) -> Plan:
    """More candidates than slots."""
    ranks = tuple(2**i for i in range(2, 5))
    rates = tuple(LoraConfig(rank=8, learning_rate=10.0**-i).learning_rate for i in range(3, 3 + configs // 3))
    return plan(REQUEST.updated({"lora_ranks": ranks, "learning_rates": rates}))


class World:
    """A log built event by event, without a store: what the pure judgement is tested on."""

    def __init__(self) -> None:
        self.state: SessionState = SessionState()
        self.add(SessionCreated(instruction="train", account="local", platform_kind="local"))
        self.add(RequestUnderstood(request=REQUEST, source=1))

    def add(self, event: AnyEvent) -> int:
        seq = self.state.last_seq + 1
        self.state = fold([Record(session=SESSION, seq=seq, key=str(seq), at=float(seq), event=event)], self.state)
        return seq

    def learn(self, *facts: AnyFact) -> int:
        return self.add(Observed(facts=facts))

    def draft(self, drafted: Plan) -> None:
        self.learn(PlanDrafted(plan=drafted))

    def show(self, gate: str = "plan", candidate: int | None = None, digest: str = "") -> GateRef:
        drafted = self.state.known.plan
        name = digest or (drafted.digest() if drafted else "")
        fact = GateShown(gate=gate, digest=name, question="?", candidate=candidate)
        self.learn(fact)
        assert self.state.gate is not None
        return self.state.gate.ref

    def approve(self, candidate: int | None = None) -> None:
        gate = self.state.gate
        assert gate is not None
        seq = self.add(UserMessage(text="yes", gate=gate.ref, reading=ReplyReading(label="approve")))
        self.add(GateAnswered(gate=gate.ref, answer="approve", message=seq, candidate=candidate))

    def intend(self, item_id: str, attempt: int = 1) -> str:
        """Writes the intent of an item's attempt; returns the resource it is about."""
        drafted = self.state.known.plan
        item = drafted.item(item_id) if drafted else None
        assert item is not None
        tool = {"upload": "upload_dataset", "train": "launch_job", "deploy": "deploy_model"}[item.kind]
        self.add(
            ToolCalled(
                call=f"{item_id}/{attempt}", tool=tool, arguments={"item": item_id}, effect="spend",
                based_on=self.state.last_user_seq, item=item_id, attempt=attempt, resource=item.resource(attempt),
                cost_high=item.cost.high if item.cost else 0.0,
            )
        )  # fmt: skip
        return item.resource(attempt)

    def outcome(self, item_id: str, *facts: AnyFact, attempt: int = 1) -> None:
        self.add(ToolReturned(call=f"{item_id}/{attempt}", tool="", facts=facts))

    def upload_all(self) -> None:
        drafted = self.state.known.plan
        assert drafted is not None
        for item in drafted.items:
            if item.kind == "upload":
                self.intend(item.id)
                self.outcome(item.id, UploadFinished(item=item.id, resource=item.resource()))

    def job(self, item_id: str, state: str, attempt: int = 1) -> JobSeen:
        drafted = self.state.known.plan
        item = drafted.item(item_id) if drafted else None
        assert item is not None
        output = f"accounts/local/models/{item.attempt_id(attempt)}"
        return JobSeen(
            item=item_id,
            attempt=attempt,
            resource=item.resource(attempt),
            state=f"JOB_STATE_{state}",
            output_model=output,
        )

    def trained(self, item_id: str, state: str = "COMPLETED") -> None:
        self.intend(item_id)
        self.outcome(item_id, self.job(item_id, state))

    def deployed(self, item_id: str, state: str = "READY") -> None:
        resource = self.intend(item_id)
        self.outcome(item_id, DeploymentSeen(item=item_id, resource=resource, model="m", state=state))


def approved_world(drafted: Plan | None = None) -> World:
    """A world with an approved plan and its uploads done."""
    world = World()
    world.draft(drafted or plan())
    world.show()
    world.approve()
    world.upload_all()
    return world
