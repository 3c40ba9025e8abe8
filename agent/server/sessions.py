"""What one can do with sessions: create, list, look, say something, cancel, delete. Every word of the user goes through here."""

from __future__ import annotations

import re
import secrets
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agent.guard.approval import Conflict, receive
from agent.guard.client import Connection
from agent.server.credentials import Credentials, own_alias
from agent.server.home import Home
from agent.server.platforms import LOCAL_ACCOUNT, LOCAL_KEY, account_of, check_url, is_local
from agent.server.problems import Problem
from agent.server.view import document, summary
from agent.session.events import Cancelling, Event, LlmChoice, SessionCreated, UserMessage
from agent.session.state import SessionState
from agent.session.store import Store

MAX_INSTRUCTION = 32_000
"""Characters. An instruction is a page or two; data belongs into a file."""
ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
MODEL_URL = re.compile(r"(https?://[^/?#]+)((?:/[\w.~-]+)*/?)")
PLANNER: Literal["offline"] = "offline"
"""The planner of sessions that name none."""
DELETING = ".deleting-"
"""Before a session's id: the name of a file that marks its folder until it is gone."""
TEMPLATE = Path(__file__).parents[2] / "workspace_template"


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NewModel(Body):
    """The model that shall plan, and its key. Prices are USD per million tokens, None where unknown."""

    url: str = Field(min_length=1, max_length=500)
    model: str = Field(min_length=1, max_length=200)
    api_key: str = Field(default="", max_length=500)
    input_price: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    cached_price: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    output_price: float | None = Field(default=None, ge=0, allow_inf_nan=False)


class NewSession(Body):
    """`request_key` makes a repeated delivery create one session."""

    instruction: str
    request_key: str = Field(min_length=8, max_length=100)
    account: str = ""
    scope: str = Field(default="optimize", max_length=60)
    api_key: str = Field(default="", max_length=500)
    platform_url: str = Field(default="", max_length=500)
    approve_up_to: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    planner: Literal["offline", "llm"] = PLANNER
    llm: NewModel | None = None


class Message(Body):
    """The user's word. `key` makes a repeated delivery harmless; `gate` is optional and then must be the open one's digest.

    `seen` is the last event that the user was shown: a question that was asked after it is not answered by these words.
    `api_key` is stored for the session when its own is gone, or in its place when `replace_key` is set; `llm_key` when the
    key of the planner's model is gone.
    """

    text: str
    key: str = Field(min_length=8, max_length=100)
    gate: str = Field(default="", max_length=100)
    api_key: str = Field(default="", max_length=500)
    seen: int | None = Field(default=None, ge=0)
    replace_key: bool = False
    llm_key: str = Field(default="", max_length=500)


