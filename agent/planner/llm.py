"""The LLM planner: a model behind an OpenAI-compatible address decides what to call and what to say.

One answer of the model is one event; its calls are then carried out in their order, each by the guard's leave; look-ups in
a row run at the same time. What the model does not decide (a cancel, a message without words for it, an endpoint that is
down) code decides.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence

from agent.guard.approval import RETRY
from agent.guard.step import Say, Step, Think, Wait
from agent.planner.base import Next
from agent.planner.briefing import prompt_digests, state_block, system_prompt
from agent.planner.calls import ask, run
from agent.planner.carrying import carry_out, handled, in_motion
from agent.planner.classification import put_to_rest
from agent.planner.endpoint import Answer, Endpoint, Message
from agent.planner.offline import after_the_end, decide, react
from agent.planner.refusals import EndpointTrouble
from agent.planner.toolbox import REQUEST, SAY, WAIT, schemas, step_for
from agent.planner.transcript import call_key, merged, messages, wakes
from agent.session.events import Cancelling, LlmChoice, PlannerReplied, Record
from agent.session.state import Replied, SessionState

ANSWERS = 30
"""Answers of the model until the user speaks again; an approved plan adds some for each thing that it may come to."""
ANSWERS_EACH = 4
"""For each job, and for each evaluation with its deployment: enough for a model that makes one call at a time."""
USELESS = 3
"""Answers in a row without anything to act on, after which the user is asked."""
TOOLLESS = "toolless"
"""Under which key the user is told that the model calls nothing."""
FIRST_DELAY = 5.0
LONGEST_DELAY = 300.0
PROBE_DELAY = 5.0
LOOK_SECONDS = 0.5
"""How often an answer in the making is held against the user's cancel."""

Records = Callable[[str, int], Sequence[Record]]
Open = Callable[[LlmChoice], Endpoint]
Emit = Callable[[str, str], Awaitable[None]]


