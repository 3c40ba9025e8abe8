"""The offline planner: no model, no network. Reads people through `understanding/` and follows the playbooks.

`decide` is pure, so a session's next step can be told from its log alone; a restart at any moment goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from agent.guard.step import Finish, Run, Say, Step, Understand, Wait
from agent.planner.about import about
from agent.planner.answers import answer
from agent.planner.calls import ask, insist, run
from agent.planner.classification import next_classification
from agent.planner.sft import next_sft
from agent.session.events import RequestUnderstood
from agent.session.state import Said, SessionState
from agent.understanding import read_instruction
from agent.understanding.beside import ASKS
from tools.base import ToolCall
from tuning.models import nearest
from tuning.workflows import CLASSIFICATION, SFT

PLAYBOOKS: Mapping[str, Callable[[SessionState, float], Step]] = {
    SFT.name: next_sft,
    CLASSIFICATION.name: next_classification,
}

OFFER = "Say what to do next, such as 'deploy candidate 2 as well' or 'run it again with 3 epochs', or ask about what was done."
NO_MORE = (
    "A cancelled session takes no further work. Ask about what was done, or begin another with /new in the chat or "
    "`fireagent session create`."
)
"""What can be said to a session that was cancelled."""


class OfflinePlanner:
    """The default when no LLM is configured."""

    async def next_step(self, state: SessionState, now: float) -> Step:
        return decide(state, now)


def decide(state: SessionState, now: float) -> Step:
    """The next step. Order matters: the user's last word first, then the work."""
    if state.ended is not None:
        return after_the_end(state, state.afterwards[0]) if state.afterwards else Wait()
    if state.cancelling:
        return _cancel(state, now)
    if state.understood is None:
        return _read(state, now)
    if state.unanswered:
        return react(state, state.unanswered[0])
    if state.gate is not None:
        return Wait()
    return _route(state, now)


def _read(state: SessionState, now: float) -> Step:
    """What does the instruction say? On the local platform its models are looked up first, so that they are known names."""
    created = state.created
    if created is None:
        return Wait()
    if created.platform_kind == "local":
        step = run(state, now, "models/all", "list_resources", kind="models")
        if step is not None:
            return step
    names = [model.name.rsplit("/", 1)[-1] for model in state.known.models]
    reading = read_instruction(created.instruction, names)
    event = RequestUnderstood(
        request=reading.request,
        missing=reading.missing,
        questions=reading.questions,
        refused=reading.refused,
        unknown_models=tuple(
            _unknown(m.written, nearest(m.written, names) if created.platform_kind == "local" else m.nearest)
            for m in reading.unknown_models
        ),
        notes=reading.notes,
        source=1,
    )
    return Understand("request/1", event)


def _unknown(written: str, offered: tuple[str, ...]) -> str:
    return f"{written} (nearest: {', '.join(offered)})" if offered else written


def react(state: SessionState, said: Said) -> Say:
    """Words for a message that is a question, unclear, a hold, or a change that took effect."""
    reading = said.message.reading
    key = f"say/{said.seq}"
    tail = ""
    if state.gate is not None:
        tail = f"\n\n{state.gate.shown.question}"
    if reading.label == "ask":
        untaken = reading.reason.removeprefix(ASKS).strip() if state.gate is not None else ""
        return Say(key, "\n\n".join(filter(None, (answer(said.message.text, state), untaken))) + tail, said.seq)
    if reading.label == "reject":
        active = len(state.active)
        text = "Understood: nothing further is started."
        text += f" {active} job(s) that were launched still run." if active else " Nothing was launched."
        text += " Tell me what to change, or cancel the session."
        return Say(key, text + tail, said.seq)
    if reading.label == "revise" and state.understood and state.understood.source >= said.seq:
        text = "Understood, I take that change into the plan."
        if state.held:
            text += " Nothing further is launched until you have approved the new plan."
        return Say(key, text, said.seq)
    if reading.label == "revise":
        return Say(
            key, "I see that you want a change, but not which one. Name the value, such as '2 epochs'." + tail, said.seq
        )
    why = f" ({reading.reason.rstrip('. ')})" if reading.reason else ""
    return Say(key, f"I did not take that as an answer{why}." + tail, said.seq)


