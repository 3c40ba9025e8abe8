"""Replays what an OpenAI-compatible endpoint once answered over HTTP to a whole session, without the endpoint.

A cassette holds the exchanges with the model alone, in their order: of each request the last message, which is what was new,
and the whole answer. Keys, addresses and what an endpoint tells of itself never enter it. Recorded anew with

    FIREAGENT_RECORD=1 FIREAGENT_LLM_URL=... FIREAGENT_LLM_MODEL=... FIREAGENT_LLM_KEY=... pytest tests/planner/test_cassette.py
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import vcr

FOLDER = Path(__file__).parent / "recordings"
PLACE = "http://model.invalid/v1/chat/completions"
"""Where recorded requests went; vcr looks at them once more when it reads a cassette."""
KEPT = ("content-type",)


@contextmanager
def replayed(name: str, url: str, *, record: bool = False) -> Iterator[Any]:
    """The cassette for the length of the block. Only requests to the model at `url` are taken from it or written to it."""
    recorder = vcr.VCR(
        cassette_library_dir=str(FOLDER),
        record_mode="all" if record else "none",
        match_on=("method", "path"),
        before_record_request=lambda request: (
            _anonymous(request) if request.uri in (f"{url}/chat/completions", PLACE) else None
        ),
        before_record_response=_plain,
        decode_compressed_response=True,
    )
    with recorder.use_cassette(f"{name}.yaml") as cassette:
        yield cassette


def recording() -> bool:
    """Is the cassette to be made anew?"""
    return os.environ.get("FIREAGENT_RECORD") == "1"


def _anonymous(request: Any) -> Any:
    """The request at a place that is nobody's, with its last message alone."""
    request.uri = PLACE
    last = json.loads(request.body)["messages"][-1]
    request.body = json.dumps({"messages": [last]}, ensure_ascii=False).encode()
    request.headers = {name: value for name, value in request.headers.items() if name.lower() in KEPT}
    return request


def _plain(response: Any) -> Any:
    """The answer without what endpoints tell of themselves and of their caller."""
    headers = response.get("headers", {})
    response["headers"] = {name: value for name, value in headers.items() if name.lower() in KEPT}
    return response
