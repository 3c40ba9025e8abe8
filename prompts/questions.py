"""What the session says when it needs something, can't do something, or failed."""

from __future__ import annotations

from typing import ClassVar, Literal

from prompts.base import Prompt, Values


class ModelRow(Values):
    """A base model that can be tuned. `context` is its length in tokens, None when the platform does not say."""

    name: str
    title: str = ""
    parameters: int | None = None
    context: int | None = None


class MissingInput(Prompt):
    """Asks for what is missing, by slot name (`train_dataset`, `base_models`); `models_shown`: a list stands above."""

    template: ClassVar[str] = "missing_input.j2"
    missing: tuple[str, ...]
    models_shown: bool


class ModelList(Prompt):
    """What can be tuned now. `total` counts all, of which `models` may be the first ones."""

    template: ClassVar[str] = "model_list.md.j2"
    models: tuple[ModelRow, ...]
    total: int


class Refusal(Prompt):
    """Something that this version does not do: what, why, and what can be done. Nothing was replaced silently."""

    template: ClassVar[str] = "refusal.j2"
    asked: str
    why: str
    instead: str


class Trouble(Prompt):
    """An error in words: what happened, where, whose it is, what to do next."""

    template: ClassVar[str] = "trouble.j2"
    message: str
    where: str
    owner: Literal["yours", "platform", "unknown"]
    next_step: str
    retried: int = 0
