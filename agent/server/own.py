"""The user's own commands on the account: data sets, models, deployments, who am I. Orders of the user, not of the agent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header
from fireworks import AsyncFireworks, NotFoundError
from pydantic import Field

from agent.guard.client import CLOUD, Connection
from agent.server.doctor import examine
from agent.server.home import VERSION, Home
from agent.server.local import LocalPlatform
from agent.server.own_datasets import fetch, upload
from agent.server.platforms import (
    LOCAL_ACCOUNT,
    LOCAL_KEY,
    account_of,
    check_url,
    is_local,
    plain_client,
)
from agent.server.problems import Problem
from agent.server.sessions import PLANNER, Body
from tools.errors import platform_errors
from tools.list_resources import CATALOGUE_ACCOUNT, model_facts
from tools.resources import document, short_id

PAGE = 200


@dataclass(frozen=True)
class Caller:
    """Where a command goes and with which key, as the command line told it."""

    key: str
    url: str
    account: str


@dataclass(frozen=True)
class Own:
    """What the user's own commands need."""

    home: Home
    local: LocalPlatform

    async def connection(self, caller: Caller) -> Connection:
        """The platform of a command. Raises Problem, ToolError."""
        if not caller.url and not caller.key:
            return Connection(LOCAL_ACCOUNT, LOCAL_KEY, await self.local.url())
        url = check_url(caller.url) if caller.url else ""
        known = Connection(caller.account.removeprefix("accounts/"), caller.key or LOCAL_KEY, url)
        return known if known.account else Connection(await account_of(known), known.key, url)

    @asynccontextmanager
    async def client(self, caller: Caller, doing: str) -> AsyncIterator[tuple[AsyncFireworks, Connection]]:
        """An open client; the platform's trouble inside becomes ToolError."""
        connection = await self.connection(caller)
        async with plain_client(connection) as client:
            with platform_errors(doing):
                yield client, connection


class NewDataset(Body):
    """`path` is absolute: server and command line share the machine and the user."""

    id: str = Field(pattern=r"^(accounts/[\w-]+/datasets/)?[a-z]([a-z0-9-]{0,61}[a-z0-9])?$")
    path: str
    display_name: str = Field(default="", max_length=200)


class Target(Body):
    path: str


def _caller(
    x_platform_key: Annotated[str, Header()] = "",
    x_platform_url: Annotated[str, Header()] = "",
    x_platform_account: Annotated[str, Header()] = "",
) -> Caller:
    return Caller(x_platform_key, x_platform_url, x_platform_account)


CallerDep = Annotated[Caller, Depends(_caller)]


def own_routes(own: Own) -> APIRouter:
    """All of the user's own commands."""
    router = APIRouter(prefix="/v1")
    _account_routes(router, own)
    _dataset_routes(router, own)
    _model_routes(router, own)
    _deployment_routes(router, own)
    return router


def _account_routes(router: APIRouter, own: Own) -> None:
    @router.get("/whoami")
    async def whoami(caller: CallerDep) -> dict[str, Any]:
        local = is_local(caller.url) if caller.url else not caller.key
        connection = Connection(LOCAL_ACCOUNT, LOCAL_KEY) if local and not caller.url else await own.connection(caller)
        return {
            "account": connection.account,
            "platform": "local" if local else "fireworks",
            "url": connection.url or ("" if local else CLOUD),
            "planner": PLANNER,
            "home": str(own.home.path),
            "version": VERSION,
        }

    @router.get("/doctor")
    async def doctor(caller: CallerDep) -> dict[str, Any]:
        return {"checks": await examine(own.home, lambda: own.connection(caller))}


def _dataset_routes(router: APIRouter, own: Own) -> None:
    @router.post("/datasets")
    async def create(new: NewDataset, caller: CallerDep) -> dict[str, Any]:
        name = short_id(new.id)
        async with own.client(caller, f"creating the data set {name}") as (client, connection):
            return await upload(client, connection, name, Path(new.path), new.display_name)

    @router.get("/datasets")
    async def listed(caller: CallerDep) -> dict[str, Any]:
        async with own.client(caller, "listing the data sets") as (client, connection):
            return {"datasets": await _all(client.datasets, connection.account)}

    @router.get("/datasets/{name}")
    async def get(name: str, caller: CallerDep) -> dict[str, Any]:
        async with own.client(caller, f"reading the data set {name}") as (client, connection):
            return await _one(client.datasets, name, connection.account, "data set")

    @router.post("/datasets/{name}:download")
    async def download(name: str, target: Target, caller: CallerDep) -> dict[str, Any]:
        async with own.client(caller, f"downloading the data set {name}") as (client, connection):
            await _one(client.datasets, name, connection.account, "data set")
            return {"files": await fetch(client, connection, name, Path(target.path))}


def _model_routes(router: APIRouter, own: Own) -> None:
    @router.get("/models")
    async def listed(caller: CallerDep, tunable: bool = False) -> dict[str, Any]:
        """Base models that can be used, and the account's own ones."""
        async with own.client(caller, "listing the models") as (client, connection):
            accounts = [connection.account]
            if not is_local(connection.url or CLOUD):
                accounts.append(CATALOGUE_ACCOUNT)
            found = [model for account in accounts for model in await _all(client.models, account)]
        models = [_model(model) for model in found]
        return {"models": [m for m in models if m["tunable"] or not tunable]}


def _deployment_routes(router: APIRouter, own: Own) -> None:
    @router.get("/deployments")
    async def listed(caller: CallerDep) -> dict[str, Any]:
        async with own.client(caller, "listing the deployments") as (client, connection):
            return {"deployments": await _all(client.deployments, connection.account)}

    @router.post("/deployments/{name}:stop")
    async def stop(name: str, caller: CallerDep) -> dict[str, Any]:
        """Scales to zero: nothing bills, nothing is deleted."""
        async with own.client(caller, f"stopping the deployment {name}") as (client, connection):
            await _one(client.deployments, name, connection.account, "deployment")
            await client.deployments.scale(name, account_id=connection.account, replica_count=0)
            return await _one(client.deployments, name, connection.account, "deployment")


async def _all(resource: Any, account: str) -> list[dict[str, Any]]:
    return [document(item) async for item in await resource.list(account_id=account, page_size=PAGE)]


async def _one(resource: Any, name: str, account: str, word: str) -> dict[str, Any]:
    try:
        return document(await resource.get(name, account_id=account))
    except NotFoundError:
        raise Problem(
            404, f"accounts/{account} has no {word} {name!r}", next_step="List them to see the names."
        ) from None


def _model(model: dict[str, Any]) -> dict[str, Any]:
    facts = model_facts(model)
    return {
        "name": facts.name,
        "display_name": facts.display_name,
        "parameter_count": facts.parameter_count,
        "context_length": facts.context_length,
        "tunable": facts.tunable,
        "kind": model.get("kind", ""),
        "state": model.get("state", ""),
    }
