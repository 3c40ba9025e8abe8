"""Replays what an OpenAI-compatible endpoint once answered over HTTP to a whole session, without the endpoint.

A cassette holds the exchanges with the model alone, in their order; keys never enter it. Recorded anew with

    FIREAGENT_RECORD=1 FIREAGENT_LLM_URL=... FIREAGENT_LLM_MODEL=... FIREAGENT_LLM_KEY=... pytest tests/planner/test_cassette.py
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import vcr

FOLDER = Path(__file__).parent / "recordings"
SECRET = ("authorization", "cookie", "openai-organization", "openai-project", "x-api-key", "user-agent", "host")
KEPT = ("content-type",)


@contextmanager
def replayed(name: str, *, record: bool = False) -> Iterator[Any]:
    """The cassette for the length of the block. Only requests for completions are taken from it or written to it."""
    recorder = vcr.VCR(
        cassette_library_dir=str(FOLDER),
        record_mode="all" if record else "none",
        match_on=("method", "path"),
        filter_headers=SECRET,
        before_record_request=lambda request: (
            _anonymous(request) if request.path.endswith("/chat/completions") else None
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
    """The request at a place that is nobody's."""
    request.uri = f"http://model.invalid{request.path}"
    return request


def _plain(response: Any) -> Any:
    """The answer without what endpoints tell of themselves and of their caller."""
    headers = response.get("headers", {})
    response["headers"] = {name: value for name, value in headers.items() if name.lower() in KEPT}
    return response
