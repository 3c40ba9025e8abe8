"""Which platform a session talks to, opened once: the guard's client over the session's own key."""

from __future__ import annotations

import asyncio

import httpx
from fireworks import AsyncFireworks, DefaultAsyncHttpxClient
from httpx_aiohttp import AiohttpTransport

from agent.guard.client import CLOUD, Connection, Platform, open_platform
from agent.server.credentials import Credentials, own_alias
from agent.server.local import LocalPlatform
from agent.server.problems import Problem
from agent.session.events import SessionCreated
from agent.session.state import SessionState
from agent.session.store import Store
from tools.addresses import shown_address
from tools.base import ToolError

LOCAL_ACCOUNT = "local"
LOCAL_KEY = "local"
"""Any text is a key on one's own machine."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Platforms:
    """The open platforms of a server's sessions."""

    def __init__(self, store: Store, credentials: Credentials, local: LocalPlatform) -> None:
        self._store = store
        self._credentials = credentials
        self._local = local
        self._open: dict[str, tuple[Connection, Platform]] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def open(self, state: SessionState) -> tuple[Platform, str]:
        """The guarded platform of a session and its base URL. Raises ToolError when the key is gone."""
        if state.created is None:
            raise ValueError(f"session {state.id} has no beginning")
        session = state.id
        connection = await self._connection(session, state.created)
        before = self._open.get(session)
        if before is not None and before[0] == connection:
            return before[1], connection.url or CLOUD
        platform = open_platform(connection, lambda: self._store.state(session))
        self._open[session] = (connection, platform)
        if before is not None:
            # Last, for whoever comes meanwhile has to find the new one.
            await before[1].close()
        return platform, connection.url or CLOUD

    def let_go(self, session: str) -> None:
        """After an append: closes what a session had open that has ended now."""
        if session in self._open and self._store.state(session).ended is not None:
            task = asyncio.get_running_loop().create_task(self._close_ended(session))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def _close_ended(self, session: str) -> None:
        if self._store.state(session).ended is not None:  # it may have been re-opened since
            await self.close(session)

    async def close(self, session: str) -> None:
        """Closes what a session had open; nothing if it had nothing."""
        _, platform = self._open.pop(session, (None, None))
        if platform is not None:
            await platform.close()

    async def close_all(self) -> None:
        for session in list(self._open):
            await self.close(session)

    async def _connection(self, session: str, created: SessionCreated) -> Connection:
        url = created.platform_url
        if created.platform_kind == "local" and not url:
            url = await self._local.url()
        if not created.credential:
            return Connection(created.account, LOCAL_KEY, url)
        key = self._credentials.get(own_alias(created.credential, session), created.credential)
        if key is None:
            raise ToolError(
                f"the API key of this session (alias {created.credential}) is no longer stored here", owner="yours",
                next_step="Give it again: `fireagent session update ID --api-key KEY -n 'try again'`.",
            )  # fmt: skip
        return Connection(created.account, key, url)


def plain_client(connection: Connection) -> AsyncFireworks:
    """A client without the guard, for the user's own commands; never for an agent's step."""
    return AsyncFireworks(
        api_key=connection.key,
        account_id=connection.account or None,
        base_url=connection.url or None,
        http_client=DefaultAsyncHttpxClient(transport=AiohttpTransport()),
    )


def check_url(url: str) -> str:
    """A platform address that a key may be sent to: https, or http on this machine, and no path. Raises Problem."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL("")
    plain_here = parsed.scheme == "http" and parsed.host in LOOPBACK
    more = parsed.userinfo or parsed.query or parsed.fragment or parsed.path not in ("", "/")
    if not parsed.host or not (parsed.scheme == "https" or plain_here) or more:
        raise Problem(
            400, f"{shown_address(url)!r} is not an address of a platform",
            next_step="Give https://HOST without a path, or http://127.0.0.1:PORT for one on this machine.",
        )  # fmt: skip
    return url.rstrip("/")


def is_local(url: str) -> bool:
    """Whether the address is on this machine."""
    return httpx.URL(url).host in LOOPBACK


async def account_of(connection: Connection) -> str:
    """The account that a key belongs to. Raises Problem when the platform does not say or does not accept the key."""
    base = connection.url or CLOUD
    try:
        async with httpx.AsyncClient(timeout=15.0, trust_env=not is_local(base)) as client:
            answer = await client.get(f"{base}/verifyApiKey", headers={"Authorization": f"Bearer {connection.key}"})
    except httpx.HTTPError as error:
        raise Problem(
            502, f"the platform at {base} can't be reached to learn the account: {type(error).__name__}",
            owner="platform", next_step="Check the address and the network, or name the account with -a.",
        ) from error  # fmt: skip
    account = answer.headers.get("x-fireworks-account-id", "")
    if answer.status_code in (401, 403):
        raise Problem(401, "the platform does not accept this API key", next_step="Check the key and its account.")
    if not account:
        raise Problem(
            502, f"the platform at {base} does not tell which account the key belongs to (HTTP {answer.status_code})",
            owner="platform", next_step="Name the account with -a.",
        )  # fmt: skip
    return str(account)
