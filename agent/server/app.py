"""The session server's routes: words in, the log out. Nothing is decided here."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Header, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException

from agent.guard.approval import Conflict
from agent.server.home import VERSION
from agent.server.listing import page
from agent.server.own import Own, own_routes
from agent.server.problems import Problem, as_problem
from agent.server.sessions import Message, NewSession, Sessions
from agent.server.stream import Feed, Style, event_json, follow
from agent.server.text import Transcript
from agent.session.store import SessionUnknown, StoreError
from tools.base import ToolError

SSE = "text/event-stream"


def create_app(sessions: Sessions, feed: Feed, own: Own, idle: Callable[[], bool], stop: Callable[[], None]) -> FastAPI:
    """The application. `idle`: may the server be restarted unnoticed; `stop` ends it."""
    app = FastAPI(title="fireagent", version=VERSION, openapi_url=None)
    _errors(app)
    app.include_router(_server_routes(idle, stop))
    app.include_router(_session_routes(sessions))
    app.include_router(_event_routes(sessions, feed))
    app.include_router(own_routes(own))
    return app


def _server_routes(idle: Callable[[], bool], stop: Callable[[], None]) -> APIRouter:
    router = APIRouter(prefix="/v1")

    @router.get("/health")
    async def health() -> dict[str, Any]:
        return {"version": VERSION, "idle": idle(), "pid": os.getpid()}

    @router.post("/stop")
    async def end() -> dict[str, Any]:
        stop()
        return {"stopping": True}

    return router


def _session_routes(sessions: Sessions) -> APIRouter:
    router = APIRouter(prefix="/v1/sessions")

    @router.post("")
    async def create(new: NewSession) -> dict[str, str]:
        return {"session_id": await sessions.create(new)}

    @router.get("")
    async def listed(filter: str = "", order_by: str = "", page_size: int = 0, page_token: str = "") -> dict[str, Any]:
        rows, token, total = page(sessions.rows(), filter, order_by, page_size, page_token)
        return {"sessions": rows, "next_page_token": token, "total_size": total}

    @router.get("/{session}")
    async def get(session: str) -> JSONResponse:
        return JSONResponse(sessions.get(session))

    @router.post("/{session}/messages")
    async def say(session: str, message: Message) -> dict[str, Any]:
        return sessions.say(session, message)

    @router.post("/{session}:cancel")
    async def cancel(session: str) -> dict[str, Any]:
        return sessions.cancel(session)

    @router.delete("/{session}")
    async def delete(session: str) -> dict[str, str]:
        sessions.delete(session)
        return {"session_id": session, "deleted": "true"}

    return router


def _event_routes(sessions: Sessions, feed: Feed) -> APIRouter:
    router = APIRouter(prefix="/v1/sessions")

    @router.get("/{session}/events")
    async def events(
        session: str,
        since: Annotated[int, Query(ge=0)] = 0,
        format: Style = "json",
        until_settled: bool = False,
        accept: Annotated[str, Header()] = "",
        last_event_id: Annotated[str, Header()] = "",
    ) -> Response:
        """The log after `since`: as one answer, or as a stream when that is what is accepted."""
        state = sessions.store.state(session)
        if SSE in accept:
            start = int(last_event_id) if last_event_id.isdigit() else since
            stream = follow(sessions.store, feed, session, start, format, until_settled=until_settled)
            return StreamingResponse(stream, media_type=SSE, headers={"cache-control": "no-store"})
        records = sessions.store.records(session, since)
        if format == "json":
            return JSONResponse({"events": [event_json(r) for r in records], "status": state.status})
        transcript = Transcript()
        blocks = [block for record in records if (block := transcript.add(record))]
        end = [transcript.close(state.status)] if state.settled else []
        return PlainTextResponse("".join(f"{block}\n" for block in (*blocks, *end)))

    return router


def _errors(app: FastAPI) -> None:
    """Every answer that is not a success has the same shape."""

    @app.exception_handler(Problem)
    async def problem(_: Request, error: Problem) -> JSONResponse:
        return JSONResponse(error.body(), error.status)

    @app.exception_handler(Conflict)
    @app.exception_handler(SessionUnknown)
    @app.exception_handler(StoreError)
    @app.exception_handler(ToolError)
    async def below(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Conflict | SessionUnknown | StoreError | ToolError)
        found = as_problem(error)
        return JSONResponse(found.body(), found.status)

    @app.exception_handler(RequestValidationError)
    async def unreadable(_: Request, error: RequestValidationError) -> JSONResponse:
        """Names each field and what is wrong with it, never its value: it may be a key."""
        parts = [f"{'.'.join(str(p) for p in e['loc'][1:]) or 'body'}: {e['msg']}" for e in error.errors()]
        found = Problem(
            400, f"the request can't be read: {'; '.join(parts)[:1000]}", next_step="Mend it and ask again."
        )
        return JSONResponse(found.body(), found.status)

    @app.exception_handler(Exception)
    async def bug(_: Request, error: Exception) -> JSONResponse:
        """The traceback goes to the server's log (the framework raises on); the client gets words and no detail."""
        found = Problem(
            500, f"the server met a bug of its own ({type(error).__name__}); what you sent was not taken",
            owner="unknown", next_step="Nothing is lost. Read server.log in the home, and report it.",
        )  # fmt: skip
        return JSONResponse(found.body(), found.status)

    @app.exception_handler(HTTPException)
    async def routing(_: Request, error: HTTPException) -> JSONResponse:
        found = Problem(error.status_code, f"this server has no such route: {error.detail}", next_step="Use the CLI.")
        return JSONResponse(found.body(), found.status)
