"""Function calls in JSON: tools named in the system turn, a call, the tool's answer, the reply built on it."""

import json
import random
from dataclasses import dataclass

from . import names
from .messages import Conversation
from .wording import Side, say


@dataclass(frozen=True)
class _Tool:
    name: str
    parameter: str
    field: str
    result: str
    asked: tuple[str, ...]
    told: tuple[str, ...]


_TOOLS = (
    _Tool("get_weather", "city", "city", "temperature",
          ("(How is|What is) the weather in {p}(today|)?", "Is it (warm|cold|nice) in {p}?", "Weather {p}", "How many degrees in {p}?", "Tell me the temperature in {p}."),
          ("It is {r} degrees in {p}.", "In {p} it is {r} degrees.", "{r} degrees.", "{p}: {r} degrees (now|).", "Right now {p} has {r} degrees.")),
    _Tool("find_order", "order", "order number", "state",
          ("Where is (my|) order {p}?", "(Check|Look up) order {p}.", "What about {p}, my order?", "Status of {p}?", "Has order {p} been sent?"),
          ("Order {p} is {r}.", "{p} is {r}.", "It is {r}.", "The state of {p} is {r}.", "I see that order {p} is {r}.")),
    _Tool("find_customer", "name", "name", "city",
          ("Where does the customer {p} live?", "(Find|Look up) {p}.", "(Which|What) city is {p} from?", "Do we know {p}?", "City of {p}, please."),
          ("{p} lives in {r}.", "The city of {p} is {r}.", "{r}.", "{p} is from {r}.", "We have {p} in {r}.")),
    _Tool("get_price", "product", "product", "price",
          ("How much is the {p}?", "(Price|Cost) of the {p}?", "What does the {p} cost?", "(Check|Tell me) the price of the {p}.", "What do you charge for a {p}?"),
          ("The {p} costs {r}.", "{r}.", "It is {r}.", "We sell the {p} for {r}.", "The price of the {p} is {r}.")),
)  # fmt: skip
_STATES = ("packed", "on its way", "delivered", "late", "cancelled", "waiting", "lost", "paid")


def _result(rng: random.Random, side: Side, tool: _Tool) -> str:
    if tool.result == "temperature":
        return str(rng.randrange(-9, 40))
    if tool.result == "state":
        return rng.choice(_STATES)
    return names.place(rng, side) if tool.result == "city" else names.amount(rng, side)


def call(rng: random.Random, side: Side) -> Conversation:
    """One question answered with one call of the fitting tool among one to three."""
    offered = rng.sample(_TOOLS, rng.randrange(1, 4))
    tool = rng.choice(offered)
    parameter, result = names.FIELDS[tool.field](rng, side), _result(rng, side, tool)
    lines = [json.dumps({"name": t.name, "parameters": {t.parameter: "string"}}) for t in offered]
    arguments = json.dumps({tool.parameter: parameter})
    return [
        {"role": "system", "content": "Tools:\n" + "\n".join(lines)},
        {"role": "user", "content": say(rng, side, tool.asked, p=parameter)},
        {"role": "assistant", "content": f'<|call|>{{"name": "{tool.name}", "arguments": {arguments}}}'},
        {"role": "tool", "content": json.dumps({tool.result: result})},
        {"role": "assistant", "content": say(rng, side, tool.told, p=parameter, r=result)},
    ]
