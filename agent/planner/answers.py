"""Answers to questions about models, prices, jobs, costs, the session and the field's terms, from what is known already.

Reads only; never moves the session. What it can't tell, it says so and names who can.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from agent.planner.about import about
from agent.planner.classified import figures, labels, mistakes, splits, winner_told
from agent.planner.going_on import going_on
from agent.planner.outlook import outlook
from agent.planner.terms import TERMS
from agent.session.state import SessionState
from tools.known import TERMINAL
from tuning.workflows import CLASSIFICATION, SFT


def answer(question: str, state: SessionState) -> str:
    """The best answer that the session's own facts give; a question of several halves gets the answers that are known."""
    text = " ".join(question.casefold().split())
    classifies = state.known.request.workflow == CLASSIFICATION.name
    parts = [text] if classifies and re.search(_MISTAKES, text) else _HALVES.split(text)
    halves = [half for half in parts if len(half.split()) > 1]
    found = list(dict.fromkeys(filter(None, (_one(half, state) for half in halves))))
    if len(found) > 1:
        return "\n\n".join(found)
    return (
        _one(text, state)
        or next(iter(found), "")
        or (
            "I can't answer that from what this session knows. I can tell about the base models, the plan, its cost, the jobs, "
            f"what was spent, and terms such as LoRA rank or {'macro-F1' if classifies else 'validation loss'}. Nothing was changed."
        )
    )


def _one(text: str, state: SessionState) -> str:
    """The answer to one question in lower case; empty for none."""
    classifies = state.known.request.workflow == CLASSIFICATION.name
    if re.search(_NEXT, text):
        return outlook(state)
    if words := about(text, state):
        return words
    for pattern, told in _CLASSIFIED if classifies else ():
        if re.search(pattern, text) and (words := told(text, state)):
            return words
    if classifies and re.search(_MEANING, text) and (words := _term(text, state)):
        return words
    for pattern, teller in _TELLERS:
        if re.search(pattern, text):
            return teller(state)
    return _term(text, state)


def _term(text: str, state: SessionState) -> str:
    """What a term of the question means in this session's workflow; empty for none that is known."""
    terms = TERMS.get(state.known.request.workflow or "", TERMS[SFT.name])
    return next((words for pattern, words in terms.items() if re.search(pattern, text)), "")


def _models(state: SessionState) -> str:
    rows = [f"{m.name} (context {m.context_length or 'unknown'} tokens)" for m in state.known.models if m.tunable]
    if not rows:
        return "The list of tunable models was not fetched in this session yet; `fireagent model list` shows it."
    return "Tunable here: " + "; ".join(rows) + "."


def _cost(state: SessionState) -> str:
    plan = state.known.plan
    spent = sum(job.reported_cost_usd or 0.0 for job in state.known.jobs.values())
    launched = sum(state.committed.values())
    text = f"Reported by the platform so far: ${spent:.2f}; upper bound of what was launched: ${launched:.2f}."
    if state.created is not None and state.created.platform_kind == "local":
        text = f"The local platform costs nothing. {text}"
    use = state.planner_use
    if use.calls:
        price = "at a price that is not known" if use.unpriced else f"for ${use.usd:.4f}"
        text += f" The planner's model was asked {use.calls} times, {use.prompt_tokens + use.completion_tokens:,} tokens, {price}."
    if plan is not None:
        text += f" The plan's range is ${plan.cost.low:.2f} to ${plan.cost.high:.2f} (prices: {plan.price_table})."
    return text


def _jobs(state: SessionState) -> str:
    rows = [
        f"{job.item}: {job.state}"
        + (f" {job.percent:.0f}%" if job.percent is not None and job.state not in TERMINAL else "")
        for job in state.known.jobs.values()
    ]
    jobs = f"Jobs of this session: {'; '.join(rows)}." if rows else "No job was launched in this session yet."
    return " ".join(filter(None, (going_on(state), jobs)))


def _time(state: SessionState) -> str:
    plan = state.known.plan
    if plan is None:
        return f"{going_on(state)} There is no plan yet, so I can't tell how long it takes.".strip()
    estimate = f"The plan's wall time is estimated at {plan.minutes.low:g} to {plan.minutes.high:g} minutes."
    return " ".join(filter(None, (estimate, _jobs(state) if state.known.jobs else going_on(state))))


def _data(state: SessionState) -> str:
    if not state.known.staged:
        return "No data set was inspected yet."
    return " ".join(f"{fact.name}: {fact.summary}" for fact in state.known.staged.values())


_TELLERS: tuple[tuple[str, Callable[[SessionState], str]], ...] = (
    (r"which.*models?|models?.*(support|available|tun)|base models?\b.*\?", _models),
    (r"cost|spen[dt]|price|expens|budget|charge|\$", _cost),
    (r"how long|when.*(done|finish|ready)|\beta\b|minutes|hours", _time),
    (r"jobs?|running|status|progress|how far|going|what are you doing", _jobs),
    (r"data ?set|rows|samples|tokens", _data),
)
_HALVES = re.compile(r"(?<=[?!])\s+|,? (?:and|und) (?=(?:how|what|which|when|why|where|who|can|do|does|is|are)\b)")
"""Where one question ends and another begins."""
_NEXT = r"what.*\b(happens?|comes?|is|are|follows?)\b.*\b(next|then|after(wards)?)\b|\bnext (steps?|phase)\b|what will you do|what (do|will) you do (next|now|then)|what'?s next"
_MEANING = r"\bwhat (is|are|does|do)\b|\bhow (do|does|is|are|did|will|would)\b|\bwhy\b|\bmean|explain|define"
"""Questions about a term: they come before the facts that the same words may ask for."""
_MISTAKES = r"\bmix(es|ed)?\b.*\bup\b|\bconfuse[sd]?\b|\banswers? instead\b|\bmistak\w+\b|\bget(s|ting)? wrong\b|\bwhy\b.*(\b0 ?%|\bzero\b)|\bworst\b"
"""Such a question stays whole: its second half speaks of the label that the first one names."""
_CLASSIFIED: tuple[tuple[str, Callable[[str, SessionState], str]], ...] = (
    (r"\b(which|what|who|why|how)\b.*\b(win|wins|won|winner|winning)\b|\bwinner\b|\bwhich.*\bbest\b", winner_told),
    (_MISTAKES, mistakes),
    (r"\b(which|what|how many|where)\b.*\b(rows?|samples?|examples?|data|part|files?)\b.*\b(test|held.?out|validation|train\w*|judge\w*|sweep)\b"
     r"|\b(which|what|how many|how big|where|how)\b.*\b(test|held.?out|validation) (set|split|rows?|data|part)\b|\bhow.*\bsplit\b", splits),
    (r"\b(which|what|how many) (are the |the )?(labels|classes|categories)\b|\bwhere.*\blabels? (is|are|come|was|were)", labels),
    (r"\bhow (good|well|accurate|bad|far off)\b|\bwhat (is|was|are|were) the (base |tuned |current |best )?(accurac\w+|figures|scores|results|macro-?f1)"
     r"|\b(accurac\w+|figures|scores|results) (so far|of|for)\b|\bwhich accurac", figures),
)  # fmt: skip
