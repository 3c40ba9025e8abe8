"""The log as people read it: each event to a block `[YYYY-MM-DD HH:MM:SS] status_info: ...`, or to nothing.

People drive sessions with grep and awk on exactly these shapes, so text from elsewhere must not be able to forge one:
`inert` breaks every look-alike of a header, of the stream's end, and of the lines that `create` and `get` print.
"""

from __future__ import annotations

import re
import time

from agent.server.facts_text import words_of_fact
from agent.session.events import (
    AgentSaid,
    AnyEvent,
    Cancelling,
    GateAnswered,
    InferenceReserved,
    JobStalled,
    Observed,
    PlannerReplied,
    Record,
    RequestUnderstood,
    SessionCreated,
    SessionEnded,
    SessionReopened,
    StepStale,
    ToolCalled,
    ToolFailed,
    ToolRefused,
    ToolReturned,
    Unknown,
    UserMessage,
)
from tools.facts import GateShown
from tools.present_plan import understood
from tools.step_words import step_words

PLATFORMS = {"local": "the local platform", "fireworks": "Fireworks"}
WHOSE = {"yours": "This needs you.", "platform": "This is the platform's.", "unknown": "The cause is unknown."}
STARTS = {
    "list_resources": "Looking up {kind}",
    "download_dataset": "Staging and inspecting the data set {name}",
    "prepare_dataset": "Preparing the data: conversions and splits",
    "estimate_cost": "Making the plan and its cost",
    "upload_dataset": "Uploading {resource}",
    "launch_job": "Launching the training job {resource} ({item})",
    "run_evaluator": "Measuring {item}",
    "deploy_model": "Deploying: {item}",
    "present_scores": "Comparing the models' answers",
    "write_report": "Writing the report",
    "cancel_job": "Cancelling the job {resource}",
    "scale_deployment": "Scaling the deployment {resource} to zero",
}
"""What is said when a tool starts. Tools that end in a question say it themselves."""
_FORGED = re.compile(r"^(?=\[\d{4}-|\[done\]|Session ID:|Status:)", re.MULTILINE)


class Transcript:
    """The text of a run of records. Remembers whether the open question is the last thing said."""

    def __init__(self) -> None:
        self._question = ""
        self._last = True

    def add(self, record: Record) -> str:
        """The block of one record without a line end; empty for what is not worth a line."""
        block = text_of(record)
        if not block:
            return ""
        if isinstance(record.event, ToolReturned) and any(isinstance(f, GateShown) for f in record.event.facts):
            self._question, self._last = block, True
        elif isinstance(record.event, GateAnswered | Cancelling):
            self._question, self._last = "", True
        else:
            self._last = isinstance(record.event, AgentSaid)
        return block

    def close(self, status: str) -> str:
        """The end of the stream. An open question that other lines have pushed up is shown again, whole."""
        again = f"{self._question}\n" if status == "waiting" and self._question and not self._last else ""
        return f"{again}[done] session status: {status}"


def text_of(record: Record) -> str:
    """One event as a block of text, or nothing."""
    words = _words(record.event).strip()
    return f"[{stamp(record.at)}] status_info: {inert(words)}" if words else ""


def stamp(at: float) -> str:
    """UTC, as the event lines have it."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at))


def inert(text: str) -> str:
    """Text that can't be taken for a line of ours and holds no terminal controls."""
    visible = "".join(c if c.isprintable() or c in "\n\t" else " " for c in text)
    unforged = visible.replace("] status_info:", "] status info:").replace("[done] session", "[done]  session")
    return _FORGED.sub(" ", unforged)


def _words(event: AnyEvent) -> str:
    match event:
        case SessionCreated():
            where = PLATFORMS.get(event.platform_kind, event.platform_kind)
            return f"Session created on {where}, account {event.account}.\nInstruction: {event.instruction[:4000]}"
        case RequestUnderstood():
            return _understood(event)
        case UserMessage():
            return f"You: {event.text[:4000]}"
        case GateAnswered():
            return _answered(event)
        case ToolCalled():
            return _called(event)
        case ToolReturned() | Observed():
            return "\n".join(filter(None, (words_of_fact(fact) for fact in event.facts)))
        case ToolFailed():
            parts = [
                f"{step_words(event.tool)} did not work: {event.message.rstrip('.')}.",
                WHOSE[event.owner],
                event.next_step,
            ]
            return " ".join(part for part in parts if part)
        case ToolRefused():
            return f"{step_words(event.tool)} was refused by the guard: {event.reason}"
        case JobStalled():
            minutes = event.seconds / 60
            return f"Job {event.resource} says JOB_STATE_RUNNING but has shown no new step for {minutes:.0f} minutes."
        case AgentSaid():
            return event.text
        case Cancelling():
            return "Cancelling at your word: own jobs are cancelled, own deployments are scaled to zero."
        case SessionEnded():
            return (
                "" if event.status == "succeeded" else f"The session is {event.status}: {event.reason or 'no reason'}"
            )
        case SessionReopened():
            return "The session goes on at your word: a new plan, a new cost, and a new approval. What it made stays."
        case StepStale() | PlannerReplied() | InferenceReserved():
            return ""
        case Unknown():
            return f"(an event of a newer version: {event.original})"


def _understood(event: RequestUnderstood) -> str:
    lines = [f"- {row.name}: {row.value}" for row in understood(event.request)]
    lines += [f"- Not served: {text}" for text in event.refused]
    lines += [f"- Not a model that I know: {text}" for text in event.unknown_models]
    lines += [f"- {text}" for text in event.notes]
    return "\n".join(["Understood:", *lines]) if lines else ""


def _answered(event: GateAnswered) -> str:
    what = f"the {event.gate.gate} gate ({event.gate.digest[:12]})"
    if event.by == "standing":
        return f"Approved: {what}, by the standing yes: {event.text}"
    if event.answer == "approve":
        return f"Approved: {what}."
    return f"Answered: {what}, with a change." if event.answer == "revise" else f"Rejected: {what}."


def _called(event: ToolCalled) -> str:
    form = STARTS.get(event.tool)
    if form is None:
        return ""
    values = {"resource": event.resource, "item": event.item, "kind": "", "name": ""}
    values |= {k: str(v)[:200] for k, v in event.arguments.items() if k in values and v}
    if event.arguments.get("probe"):
        form = "Asking for a first answer: {item}"
    again = f" (try {event.tries})" if event.tries > 1 else ""
    return f"{form.format(**values).strip()}{again}"
