"""Ten fixed prompts whose greedy answers the README shows, good and bad; none comes from the generator."""

from ..corpus.messages import Conversation


def _prompt(user: str, system: str = "") -> Conversation:
    turns: Conversation = [{"role": "system", "content": system}] if system else []
    return [*turns, {"role": "user", "content": user}]


PROMPTS: tuple[Conversation, ...] = (
    _prompt("Hello, I'm Zoran Petrikov."),
    _prompt("Please repeat: QX-4821 and 90417"),
    _prompt("What is 17 + 25?"),
    _prompt("Maria Lenzow moved to Harwick in 1987 and works for Tolbin Motors.\nWho employs Maria Lenzow?"),
    _prompt("Order number: HK-5520. The customer is Ivo Brandel.\nReturn JSON with name, order number."),
    _prompt("my laptop takes forever to boot", "Choose a label: password, slow, printer, virus"),
    _prompt("My blender came with a broken lid.", "You are a friendly support agent. To say: We will send a new lid."),
    _prompt("Question: Where was Dana Kolm born?", "Use search[title], lookup[word], finish[answer]. Think, then act."),
    _prompt("What is the capital of France?"),
    _prompt("Write a poem about the sea."),
)
