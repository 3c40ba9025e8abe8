"""One step of a session: ask the guard, run the tool, append what came of it. The only caller of tools.

The order is what makes a kill harmless: the verdict and the intent are one transaction, then the effect, then its facts.
A call that has an intent and no outcome is run again after a restart; tools find what they did before by id.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.guard.approval import standing
from agent.guard.client import Platform
from agent.guard.follow_up import reopened
from agent.guard.inference import reservation_refused
from agent.guard.step import Decline, Finish, Run, Say, Step, Think, Understand, Wait
from agent.guard.verdict import Verdict, blocked, judge_step, open_items
from agent.session.events import (
    AgentSaid,
    Event,
    InferenceReserved,
    Observed,
    SessionEnded,
    StepStale,
    ToolCalled,
    ToolFailed,
    ToolRefused,
    ToolReturned,
)
from agent.session.state import SessionState
from agent.session.store import Store
from tools.base import Effect, Tool, ToolCall, ToolContext, ToolError
from tools.facts import AnyFact, JobSeen
from tuning.pricing import Prices

PROGRESS_SECONDS = 300.0
Taken = Run | Say | Understand | Think | Decline | Finish
Emit = Callable[[str, str], Awaitable[None]]
"""(session, text): passing progress, shown live and not stored."""


@dataclass
class Executor:
    """Runs steps of sessions. One per server."""

    store: Store
    tools: Mapping[str, Tool]
    platform: Callable[[SessionState], Awaitable[tuple[Platform, str]]]
    """The guarded platform of a session and its base URL. Raises ToolError when the key is gone."""
    workspaces: Path
    prices: Callable[[SessionState], Prices]
    emit: Emit
    versions: Mapping[str, str] = field(default_factory=dict)
    clock: Callable[[], float] = time.time

    async def take(self, session: str, step: Step, based_on: int) -> bool:
        """Takes one step that was computed from the user's word `based_on`. False: nothing was done and nothing changed."""
        if isinstance(step, Wait):
            return False
        begun = self._begin(session, step, based_on)
        if begun is None:
            return True
        await self._run(session, begun)
        return True

    async def take_together(self, session: str, runs: Sequence[Run], based_on: int) -> None:
        """Takes look-ups at the same time. The log has their intents, then their outcomes, in the order of `runs`.

        What one of them meets, known trouble or a bug of ours, takes no other's outcome away; a bug is raised after that.
        """
        begun = [call for run in runs if (call := self._begin(session, run, based_on)) is not None]
        outcomes = await asyncio.gather(*(self._outcome(session, call) for call in begun), return_exceptions=True)
        for call, outcome in zip(begun, outcomes, strict=True):
            if not isinstance(outcome, BaseException):
                self._finish(session, call, outcome)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def resume(self, session: str) -> None:
        """Runs the calls again that have an intent and no outcome, and gives a standing yes: what a kill left behind.

        A call that asks a model reserves anew, for nobody knows how much of its block was used. It lasts, so it comes last.
        """
        calls = self.store.state(session).calls
        for key in sorted(self.store.state(session).pending, key=lambda key: calls[key].tool == "evaluate_model"):
            state = self.store.state(session)
            call = ToolCall(key, state.calls[key].tool, state.calls[key].arguments)
            if call.arguments.get("probe"):
                await self.take(session, Run(call), state.last_user_seq)
            else:
                await self._run(session, call)
        if standing(self.store.state(session)):
            self.store.transact(session, standing)

    async def context(self, session: str) -> ToolContext:
        """What a tool of this session may use now. Raises ToolError when the platform can't be opened."""
        state = self.store.state(session)
        created = state.created
        if created is None:
            raise ValueError(f"session {session} has no beginning")
        platform, url = await self.platform(state)

        async def emit(text: str) -> None:
            await self.emit(session, text)

        async def reserve(item: str, requests: int) -> None:
            self._reserve(session, platform, item, requests)

        return ToolContext(
            session=session,
            platform_kind=created.platform_kind,
            platform_url=url,
            account=created.account,
            platform=platform.client,
            blobs=platform.blobs,
            workspace=self.workspaces / session,
            known=state.known,
            prices=self.prices(state),
            emit=emit,
            history=_history(state, self.versions),
            now=state.updated_at,
            reserve=reserve,
        )

    def _reserve(self, session: str, platform: Platform, item_id: str, requests: int) -> None:
        """Takes completions out of an approved envelope: in the log first, then at the wire. Raises ToolError."""
        refused: list[str] = []
        evaluation: list[str] = []

        def decide(state: SessionState) -> list[tuple[str, Event]]:
            reason = reservation_refused(state, item_id, requests, blocked)
            item = state.known.plan.item(item_id) if state.known.plan else None
            if reason or item is None:
                refused.append(reason)
                return []
            evaluation.append(item.resource_id)
            event = InferenceReserved(item=item_id, evaluation=item.resource_id, requests=requests)
            return [(f"reserved/{item.resource_id}/{state.last_seq + 1}", event)]

        self.store.transact(session, decide)
        if refused:
            raise ToolError(
                f"nothing more is asked of the model: {refused[0]}",
                owner="unknown",
                next_step="What was answered is kept. More completions need your yes to a plan that has them.",
            )
        platform.grant(evaluation[0], requests)

    def observe(self, session: str, facts: Sequence[AnyFact]) -> None:
        """Appends what a look at the platform showed: changes of state, and coarse progress."""
        now = self.clock()

        def decide(state: SessionState) -> list[tuple[str, Event]]:
            news = tuple(fact for fact in facts if _is_news(fact, state, now))
            if state.ended is not None or not news:
                return []
            return [(f"observed/{state.last_seq + 1}", Observed(facts=news))]

        self.store.transact(session, decide)

    def _begin(self, session: str, step: Taken, based_on: int) -> ToolCall | None:
        """Verdict and intent in one transaction. The call to run, or None when the step is complete or was refused."""
        started: list[ToolCall] = []

        def decide(state: SessionState) -> list[tuple[str, Event]]:
            key = key_of(step)
            if isinstance(step, Think):
                return [
                    (key, step.event)
                ]  # also when it comes too late: it was paid for, and the fold does not act on it
            if state.last_user_seq != based_on:
                stale = StepStale(call=key, based_on=based_on, newest=state.last_user_seq)
                return [(f"stale/{key}/{state.last_user_seq}", stale)]
            verdict = judge_step(step, self._effect(step), state)
            match step:
                case Say():
                    return [(key, AgentSaid(text=step.text, about=step.about))]
                case Understand():
                    if not verdict.allowed:
                        return [_refused(key, "set_request", verdict, state.last_seq)]
                    return [*reopened(state, step.event.source), (key, step.event)]
                case Decline():
                    return [(key, ToolRefused(call=key, tool=step.tool, reason=step.reason))]
                case Finish():
                    ended = SessionEnded(status=step.status, reason=step.reason)
                    return (
                        [(state.keyed(key), ended)]
                        if verdict.allowed
                        else [_refused(key, "finish", verdict, state.last_seq)]
                    )
                case Run():
                    if not verdict.allowed:
                        return [_refused(key, step.call.tool, verdict, state.last_seq)]
                    started.append(step.call)
                    return [self._intent(step.call, state)]

        self.store.transact(session, decide)
        return started[0] if started else None

    def _intent(self, call: ToolCall, state: SessionState) -> tuple[str, Event]:
        before = state.calls.get(call.key)
        tries = before.tries + 1 if before else 1
        effect = self.tools[call.tool].effect
        plan = state.known.plan
        item = plan.item(str(call.arguments.get("item", ""))) if plan else None
        spends = effect is Effect.SPEND and item is not None
        attempt = int(call.arguments.get("attempt") or 1)
        event = ToolCalled(
            call=call.key,
            tool=call.tool,
            arguments=dict(call.arguments),
            effect=effect,
            based_on=state.last_user_seq,
            tries=tries,
            item=item.id if item else "",
            attempt=attempt if spends else 0,
            resource=item.resource(attempt) if spends and item else "",
            cost_high=item.cost.high if spends and item and item.cost else 0.0,
        )
        return f"call/{call.key}/{tries}", event

    async def _run(self, session: str, call: ToolCall) -> None:
        self._finish(session, call, await self._outcome(session, call))

    async def _outcome(self, session: str, call: ToolCall) -> ToolReturned | ToolFailed:
        tool = self.tools[call.tool]
        try:
            context = await self.context(session)
            result = await tool.run(tool.arguments.model_validate(dict(call.arguments)), context)
            return ToolReturned(call=call.key, tool=call.tool, facts=result.facts, text=result.text)
        except ToolError as error:
            # What the user's own word halted in its midst goes on when they say so; nothing is wrong with it.
            halted = tool.effect is Effect.SPEND and bool(self.store.state(session).held)
            return ToolFailed(
                call=call.key, tool=call.tool, message=error.message, owner=error.owner, next_step=error.next_step,
                retry=error.retry or halted,
            )  # fmt: skip

    def _finish(self, session: str, call: ToolCall, outcome: Event) -> None:
        def decide(state: SessionState) -> list[tuple[str, Event]]:
            return [(f"outcome/{call.key}/{state.calls[call.key].tries}", outcome)]

        after = self.store.transact(session, decide)
        if standing(after):
            self.store.transact(session, standing)

    def _effect(self, step: Step) -> Effect | None:
        tool = self.tools.get(step.call.tool) if isinstance(step, Run) else None
        return tool.effect if tool else None


