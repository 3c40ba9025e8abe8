"""Answers to questions about models, prices, jobs, costs, the session and the field's terms, from what is known already.

Reads only; never moves the session. What it can't tell, it says so and names who can.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from agent.session.state import SessionState
from tools.known import TERMINAL

TERMS = {
    r"lora rank|what.*\brank\b|\blora\b": (
        "LoRA trains two thin matrices beside each frozen weight instead of the weight itself. The rank is their inner "
        "width: a higher rank can learn more and costs memory; 8 to 32 is usual. Only the small matrices are trained."
    ),
    r"learning rate": (
        "The learning rate is how far each optimizer step moves the weights. Too high diverges, too low learns nothing in "
        "the time given; small models want higher rates than large ones."
    ),
    r"\bepochs?\b": "An epoch is one pass over the training rows. By default it is min(5, ceil(2500 / number of samples)).",
    r"validation loss|\bloss\b": (
        "Validation loss is the mean negative log-likelihood, in nats per assistant token, on rows that were not trained on; "
        "lower is better. Candidates are ranked by it; the test rows are scored once, at the end."
    ),
    r"hyperparameter|\bsweep\b|candidates?": (
        "The sweep trains each candidate configuration on at most 1,000 rows and ranks them by validation loss; the winner "
        "then trains on the full data."
    ),
    r"held.?out|test split|\bsplits?\b": (
        "Rows are split once with seed 42: 10% (at most 1,000) are test rows, scored once; 10% of the rest are validation "
        "rows, which rank the candidates. Equal rows stay on one side."
    ),
}


def answer(question: str, state: SessionState) -> str:
    """The best answer that the session's own facts give."""
    text = " ".join(question.casefold().split())
    for pattern, teller in _TELLERS:
        if re.search(pattern, text):
            return teller(state)
    for pattern, words in TERMS.items():
        if re.search(pattern, text):
            return words
    return (
        "I can't answer that from what this session knows. I can tell about the base models, the plan, its cost, the jobs, "
        "what was spent, and terms such as LoRA rank or validation loss. Nothing was changed."
    )


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
    use = state.planner_use
    if use.calls:
        price = "at a price that is not known" if use.unpriced else f"for ${use.usd:.4f}"
        text += f" The planner's model was asked {use.calls} times, {use.prompt_tokens + use.completion_tokens:,} tokens, {price}."
    if plan is not None:
        text += f" The plan's range is ${plan.cost.low:.2f} to ${plan.cost.high:.2f} (prices: {plan.price_table})."
    return text


def _jobs(state: SessionState) -> str:
    if not state.known.jobs:
        return "No job was launched in this session yet."
    rows = [
        f"{job.item}: {job.state}"
        + (f" {job.percent:.0f}%" if job.percent is not None and job.state not in TERMINAL else "")
        for job in state.known.jobs.values()
    ]
    return "Jobs of this session: " + "; ".join(rows) + "."


def _time(state: SessionState) -> str:
    plan = state.known.plan
    if plan is None:
        return "There is no plan yet, so I can't tell how long it takes."
    return f"The plan's wall time is estimated at {plan.minutes.low:g} to {plan.minutes.high:g} minutes."


def _data(state: SessionState) -> str:
    if not state.known.staged:
        return "No data set was inspected yet."
    return " ".join(f"{fact.name}: {fact.summary}" for fact in state.known.staged.values())


_TELLERS: tuple[tuple[str, Callable[[SessionState], str]], ...] = (
    (r"which.*models?|models?.*(support|available|tun)|base models?\b.*\?", _models),
    (r"cost|spen[dt]|price|expens|budget|charge|\$", _cost),
    (r"how long|when.*(done|finish|ready)|\beta\b|minutes|hours", _time),
    (r"jobs?|running|status|progress|how far|going", _jobs),
    (r"data ?set|rows|samples|tokens", _data),
)
