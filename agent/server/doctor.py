"""Looks at everything that a session needs and says what is wrong with it."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Awaitable, Callable
from typing import Any

from agent.guard.client import Connection
from agent.server.home import Home
from agent.server.platforms import is_local, plain_client
from agent.server.problems import Problem
from tools.base import ToolError
from tools.errors import platform_errors

MIN_FREE_BYTES = 2_000_000_000
TRAINING = ("torch", "transformers", "peft", "trl")


async def examine(home: Home, connect: Callable[[], Awaitable[Connection]]) -> list[dict[str, Any]]:
    """One entry per check: {"name", "ok", "detail", "next_step"}."""
    free = shutil.disk_usage(home.path).free
    checks = [
        _check(
            "home", home.path.stat().st_mode & 0o077 == 0, f"{home.path}, readable by you alone", "Run chmod 700 on it."
        ),
        _check(
            "disk", free > MIN_FREE_BYTES, f"{free / 1e9:.1f} GB free", "Free some space: training needs about 2 GB."
        ),
    ]
    missing = [name for name in TRAINING if importlib.util.find_spec(name) is None]
    detail = f"missing: {', '.join(missing)}" if missing else "installed"
    checks.append(_check("local training", not missing, detail, "pip install 'fireagent[local]', or use an API key."))
    try:
        connection = await connect()
        checks.append(_check("platform", True, f"{connection.url or 'Fireworks'}, account {connection.account}", ""))
        checks.append(await _models(connection))
    except (Problem, ToolError) as error:
        checks.append(_check("platform", False, error.message, error.next_step))
    return checks


async def _models(connection: Connection) -> dict[str, Any]:
    account = connection.account if connection.url and is_local(connection.url) else "fireworks"
    async with plain_client(connection) as client:
        with platform_errors("listing the models"):
            page = await client.models.list(account_id=account, page_size=1)
    return _check("models", bool(page.models), "the platform lists models" if page.models else "none are listed", "")


def _check(name: str, ok: bool, detail: str, next_step: str) -> dict[str, Any]:
    return {"name": name, "ok": ok, "detail": detail, "next_step": "" if ok else next_step}
