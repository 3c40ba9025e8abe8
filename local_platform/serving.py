"""The engine as the platform sees it: a child process (`inference.serve`) behind a pipe, started on first use.

The platform itself never imports torch; when the child dies, its waiting requests fail and the next one starts a new child.
"""

import asyncio
import itertools
import multiprocessing
import queue
import threading
from collections.abc import AsyncIterator, Callable
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from typing import Any

from local_platform import children
from local_platform.engine import ChatRequest, Chunk, EngineError, Target

LOAD_SECONDS = 600.0


def _run(pipe: Connection, threads: int, idle_seconds: float) -> None:
    # Imported in the child alone: it brings torch.
    from local_platform.inference import serve

    serve(pipe, threads, idle_seconds)


class ProcessEngine:
    """Serves chats from a child process. Safe to call from several threads and one event loop."""

    def __init__(self, threads: int, idle_seconds: float) -> None:
        self._threads = threads
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._waiting: dict[int, Callable[[str, Any], None]] = {}
        self._process: ForkServerProcess | None = None
        self._pipe: Connection | None = None

    def load(self, target: Target) -> bool:
        answers: queue.Queue[tuple[str, Any]] = queue.Queue()
        self._send("load", target, lambda kind, value: answers.put((kind, value)))
        try:
            kind, value = answers.get(timeout=LOAD_SECONDS)
        except queue.Empty as error:
            raise EngineError(f"the model did not load within {LOAD_SECONDS:.0f} seconds") from error
        if kind != "loaded":
            raise EngineError(str(value))
        return True

    def unload(self, target: Target) -> None:
        with self._lock:
            running = self._process is not None and self._process.is_alive()
        if running:
            self._send("unload", target, None)

    async def chat(self, request: ChatRequest) -> AsyncIterator[Chunk]:
        loop = asyncio.get_running_loop()
        answers: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()

        def arrived(kind: str, value: Any) -> None:
            loop.call_soon_threadsafe(answers.put_nowait, (kind, value))

        # Starting the child and a full pipe both block.
        await asyncio.to_thread(self._send, "chat", request, arrived)
        while True:
            kind, value = await answers.get()
            if kind != "chunk":
                raise EngineError(str(value), yours=kind == "refused")
            yield value
            if value.finish_reason:
                return

    def close(self) -> None:
        with self._lock:
            process, self._process = self._process, None
            if self._pipe is not None:
                self._pipe.close()
        if process is not None:
            process.kill()
            process.join()

    def _send(self, verb: str, argument: Any, arrived: Callable[[str, Any], None] | None) -> None:
        number = next(self._numbers)
        with self._lock:
            pipe = self._ensure_running()
            if arrived is not None:
                self._waiting[number] = arrived
            try:
                pipe.send((number, verb, argument))
            except OSError as error:
                self._waiting.pop(number, None)
                raise EngineError("the inference process ended; the next request starts it anew") from error

    def _ensure_running(self) -> Connection:
        if self._process is not None and self._process.is_alive() and self._pipe is not None:
            return self._pipe
        ours, theirs = multiprocessing.Pipe()
        self._process = children.start(_run, theirs, self._threads, self._idle_seconds)
        theirs.close()
        self._pipe = ours
        threading.Thread(target=self._read, args=(ours,), name="inference-reader", daemon=True).start()
        return ours

    def _read(self, pipe: Connection) -> None:
        while True:
            try:
                number, kind, value = pipe.recv()
            except (EOFError, OSError):
                break
            ended = kind != "chunk" or value.finish_reason is not None
            arrived = self._waiting.pop(number, None) if ended else self._waiting.get(number)
            if arrived is not None:
                arrived(kind, value)
        with self._lock:
            # A newer child's requests are not this reader's to fail.
            lost = self._waiting if self._pipe is pipe else {}
            self._waiting = {} if self._pipe is pipe else self._waiting
        for arrived in lost.values():
            arrived("failed", "the inference process ended; ask again")
