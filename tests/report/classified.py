"""A finished classification as plain facts: a plan of the real compiler, answers on disk, scores by the real judgement."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.facts import DatasetPrepared, DeploymentSeen, JobSeen, LabelScore, ModelScored, PlanDrafted, Scaled
from tools.known import Known
from tuning.judgement import Answer, score
from tuning.labels import classification_row
from tuning.material import LabelSet, Material, ModelFacts, Part, Site
from tuning.plan import Interval, PlanItem
from tuning.plan_classification import compile_classification
from tuning.pricing import LOCAL_PRICES, Prices
from tuning.request import Request

LABELS = ("billing", "refund", "technical")
Say = Callable[[random.Random, tuple[str, ...], Sequence[str]], str | None]


def right(rate: float, junk: float = 0.02) -> Say:
    """A model that is right so often, and otherwise says another label, or something that is none."""

    def say(chance: random.Random, truth: tuple[str, ...], labels: Sequence[str]) -> str | None:
        drawn = chance.random()
        if drawn < rate:
            return ", ".join(truth)
        return "I can't say" if drawn > 1 - junk else chance.choice([name for name in labels if name not in truth])

    return say


@dataclass
class World:
    """One classification session in `folder`; `known` grows as its models are scored."""

    folder: Path
    labels: tuple[str, ...] = LABELS
    rows: int = 120
    models: tuple[str, ...] = ("tiny-a", "tiny-b")
    cloud: bool = False
    prices: Prices = LOCAL_PRICES
    multi_label: bool = False
    facts: dict[str, Any] | None = None
    """Of the label set: merges, imbalance, ..."""

    def planned(self, **slots: Any) -> Known:
        """Knowledge with the data on disk and a plan; keywords are slots of the request."""
        account = "acme" if self.cloud else "local"
        models = tuple(
            ModelFacts(
                name=f"accounts/{'fireworks' if self.cloud else 'local'}/models/{name}",
                parameter_count=1_000_000 * (at + 1),
                context_length=2048,
                tunable=True,
            )
            for at, name in enumerate(self.models)
        )
        request = Request(
            workflow="classification",
            train_dataset=f"accounts/{account}/datasets/intents",
            base_models=tuple(m.name for m in models),
            **slots,
        )
        material = self._material()
        site = Site("fireworks" if self.cloud else "local", account, "1779157376-41e1", self.prices)
        plan = compile_classification(request, material, models, site, 1)
        known = Known(request=request, models=models)
        return known.learn(DatasetPrepared(material=material)).learn(PlanDrafted(plan=plan))

    def _material(self) -> Material:
        chance = random.Random(1)
        parts = []
        for role, count in (("sweep", 4), ("validation", 1), ("full", 5), ("test", 1)):
            path = f"datasets/{role}.jsonl"
            lines = [json.dumps(self._row(chance, i)).encode() for i in range(self.rows * count)]
            (self.folder / "datasets").mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_bytes(b"\n".join(lines) + b"\n")
            size = sum(map(len, lines))
            parts.append(
                Part(
                    role=role, path=path, rows=len(lines), bytes=size, sha256=(role.encode().hex() * 16)[:64],
                    tokens=Interval(low=size, high=size), longest=max(map(len, lines)),
                )
            )  # fmt: skip
        labels = LabelSet(
            labels=self.labels,
            source="inferred from the data",
            rule="ground_truth",
            multi_label=self.multi_label,
            counts=tuple((label, 10 + at) for at, label in enumerate(self.labels)),
            **(self.facts or {}),
        )
        return Material(source="intents", total_rows=self.rows * 6, parts=tuple(parts), labels=labels)

    def _row(self, chance: random.Random, number: int) -> dict[str, Any]:
        count = chance.randint(1, 2) if self.multi_label else 1
        truth = tuple(sorted(chance.sample(self.labels, count), key=self.labels.index))
        row = {"messages": [{"role": "user", "content": f'Question "{number}"'}]}
        return classification_row(row, truth, self.labels, self.multi_label)

    def scored(self, known: Known, item_id: str, say: Say) -> Known:
        """One evaluation: answers on disk, and the fact that the log keeps."""
        assert known.plan is not None and known.material is not None
        item = known.plan.item(item_id)
        assert item is not None and item.envelope is not None
        part = known.material.part(item.split)
        assert part is not None
        chance = random.Random(item_id)
        answers = []
        path = f"outputs/evaluations/{item.resource_id}.jsonl"
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        with (self.folder / path).open("w") as file:
            for at, line in enumerate((self.folder / part.path).read_text().splitlines()):
                truth = json.loads(line)["ground_truth"]
                truth = (truth,) if isinstance(truth, str) else tuple(truth)
                text = say(chance, truth, self.labels)
                answers.append(Answer(truth, text))
                file.write(json.dumps({"row": at, "truth": truth, "text": text, "error": ""}) + "\n")
        return known.learn(self._fact(known, item, answers, path))

    def _fact(self, known: Known, item: PlanItem, answers: list[Answer], path: str) -> ModelScored:
        found = score(answers, self.labels, self.multi_label)
        assert item.envelope is not None
        model = item.envelope.model
        return ModelScored(
            item=item.id,
            model=known.outputs()[model["$output"]] if isinstance(model, dict) else model,
            candidate=item.candidate,
            split=item.split or "test",
            micro_f1=found.micro_f1 if self.multi_label else None,
            per_label=tuple(
                LabelScore(
                    label=r.label, rows=r.rows, correct=r.correct, precision=r.precision, recall=r.recall, f1=r.f1
                )
                for r in found.per_label
            ),
            answers_path=path,
            **{name: getattr(found, name) for name in SAME},
        )

    def benchmarked(self, known: Known, rates: Sequence[float]) -> Known:
        """Every base model with its rate of right answers; its evaluation deployment is scaled to 0."""
        for name, rate in zip(self.models, rates, strict=True):
            known = self.scored(known, f"evaluate-base-{name}", right(rate, 0.1))
            known = known.learn(Scaled(resource=_item(known, f"deploy-base-{name}").resource(), replicas=0))
        return known

    def trained(self, known: Known, item_id: str, message: str = "", cost: float | None = None) -> Known:
        """A training job at its end; with a message it failed."""
        item = _item(known, item_id)
        body = item.request.body if item.request else None
        job = JobSeen(
            item=item_id,
            attempt=1,
            resource=item.resource(),
            state="JOB_STATE_FAILED" if message else "JOB_STATE_COMPLETED",
            message=message,
            output_model=None if message else (body or {})["outputModel"],
            reported_cost_usd=cost,
        )
        return known.learn(job)

    def deployed(self, known: Known, number: int) -> Known:
        """The winner's deployment serves."""
        item = _item(known, f"deploy-{number}")
        source = item.needs[0]
        return known.learn(
            DeploymentSeen(
                item=item.id,
                resource=item.resource(),
                model=known.outputs()[source],
                state="READY",
                serving=True,
                endpoint="https://api.fireworks.ai/inference/v1" if self.cloud else "http://127.0.0.1:8123/v1",
            )
        )

    def finished(self, bases: Sequence[float] = (0.5, 0.6), tuned: Sequence[float] = (0.9, 0.8), **slots: Any) -> Known:
        """A whole session: the first configuration of each model gets its full run, the best of them is deployed."""
        known = self.benchmarked(self.planned(**slots), bases)
        assert known.plan is not None
        finals: list[tuple[float, int]] = []
        for model, rate in zip(known.models, tuned, strict=True):
            numbers = [c.number for c in known.plan.candidates if c.base_model == model.name]
            for at, number in enumerate(numbers):
                known = self.trained(known, f"sweep-{number}")
                known = self.scored(known, f"evaluate-sweep-{number}", right(rate - 0.05 * at))
            known = self.trained(known, f"final-{numbers[0]}")
            known = self.scored(known, f"evaluate-final-{numbers[0]}", right(rate))
            finals.append((known.scores[f"evaluate-final-{numbers[0]}"].accuracy, -numbers[0]))
        return self.deployed(known, -max(finals)[1])


SAME = ("rows", "correct", "strict_correct", "unparsable", "failed", "accuracy", "low", "high", "macro_f1")


def _item(known: Known, item_id: str) -> PlanItem:
    item = known.plan.item(item_id) if known.plan else None
    assert item is not None, item_id
    return item