def _is_news(fact: AnyFact, state: SessionState, now: float) -> bool:
    """Polls are not events: a job's percent counts every 10 points, or when it moved and 5 minutes have gone by."""
    before = state.known.jobs.get(fact.resource) if isinstance(fact, JobSeen) else None
    if not isinstance(fact, JobSeen) or before is None or before.state != fact.state:
        return True
    if before.percent == fact.percent:
        return False
    if before.percent is None or fact.percent is None or before.percent // 10 != fact.percent // 10:
        return True
    return now - state.progress_at.get(fact.resource, 0.0) > PROGRESS_SECONDS


def key_of(step: Taken) -> str:
    """The key under which the log knows a step."""
    match step:
        case Run():
            return step.call.key
        case Say() | Understand() | Think() | Decline():
            return step.key
        case Finish():
            return "ended"


def _refused(key: str, tool: str, verdict: Verdict, seq: int) -> tuple[str, Event]:
    return f"refused/{key}/{seq}", ToolRefused(call=key, tool=tool, reason=verdict.reason)


def _earlier(state: SessionState) -> Iterator[str]:
    """What the report of a re-opened session says of the runs before."""
    for number, run in enumerate(state.earlier, start=1):
        report = f"; its report is final_report-{number}.md" if run.report else ""
        up = sorted(name for name in run.deployments if state.known.replicas.get(name) != 0)
        kept = f". Its deployments stay as they were: {', '.join(up)}" if up else ""
        yield f"Run {number} of this session ended as {run.ended}{report}{kept}."


def _history(state: SessionState, versions: Mapping[str, str]) -> dict[str, Any]:
    """What the report tells of the session beside the facts of its tools."""
    created = state.created
    return {
        "instruction": "\n\nThen: ".join(state.orders.values()) or state.instruction,
        "created_at": state.created_at,
        "planner": created.planner if created else "",
        "approvals": [
            {"gate": a.gate.gate, "digest": a.gate.digest, "text": a.text, "by": a.by, "answer": a.answer, "candidate": a.candidate,
             "at": state.answered_at.get(a.gate.seq, 0.0)}
            for a in state.answers
        ],
        "versions": {**versions, **(created.versions if created else {})},
        "earlier": [{"ended": run.ended, "at": run.at, "deployments": sorted(run.deployments)} for run in state.earlier],
        "ended": "cancelled" if state.cancelling else "failed" if open_items(state) else "succeeded",
        "notes": [*(state.understood.notes if state.understood else ()), *_earlier(state)],
        "spent_usd": sum(j.reported_cost_usd or 0.0 for j in state.known.jobs.values()) + state.planner_use.usd,
    }  # fmt: skip
