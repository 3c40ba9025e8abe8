"""A scripted model with some sense: it reads the state block as a real one would and does what is listed there."""

from __future__ import annotations

import re
from typing import Any

from tests.planner.scripted_model import Reply

SLOTS = {
    "workflow": "sft",
    "train_dataset": "accounts/local/datasets/tickets",
    "base_models": ["tiny-a"],
    "evaluation": "validation_loss",
}
DRAFT: tuple[tuple[str, Any], ...] = (("prepare_dataset", {}), ("estimate_cost", {}), ("present_plan", {}))


def facts(request: dict[str, Any]) -> dict[str, str]:
    """The state block's lines."""
    block = str(request["messages"][-1]["content"]).rpartition("[program] The session now:")[2]
    return dict(re.findall(r"^- ([^:]+): (.*)$", block, re.MULTILINE))


class Sensible:
    """Takes a session from its instruction to its end."""

    def __init__(self, slots: dict[str, Any] | None = None) -> None:
        self.slots = slots or SLOTS

    def __call__(self, request: dict[str, Any]) -> Reply:
        now = facts(request)
        if "request" in now:
            return Reply("I look at what is there.", [("set_request", {"slots": self.slots})])
        if "data" not in now:
            names = self.slots["base_models"]
            return Reply(
                calls=[("list_resources", {"kind": "models", "names": names}), ("download_dataset", {"role": "train"})]
            )
        if "active jobs" not in now:
            return Reply(calls=DRAFT)
        return Reply(calls=self.work(now))

    def work(self, now: dict[str, str]) -> list[tuple[str, Any]]:
        uploads = [("upload_dataset", {"item": item}) for item in _items(now, "upload now")]
        if uploads:
            return uploads
        calls = [("run_evaluator", {"item": item}) for item in _items(now, "measure now")]
        calls += [("launch_job", {"item": item, "attempt": 1}) for item in _items(now, "launch now")]
        calls += [("deploy_model", {"item": item, "probe": False}) for item in _items(now, "deploy now")]
        calls += [("evaluate_model", {"item": item}) for item in _items(now, "evaluate now")]
        calls += [("present_scores", {"stage": stage}) for stage in _items(now, "show the scores now")]
        if calls:
            return [*calls, ("wait_for_jobs", {})]
        if int(now["active jobs"].split()[0]):
            return [("wait_for_jobs", {})]
        if "promoted" not in now and self.slots["workflow"] == "sft" and "everything is done" not in now:
            return [("present_scoreboard", {})]
        probes = [("deploy_model", {"item": item, "probe": True}) for item in _items(now, "probe now")]
        done = self.slots["workflow"] == "sft" or "everything is done" in now
        return probes or [("finish", {"outcome": "succeeded", "reason": ""}) if done else ("wait_for_jobs", {})]


class OneAtATime(Sensible):
    """Makes one call in each answer, as small models do."""

    def __init__(self, slots: dict[str, Any] | None = None) -> None:
        super().__init__(slots)
        self._draft = iter(DRAFT)

    def __call__(self, request: dict[str, Any]) -> Reply:
        reply = super().__call__(request)
        if reply.calls == DRAFT:
            return Reply(calls=[next(self._draft)])
        listed = "data" in facts(request) or "request" in facts(request)
        return Reply(calls=reply.calls[:1] if listed else reply.calls[1:])


def _items(now: dict[str, str], name: str) -> list[str]:
    return [item for item in re.split(r", | and \d+ more", now.get(name, "")) if item]