@dataclass(frozen=True)
class Sessions:
    """The sessions of one home. `wake` makes the runner look at a session."""

    home: Home
    store: Store
    credentials: Credentials
    wake: Callable[[str], None]
    versions: dict[str, str]

    async def create(self, new: NewSession) -> str:
        """Begins a session, once per request key, and returns its id. Raises Problem, StoreError."""
        instruction = _words(new.instruction, "instruction")
        url = check_url(new.platform_url) if new.platform_url else ""
        local = is_local(url) if url else not new.api_key
        account = new.account.removeprefix("accounts/")
        if account and not ACCOUNT.fullmatch(account):
            raise Problem(400, f"{account[:80]!r} is not the id of an account", next_step="Letters, digits, - and _.")
        if not account:
            plain = Connection("", new.api_key or LOCAL_KEY, url)
            account = LOCAL_ACCOUNT if local and not url else await account_of(plain)
        created = SessionCreated(
            instruction=instruction,
            account=account,
            platform_kind="local" if local else "fireworks",
            platform_url=url,
            credential=self.credentials.put(new.api_key) if new.api_key else "",
            scope=new.scope,
            planner=new.planner,
            llm=self._model(new),
            approve_up_to_usd=new.approve_up_to,
            versions=self.versions,
        )
        return self._begin(created, new.request_key)

    def _model(self, new: NewSession) -> LlmChoice | None:
        """The model that plans; its key stays here under an alias. Raises Problem."""
        if new.planner != "llm":
            return None
        if new.llm is None:
            raise Problem(
                400, "the llm planner needs a model", next_step="Set FIREAGENT_LLM_URL, FIREAGENT_LLM_MODEL and FIREAGENT_LLM_KEY."
            )  # fmt: skip
        alias = self.credentials.put(new.llm.api_key) if new.llm.api_key else ""
        prices = new.llm.model_dump(include={"input_price", "cached_price", "output_price"})
        return LlmChoice(url=_model_url(new.llm.url), model=new.llm.model, credential=alias, **prices)

    def _begin(self, created: SessionCreated, request_key: str) -> str:
        session = f"{int(time.time())}-{secrets.token_hex(2)}"
        workspace = self.home.workspaces / session
        shutil.copytree(TEMPLATE, workspace, ignore=shutil.ignore_patterns("__pycache__"))
        stands = self.store.create(session, request_key, [("created", created)])
        if stands != session:
            shutil.rmtree(workspace)
        self.wake(stands)
        return stands

    def rows(self) -> list[dict[str, Any]]:
        """All sessions in short."""
        return [summary(self.store.state(session)) for session in self.store.sessions()]

    def get(self, session: str) -> dict[str, Any]:
        """Raises SessionUnknown."""
        return document(self.store.state(session), self.home.workspaces)

    def say(self, session: str, message: Message) -> dict[str, Any]:
        """Takes the user's word at the gate that is open now. Raises Conflict, SessionUnknown, StoreError, Problem."""
        text = _words(message.text, "message")
        self._keep_key(session, message)
        taken = self._taken(session, message.key)
        if taken is None:
            self.store.transact(session, lambda now: receive(now, text, message.key, message.gate, message.seen))
            self.wake(session)
            taken = self._taken(session, message.key)
        state = self.store.state(session)
        reading = taken.reading.model_dump(mode="json") if taken else None
        return {"session_id": session, "seq": state.last_seq, "status": state.status, "reading": reading}

    def _taken(self, session: str, key: str) -> UserMessage | None:
        """The message that was delivered under this key, if it was."""
        events = (record.event for record in self.store.records(session) if record.key == f"user/{key}")
        return next((event for event in events if isinstance(event, UserMessage)), None)

    def cancel(self, session: str) -> dict[str, Any]:
        """Asks for the end; what runs is settled by the runner. Raises Conflict, SessionUnknown, StoreError."""

        def decide(state: SessionState) -> Sequence[tuple[str, Event]]:
            if state.ended is not None:
                raise Conflict(f"the session is {state.ended} already; there is nothing to cancel.")
            return () if state.cancelling else [(state.keyed("cancelling"), Cancelling())]

        state = self.store.transact(session, decide)
        self.wake(session)
        return {"session_id": session, "status": state.status}

    def delete(self, session: str) -> None:
        """Drops an ended session and its folder; a tombstone stays. Raises Conflict, SessionUnknown, StoreError."""
        state = self.store.state(session)
        if state.ended is None:
            raise Conflict(f"the session is {state.status}; cancel it first: only an ended session can be deleted.")
        self._mark(session).touch()
        self.store.delete(session)
        self._clear(session)
        if state.created and state.created.credential:
            self.credentials.drop(own_alias(state.created.credential, session))

    def sweep(self) -> None:
        """Ends the deletions that a kill cut off. To be called before anything else runs."""
        stand = set(self.store.sessions())
        for mark in self.home.workspaces.glob(f"{DELETING}*"):
            session = mark.name.removeprefix(DELETING)
            if session in stand:
                mark.unlink()
            else:
                self._clear(session)

    def _mark(self, session: str) -> Path:
        return self.home.workspaces / f"{DELETING}{session}"

    def _clear(self, session: str) -> None:
        shutil.rmtree(self.home.workspaces / session, ignore_errors=True)
        self._mark(session).unlink(missing_ok=True)

    def _keep_key(self, session: str, message: Message) -> None:
        created = self.store.state(session).created
        alias = created.credential if created else ""
        own = own_alias(alias, session)
        if alias and message.api_key and (message.replace_key or self.credentials.get(own, alias) is None):
            self.credentials.put(message.api_key, own)
        model = created.llm.credential if created and created.llm else ""
        if model and message.llm_key and self.credentials.get(model) is None:
            self.credentials.put(message.llm_key, model)


def _model_url(url: str) -> str:
    """The address of a model: like a platform's, and it may have a path. Raises Problem."""
    parts = MODEL_URL.fullmatch(url)
    return check_url(parts[1]) + parts[2].rstrip("/") if parts else check_url(url)


def _words(text: str, what: str) -> str:
    """The text, if it is one that can be read. Raises Problem."""
    if not text.strip():
        raise Problem(400, f"the {what} is empty", next_step="Say in plain words what to do.")
    if len(text) > MAX_INSTRUCTION:
        raise Problem(
            400, f"the {what} has {len(text):,} characters; at most {MAX_INSTRUCTION:,} are read",
            next_step="Put data and long lists into a file and name it.",
        )  # fmt: skip
    if "\0" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise Problem(400, f"the {what} holds characters that are not text", next_step="Send it as UTF-8.")
    return text
