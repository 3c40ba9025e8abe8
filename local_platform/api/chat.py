"""Chat completions in OpenAI's shape, plain and streamed, at /v1 and at Fireworks' /inference/v1.

`model` is a base model of the catalogue (served on demand), a deployment, `model#deployment`, or a tuned model that has a
deployment.
"""

import json
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any, Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from local_platform.api.access import ServicesDep
from local_platform.api.errors import ApiError, invalid
from local_platform.deployments import COLLECTION
from local_platform.engine import ChatRequest, Chunk, EngineError, Target
from local_platform.services import Services
from local_platform.settings import ACCOUNT
from local_platform.store import ResourceNotFoundError

router = APIRouter()


class Message(BaseModel):
    """One message; `content` is text or a list of text parts."""

    model_config = ConfigDict(extra="allow")
    role: Literal["system", "user", "assistant", "tool"]
    content: str | list[dict[str, Any]] | None = None

    def plain(self) -> dict[str, Any]:
        content = self.content
        if isinstance(content, list):
            if any(part.get("type") != "text" for part in content):
                raise invalid("messages: only text parts are understood by the models here")
            content = "".join(str(part.get("text", "")) for part in content)
        return {"role": self.role, "content": content or ""}


class StreamOptions(BaseModel):
    include_usage: bool = False


class ChatBody(BaseModel):
    """The parameters that are honoured; others are read over, as OpenAI-compatible servers do."""

    model: str
    messages: list[Message] = Field(min_length=1)
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    stop: str | list[str] | None = None
    seed: int | None = None
    n: int | None = Field(None, ge=1, le=1)
    stream: bool | None = None
    stream_options: StreamOptions | None = None


@router.post("/v1/chat/completions", response_model=None)
@router.post("/inference/v1/chat/completions", response_model=None)
async def create_chat_completion(body: ChatBody, services: ServicesDep) -> JSONResponse | StreamingResponse:
    chunks = services.engine.chat(_request(body, resolve(services, body.model)))
    try:
        # The first piece is awaited before the answer begins, so that an error still has its own status.
        first = await anext(chunks)
    except EngineError as error:
        raise _api_error(error) from error
    answer = {"id": f"chatcmpl-{secrets.token_hex(12)}", "created": int(time.time()), "model": body.model}
    if body.stream:
        usage = bool(body.stream_options and body.stream_options.include_usage)
        return StreamingResponse(_stream(answer, first, chunks, usage), media_type="text/event-stream")
    pieces = [first]
    try:
        pieces += [chunk async for chunk in chunks]
    except EngineError as error:
        raise _api_error(error) from error
    message = {"role": "assistant", "content": "".join(chunk.text for chunk in pieces)}
    choice = {"index": 0, "message": message, "finish_reason": pieces[-1].finish_reason}
    return JSONResponse({**answer, "object": "chat.completion", "choices": [choice], "usage": _usage(pieces[-1])})


def resolve(services: Services, address: str) -> Target:
    """What answers at an address. Raises ApiError: 404 when nothing does, 503 while it is not up."""
    model, _, deployment = address.partition("#")
    if model.startswith(f"{ACCOUNT}/{COLLECTION}/"):
        model, deployment = "", model
    if not deployment and model in services.models.catalog:
        return services.models.target(model)
    serving = [
        item.document
        for item in services.store.list(COLLECTION)
        if (item.name == deployment if deployment else item.document["baseModel"] == model)
    ]
    serving = [item for item in serving if not model or _serves(services, item, model)]
    if not serving:
        raise ApiError("NOT_FOUND", f"{address}: model not found, or not deployed: create a deployment of it first")
    up = [item for item in serving if item["state"] == "READY" and item["replicaCount"] > 0]
    if not up:
        one = serving[0]
        state = f"{one['state']}, {one['replicaCount']} of {one['desiredReplicaCount']} replicas"
        raise ApiError("UNAVAILABLE", f"{one['name']} is not serving ({state})", "DEPLOYMENT_SCALING_UP")
    try:
        return services.models.target(model or up[0]["baseModel"])
    except ResourceNotFoundError as error:
        raise ApiError("NOT_FOUND", f"{address}: the model of this deployment was deleted") from error


def _serves(services: Services, deployment: dict[str, Any], model: str) -> bool:
    """A deployment serves its own model, and with enableAddons every adapter of that base."""
    if deployment["baseModel"] == model:
        return True
    if not deployment.get("enableAddons") or not services.models.exists(model):
        return False
    return bool(services.models.base_of(model).name == deployment["baseModel"])


def _request(body: ChatBody, target: Target) -> ChatRequest:
    stop = [body.stop] if isinstance(body.stop, str) else body.stop or []
    return ChatRequest(
        target=target,
        messages=[message.plain() for message in body.messages],
        max_tokens=body.max_completion_tokens or body.max_tokens or 2048,
        temperature=1.0 if body.temperature is None else body.temperature,
        top_p=1.0 if body.top_p is None else body.top_p,
        stop=tuple(text for text in stop if text),
        seed=body.seed,
        stream=bool(body.stream),
    )


async def _stream(
    answer: dict[str, Any], first: Chunk, rest: AsyncIterator[Chunk], with_usage: bool
) -> AsyncIterator[str]:
    answer = {**answer, "object": "chat.completion.chunk"}

    def event(delta: dict[str, Any], finish: str | None = None, **more: Any) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return f"data: {json.dumps({**answer, 'choices': [choice], **more})}\n\n"

    yield event({"role": "assistant", "content": first.text}, first.finish_reason)
    last = first
    try:
        async for last in rest:
            yield event({"content": last.text}, last.finish_reason)
    except EngineError as error:
        yield f"data: {json.dumps({'error': {'message': str(error), 'type': 'server_error'}})}\n\n"
        return
    if with_usage:
        yield f"data: {json.dumps({**answer, 'choices': [], 'usage': _usage(last)})}\n\n"
    yield "data: [DONE]\n\n"


def _usage(last: Chunk) -> dict[str, int]:
    total = last.prompt_tokens + last.completion_tokens
    return {
        "prompt_tokens": last.prompt_tokens,
        "completion_tokens": last.completion_tokens,
        "total_tokens": total,
    }


def _api_error(error: EngineError) -> ApiError:
    return ApiError("INVALID_ARGUMENT" if error.yours else "INTERNAL", str(error))