class LlmPlanner:
    """Plans sessions whose user asked for a model. `open_endpoint` raises EndpointTrouble when the key is gone."""

    def __init__(self, records: Records, open_endpoint: Open, emit: Emit) -> None:
        self._records = records
        self._open = open_endpoint
        self._emit = emit
        self._waits: dict[str, tuple[int, int, float]] = {}
        """Session -> (the user's last word, failures in a row since it, when to ask again)."""

    async def next_step(self, state: SessionState, now: float) -> Next:
        if state.ended is not None:
            return await self._afterwards(state, now) if state.afterwards else Wait()
        if state.cancelling:
            return decide(state, now)
        if state.understood is None and state.created and state.created.platform_kind == "local":
            listing = run(state, now, "models/all", "list_resources", kind="models")
            if listing is not None:
                return listing  # the names of its models are known nowhere else
        resting = put_to_rest(state, now) if state.gate is None else None
        if resting is not None and not isinstance(resting, Wait):
            return resting  # no matter of judgement: it only stops cost
        replied = state.replied
        if replied is not None and replied.event.based_on == state.last_user_seq:
            since = self._records(state.id, replied.event.seen)
            done = {record.key for record in since}
            step = carry_out(state, now, replied, done) or _rest(state, now, replied, since)
            if step is not None:
                return step
        elif state.gate is not None and not state.unanswered:
            return Wait()
        told = _enough(state, now, self._useless(state)) or self._toolless(state)
        return told or await self._think(state, now)

    async def _afterwards(self, state: SessionState, now: float) -> Next:
        """An ended session is spoken with: one answer of the model to a message, and code's words where it has none."""
        replied = state.replied
        if replied is None or replied.event.based_on != state.last_user_seq:
            step = await self._think(state, now)
            return step if isinstance(step, Think) else after_the_end(state, state.afterwards[0])
        done = {record.key for record in self._records(state.id, replied.event.seen)}
        for index, call in enumerate(replied.event.calls):
            key = call_key(replied.seq, index)
            if call.name == REQUEST and not handled(state, key, done):
                return step_for(state, key, call)  # first, for words would answer the user and leave nothing to do
        return carry_out(state, now, replied, done) or after_the_end(state, state.afterwards[0])

    async def _think(self, state: SessionState, now: float) -> Step:
        """Asks the model. Its answer is a step that only writes it down."""
        word, failures, due = self._waits.get(state.id, (0, 0, 0.0))
        if word == state.last_user_seq and now < due:
            return Wait(due)
        choice = state.created.llm if state.created else None
        try:
            if choice is None:
                raise EndpointTrouble("no model is set for this session: set FIREAGENT_LLM_MODEL", patient=True)
            answer = await self._asked(state, self._open(choice))
        except EndpointTrouble as trouble:
            failures = failures + 1 if word == state.last_user_seq else 1
            delay = LONGEST_DELAY if trouble.patient else min(LONGEST_DELAY, FIRST_DELAY * 2 ** (failures - 1))
            due = now + max(delay, trouble.after)
            self._waits[state.id] = (state.last_user_seq, failures, due)
            return _told(state, str(trouble)) or Wait(due)
        self._waits.pop(state.id, None)
        if answer is None:
            return Wait()
        return Think(f"reply/{state.last_seq}", as_event(state, choice, answer))

    async def _asked(self, state: SessionState, endpoint: Endpoint) -> Answer | None:
        """The model's answer; None when the user cancels meanwhile, for that waits for nobody. Raises EndpointTrouble."""
        asking = asyncio.ensure_future(
            endpoint.ask(self._prompt(state), schemas(), lambda text: self._emit(state.id, text))
        )
        try:
            while not (await asyncio.wait({asking}, timeout=LOOK_SECONDS))[0]:
                if any(isinstance(r.event, Cancelling) for r in self._records(state.id, state.last_seq)):
                    return None
            return asking.result()
        finally:
            asking.cancel()

    def _prompt(self, state: SessionState) -> list[Message]:
        block = state_block(state, _notice(state), _allowed(state) - _given(state))
        last: Message = {"role": "user", "content": block}
        return [{"role": "system", "content": system_prompt()}, *merged([*messages(self._records(state.id, 0)), last])]

    def _useless(self, state: SessionState) -> str:
        """Why the last answers were of no use, when all of them were; else nothing."""
        events = [record.event for record in self._records(state.id, state.last_user_seq)]
        answers = [event for event in events if isinstance(event, PlannerReplied)][-USELESS:]
        useless = len(answers) == USELESS and all(answer.trouble and not answer.calls for answer in answers)
        return answers[-1].trouble if useless else ""

    def _toolless(self, state: SessionState) -> Say | None:
        """Words, once, about a model that has only ever talked: servers may leave the tools out without a word."""
        if state.planner_use.calls < USELESS or state.replied is None or TOOLLESS in state.said:
            return None
        events = (record.event for record in self._records(state.id, 0))
        if any(isinstance(event, PlannerReplied) and event.calls for event in events):
            return None
        text = (
            f"The model {state.replied.event.model} has answered {state.planner_use.calls} times and called no tool, without "
            "which nothing is planned. It may not be able to: choose another with FIREAGENT_LLM_MODEL, start its server with "
            "tool calls switched on, or use the offline planner."
        )
        return Say(TOOLLESS, text)


def as_event(state: SessionState, choice: LlmChoice, answer: Answer) -> PlannerReplied:
    """The event of an answer to what the log held in `state`."""
    return PlannerReplied(
        based_on=state.last_user_seq,
        seen=state.last_seq,
        model=choice.model,
        content=answer.content[:4_000],
        calls=answer.calls,
        trouble=answer.trouble,
        prompt_tokens=answer.prompt_tokens,
        cached_tokens=answer.cached_tokens,
        completion_tokens=answer.completion_tokens,
        counted=answer.counted,
        cost_usd=cost(choice, answer),
        prompts=prompt_digests(),
    )


