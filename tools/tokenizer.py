"""The tokenizer of the base model, where the platform offers it, so that tokens are counted and not guessed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import fireworks
from jinja2 import TemplateError

from tools.base import ToolContext
from tools.errors import platform_errors
from tools.list_resources import catalogue_account
from tools.resources import fetch, full_name, short_id
from tuning.tokens import TokenCounter, from_tokenizer_json
from tuning.workflows import CONTEXT_STEP, training_context

_FILES = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja")
_SPECIAL = ("bos_token", "eos_token", "pad_token", "unk_token")


async def counters_of(context: ToolContext) -> tuple[TokenCounter, ...]:
    """An exact counter for each requested base model; empty when one of them has no tokenizer to be had.

    A counter is for one thread at a time. Raises ToolError when the platform is in trouble.
    """
    found: list[TokenCounter] = []
    for name in context.known.request.base_models:
        model = full_name(name, "models", catalogue_account(context))
        folder = await _fetched(context, model)
        counter = None if folder is None else await asyncio.to_thread(_counter, folder)
        if counter is None:
            return ()
        found.append(counter)
    return tuple(found)


def context_length(context: ToolContext) -> int | None:
    """Tokens that the shortest of the requested models takes in training; the user's own bound where there is one."""
    request = context.known.request
    wanted = {short_id(name) for name in request.base_models}
    lengths = [m.context_length for m in context.known.models if short_id(m.name) in wanted and m.context_length]
    own = request.max_context_length or 0
    return min([*lengths, *([training_context(own)] if own >= CONTEXT_STEP else [])], default=None)


async def _fetched(context: ToolContext, model: str) -> Path | None:
    """The folder with the model's tokenizer files, fetched once per session; None when the platform keeps them back."""
    folder = context.workspace / "tokenizers" / "-".join(model.split("/")[1::2])
    done = folder / "complete"
    if done.exists():
        return folder
    with platform_errors(f"asking for the tokenizer of {model}"):
        try:
            answer = await context.platform.models.get_download_endpoint(
                short_id(model), account_id=model.split("/")[1]
            )
        except (fireworks.PermissionDeniedError, fireworks.NotFoundError, fireworks.BadRequestError):
            return None
    urls = getattr(answer, "filename_to_signed_urls", None) or {}
    if not isinstance(urls.get(_FILES[0]), str):
        return None
    for name in _FILES:
        if isinstance(urls.get(name), str):
            await fetch(context, urls[name], folder / name, f"{name} of {model}")
    done.touch()
    return folder


def _counter(folder: Path) -> TokenCounter | None:
    """None when the files are there but cannot be read: a count is then a range and says so."""
    try:
        config = _object(folder / _FILES[1])
        template = folder / _FILES[2]
        chat_template = template.read_text(encoding="utf-8") if template.exists() else _template(config)
        special = {key: text for key in _SPECIAL if (text := _text(config.get(key)))}
        text = (folder / _FILES[0]).read_text(encoding="utf-8")
        return from_tokenizer_json(text, chat_template, special)
    except (ValueError, TemplateError):
        return None


def _object(path: Path) -> dict[str, Any]:
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found if isinstance(found, dict) else {}


def _template(config: Mapping[str, Any]) -> str | None:
    """The chat template of tokenizer_config.json, which is a text or a list of named ones."""
    template = config.get("chat_template")
    if isinstance(template, list):
        named = [t for t in template if isinstance(t, dict) and t.get("name") == "default"]
        template = named[0].get("template") if named else None
    return template if isinstance(template, str) else None


def _text(token: Any) -> str:
    content = token.get("content") if isinstance(token, dict) else token
    return content if isinstance(content, str) else ""
