"""Where a command's platform and key come from: flags, then the environment, then `.env` of the current folder.

Unset platform: Fireworks when there is a key, else the local platform. A Fireworks key goes to Fireworks alone: any other
address may stand in the `.env` of a folder that somebody else made, so it gets only a key that was given for it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from agent.cli.problems import usage

CLOUD_KEYS = ("FIREWORKS_AGENT_API_KEY", "FIREWORKS_API_KEY")
OWN_KEY = "FIREAGENT_PLATFORM_KEY"
URL = "FIREAGENT_PLATFORM_URL"
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


def access(api_key: str | None, platform_url: str | None, account: str | None) -> Access:
    """What the flags, the environment and .env come to. Raises Failure for an empty key or address."""
    for flag, value in (("--api-key", api_key), ("--platform-url", platform_url), ("--account-id", account)):
        if value is not None and not value.strip():
            raise usage(f"{flag} is empty: is the variable behind it set?", f"Give a value, or leave {flag} out.")
    values = {**_dotenv(Path(".env")), **{name: value for name, value in os.environ.items() if value}}
    url = (platform_url or values.get(URL, "")).strip()
    if url == LOCAL:
        return Access("", "", account or "", False)
    names = CLOUD_KEYS if not url or _is_cloud(url) else (OWN_KEY,)
    found = next((values[name] for name in names if values.get(name)), "")
    key = (api_key or found).strip()
    if any(not c.isprintable() or c == " " for c in key):
        raise usage("the API key holds blanks or control characters", "Copy it again.")
    return Access(key, url, account or "", api_key is not None)


def _is_cloud(url: str) -> bool:
    """Whether this is Fireworks itself, over TLS. Raises Failure for what is no address."""
    try:
        parsed = urlsplit(url)
        return (parsed.scheme, parsed.hostname, parsed.port or 443) == ("https", CLOUD_HOST, 443)
    except ValueError as error:
        raise usage(f"{url[:200]!r} is not an address of a platform", "Give https://HOST.") from error


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
