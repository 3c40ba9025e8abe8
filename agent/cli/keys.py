"""Where a command's platform, planner and keys come from: flags, then the environment, then `.env` of the current folder.

Unset platform: Fireworks when there is a key, else the local platform. A Fireworks key goes to Fireworks alone: any other
address may stand in the `.env` of a folder that somebody else made, so it gets only a key that was given for it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from agent.cli.problems import usage
from tools.addresses import shown_address

CLOUD_KEYS = ("FIREWORKS_AGENT_API_KEY", "FIREWORKS_API_KEY")
OWN_KEY = "FIREAGENT_PLATFORM_KEY"
URL = "FIREAGENT_PLATFORM_URL"
PLANNER, PLANNERS = "FIREAGENT_PLANNER", ("offline", "llm")
LLM_URL, LLM_MODEL, LLM_KEY, LLM_PRICES = (f"FIREAGENT_LLM_{name}" for name in ("URL", "MODEL", "KEY", "PRICES"))
FIREWORKS_MODELS = "https://api.fireworks.ai/inference/v1"
DEFAULT_MODEL = "accounts/fireworks/models/gpt-oss-120b"
LOCAL = "local"
"""As an address: the local platform, whatever keys lie about."""
CLOUD_HOST = "api.fireworks.ai"


class Access(NamedTuple):
    """How the platform is reached. `given`: the key was named on the command line."""

    key: str
    url: str
    account: str
    given: bool

    def headers(self) -> dict[str, str]:
        """For the user's own commands."""
        return {"X-Platform-Key": self.key, "X-Platform-Url": self.url, "X-Platform-Account": self.account}


class Planner(NamedTuple):
    """Who plans new sessions, and where its model is."""

    name: str
    url: str = ""
    model: str = ""
    key: str = ""
    prices: tuple[float | None, float | None, float | None] = (None, None, None)

    def body(self) -> dict[str, object]:
        """As the server takes it."""
        if self.name != "llm":
            return {"planner": self.name}
        prices = dict(zip(("input_price", "cached_price", "output_price"), self.prices, strict=True))
        return {"planner": "llm", "llm": {"url": self.url, "model": self.model, "api_key": self.key, **prices}}


def planner(chosen: str | None) -> Planner:
    """The planner that the flag or FIREAGENT_PLANNER names, offline without either. Raises Failure for half a setting.

    Fireworks serves the model where no address is set and a Fireworks key is there; that key goes nowhere else.
    """
    values = _values()
    name = chosen or values.get(PLANNER, "").strip() or "offline"
    if name not in PLANNERS:
        raise usage(f"{PLANNER} is {name[:40]!r}; it can be {' or '.join(PLANNERS)}")
    if name == "offline":
        return Planner(name)
    url = values.get(LLM_URL, "").strip() or FIREWORKS_MODELS
    fireworks = next((values[key] for key in CLOUD_KEYS if values.get(key)), "") if url == FIREWORKS_MODELS else ""
    # An address out of the folder's .env gets a key from there too: the environment's was not meant for it.
    beside = values if os.environ.get(LLM_URL) or LLM_URL not in values else _dotenv(Path(".env"))
    key = _checked((beside.get(LLM_KEY) or fireworks).strip())
    if url == FIREWORKS_MODELS and not key:
        raise usage("the llm planner has no key", f"Set {LLM_KEY}, or {LLM_URL} for another address.")
    model = values.get(LLM_MODEL, "").strip() or (DEFAULT_MODEL if url == FIREWORKS_MODELS else "")
    if not model:
        raise usage(f"no model is set for {url}", f"Set {LLM_MODEL}.")
    return Planner(name, url, model, key, _prices(values.get(LLM_PRICES, "")))


def llm_key() -> str:
    """The key of the planner's model, for a session whose own is gone."""
    return _checked(_values().get(LLM_KEY, "").strip())


def _prices(text: str) -> tuple[float | None, float | None, float | None]:
    """ "0.15/0.07/0.60": input, cached input and output, in USD per million tokens. Raises Failure."""
    if not text.strip():
        return (None, None, None)
    try:
        given, cached, made = (float(part) for part in text.split("/"))
    except ValueError as error:
        raise usage(
            f"{LLM_PRICES} must be input/cached/output in USD per million tokens, such as 0.15/0.07/0.60"
        ) from error
    return (given, cached, made)


def access(api_key: str | None, platform_url: str | None, account: str | None) -> Access:
    """What the flags, the environment and .env come to. Raises Failure for an empty key or address."""
    for flag, value in (("--api-key", api_key), ("--platform-url", platform_url), ("--account-id", account)):
        if value is not None and not value.strip():
            raise usage(f"{flag} is empty: is the variable behind it set?", f"Give a value, or leave {flag} out.")
    values = _values()
    url = (platform_url or values.get(URL, "")).strip()
    if url == LOCAL:
        return Access("", "", account or "", False)
    names = CLOUD_KEYS if not url or _is_cloud(url) else (OWN_KEY,)
    found = next((values[name] for name in names if values.get(name)), "")
    key = _checked((api_key or found).strip())
    return Access(key, url, account or "", api_key is not None)


def _is_cloud(url: str) -> bool:
    """Whether this is Fireworks itself, over TLS. Raises Failure for what is no address."""
    try:
        parsed = urlsplit(url)
        return (parsed.scheme, parsed.hostname, parsed.port or 443) == ("https", CLOUD_HOST, 443)
    except ValueError as error:
        raise usage(f"{shown_address(url)!r} is not an address of a platform", "Give https://HOST.") from error


def _values() -> dict[str, str]:
    """What is set, the environment before .env."""
    return {**_dotenv(Path(".env")), **{name: value for name, value in os.environ.items() if value}}


def _checked(key: str) -> str:
    """The key, if it can be one. Raises Failure."""
    if any(not c.isprintable() or c == " " for c in key):
        raise usage("the API key holds blanks or control characters", "Copy it again.")
    return key


def _dotenv(path: Path) -> dict[str, str]:
    """NAME=value lines; quotes around a value and a leading `export` are taken off. A missing file is empty."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    found: dict[str, str] = {}
    for line in lines:
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and not name.startswith("#"):
            found[name.strip()] = value.strip().strip("\"'")
    return found