def meanwhile(state: SessionState) -> Say | None:
    """The answer to a question that comes while a step lasts; all else that is said waits for the step's end.

    None in a session that a model leads: there the words are the model's.
    """
    asked = next((said for said in state.unanswered if said.message.reading.label == "ask"), None)
    led = state.created is None or state.created.planner != "offline"
    return None if led or asked is None or state.cancelling or state.ended is not None else react(state, asked)


def after_the_end(state: SessionState, said: Said) -> Say:
    """Words for a message to an ended session that asks, or that is no work that can be taken up."""
    reading = said.message.reading
    key, offer = f"say/{said.seq}", NO_MORE if state.ended == "cancelled" else OFFER
    if reading.label == "ask":
        return Say(key, answer(said.message.text, state), said.seq)
    if reading.label == "reject":
        return Say(key, "Nothing of this session is going on, so there is nothing to stop. " + offer, said.seq)
    if reading.label == "revise":
        return Say(key, "I see that you want something more, but not what. " + offer, said.seq)
    return Say(key, f"{reading.reason} {offer}".strip(), said.seq)


def _route(state: SessionState, now: float) -> Step:
    """To the playbook of the workflow; what is not served is said in words and never replaced silently."""
    understood = state.understood
    if understood is None:
        return Wait()
    refused = "\n".join(understood.refused)
    if refused and understood.source not in state.answered:
        return Say("say/refused" if understood.source == 1 else f"say/{understood.source}", refused, understood.source)
    workflow = state.known.request.workflow
    if workflow == "question":
        text = answer(state.created.instruction if state.created else "", state)
        return ask(state, now, f"{text}\n\nWhat would you like to train?", ("workflow", "train_dataset", "base_models"))
    if workflow == "unsupported":
        text = refused or "That is not something this agent does."
        return ask(state, now, f"{text}\n\nTell me what to do instead, or cancel the session.", ("workflow",))
    opening = " ".join(state.created.instruction.casefold().split()) if state.created else ""
    if workflow is None and not state.orders and (told := about(opening, state)):
        return ask(state, now, f"{told}\n\nWhat would you like to train?", ("workflow", "train_dataset", "base_models"))
    if workflow is None:
        text = "I did not understand what to do. For example: 'Run supervised fine-tuning on DATASET. Use MODEL as the base model.'"
        return ask(state, now, text, ("workflow", "train_dataset", "base_models"))
    playbook = PLAYBOOKS.get(workflow)
    if playbook is None:
        text = (
            f"The {workflow} workflow is not served by this version; supervised fine-tuning and classification are. Nothing "
            "was started. Say 'run supervised fine-tuning instead' if that serves you, or cancel the session."
        )
        return ask(state, now, text, ("workflow",))
    return playbook(state, now)


def _cancel(state: SessionState, now: float) -> Step:
    """Settle what this session started: own jobs cancelled, own deployments at 0, then the report."""
    steps = [*_stop_jobs(state, now), *_stop_deployments(state, now)]
    for step in steps:
        if not isinstance(step, Wait):
            return step
    if steps or state.active:
        return Wait(min((s.until for s in steps if isinstance(s, Wait) and s.until is not None), default=None))
    report = state.keyed("report/cancelled")
    if report not in state.calls:
        return Run(ToolCall(report, "write_report"))
    return Finish("cancelled", "cancelled by the user")


def _stop_jobs(state: SessionState, now: float) -> list[Step]:
    """What is left to do about own jobs. A launch without an answer is looked up first; then what exists is cancelled."""
    words = {name: "cancel" if name in state.known.jobs else "settle" for name in sorted(state.active)}
    steps = (insist(state, now, f"{word}/{name}", "cancel_job", resource=name) for name, word in words.items())
    return [step for step in steps if step is not None]


def _stop_deployments(state: SessionState, now: float) -> list[Step]:
    """What is left to do about own deployments, and about those whose creation had no answer.

    What an earlier run of the session ended with is the user's by now and stays.
    """
    meant = {call.resource for call in state.calls.values() if call.tool == "deploy_model" and call.spends}
    kept = {name for run in state.earlier if run.ended == "succeeded" for name in run.deployments}
    ours = {*state.known.deployments, *meant} - kept
    names = sorted(name for name in ours if state.known.replicas.get(name) != 0)
    words = {name: "scale" if name in state.known.deployments else "settle" for name in names}
    steps = (insist(state, now, f"{word}/{name}", "scale_deployment", resource=name) for name, word in words.items())
    return [step for step in steps if step is not None]