def cost(choice: LlmChoice, answer: Answer) -> float | None:
    """USD of one answer; None where a price is not known."""
    if choice.input_price is None or choice.output_price is None:
        return None
    cached = choice.cached_price if choice.cached_price is not None else choice.input_price
    fresh = answer.prompt_tokens - answer.cached_tokens
    total = fresh * choice.input_price + answer.cached_tokens * cached + answer.completion_tokens * choice.output_price
    return total / 1e6


def _rest(state: SessionState, now: float, replied: Replied, since: Sequence[Record]) -> Step | None:
    """What follows an answer that is carried out: a rest until there is news; None when the model has the next word."""
    names = {call.name for call in replied.event.calls}
    talks = names <= {SAY, WAIT}
    if state.gate is not None:
        overtaken = state.gate.shown.gate == "question" and state.last_user_seq > state.gate.seq
        # What a model looked up at a gate is for its answer to the user: the next word is its own, too.
        owes = overtaken or bool(state.unanswered)
        return None if owes and not talks else _idle(state)
    if not talks and WAIT not in names:
        return None
    if any(wakes(record.event, {}) for record in since):
        return None
    if in_motion(state):
        return _idle(state)
    due = replied.at + PROBE_DELAY
    starting = any(d.state == "READY" and not d.serving for d in state.known.deployments.values())
    return Wait(due) if starting and WAIT in names and now < due else None


def _idle(state: SessionState) -> Step:
    """Nothing to do; but no message of the user goes without words, and code has some where the model had none."""
    return react(state, state.unanswered[0]) if state.unanswered else Wait()


def _allowed(state: SessionState) -> int:
    """Counted from the plan and not from what runs: the number left never rises while jobs start."""
    plan = state.known.plan if state.plan_approved else None
    if plan is None:
        return ANSWERS
    jobs = len(plan.candidates) + len({candidate.base_model for candidate in plan.candidates})
    bases = sum(item.kind == "evaluate" and item.phase == "benchmark" for item in plan.items)
    evaluations = bases + jobs if bases else 0
    return ANSWERS + ANSWERS_EACH * (jobs + evaluations)


def _given(state: SessionState) -> int:
    """Answers of the model since the user's last word."""
    current = state.replied is not None and state.replied.event.based_on == state.last_user_seq
    return state.replies if current else 0


def _enough(state: SessionState, now: float, useless: str) -> Step | None:
    """Stops a model that gets nowhere: the user is asked, and their next word gives it a fresh budget."""
    budget, use = state.known.request.budget_usd, state.planner_use
    if _given(state) >= _allowed(state):
        why = f"The model has given {_given(state)} answers since your last word and is not done."
    elif useless:
        why = f"The model has given no usable answer {USELESS} times in a row: {useless}."
    elif budget is not None and use.usd >= budget:
        why = f"The planner's own calls have cost ${use.usd:.2f}, which is all of your budget of ${budget:.2f}."
    else:
        return None
    if state.gate is not None:
        return _idle(state)
    return ask(
        state,
        now,
        f"{why} Nothing was started by that. Reply 'try again', tell me what to change, or cancel the session.",
        (RETRY,),
    )


def _told(state: SessionState, trouble: str) -> Say | None:
    """Words about an endpoint that gives no answer; once for each place in the session and each cause."""
    place = state.replied.seq if state.replied else 0
    mark = hashlib.sha256(trouble.encode()).hexdigest()[:8]
    key = f"endpoint/{state.last_user_seq}/{place}/{mark}"
    text = f"The planner has to wait: {trouble}. It tries again by itself; nothing is lost."
    return None if key in state.said else Say(key, text)


def _notice(state: SessionState) -> str:
    """What the model has to mind this time."""
    event = state.replied.event if state.replied else None
    if event is not None and event.trouble:
        return f"your last answer could not be used: {event.trouble}."
    if (
        event is not None
        and event.based_on == state.last_user_seq
        and state.gate is None
        and not in_motion(state)
        and {c.name for c in event.calls} <= {SAY, WAIT}
    ):
        return "nothing is running and nobody is being asked: go on, ask the user, or finish."
    return ""
