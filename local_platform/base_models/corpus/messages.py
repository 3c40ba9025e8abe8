"""The shape of a training text: a conversation as the platform's chat format has it."""

from typing import TypedDict


class Message(TypedDict):
    """One turn."""

    role: str
    content: str


Conversation = list[Message]


def chat(user: str, assistant: str, system: str = "") -> Conversation:
    """A conversation of one exchange, with a system turn when one is given."""
    turns: Conversation = [{"role": "system", "content": system}] if system else []
    return [*turns, {"role": "user", "content": user}, {"role": "assistant", "content": assistant}]
