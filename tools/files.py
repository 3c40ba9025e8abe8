"""Files of the workspace: written whole or not at all, and named by their SHA-256."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from tools.base import ToolError

CHUNK = 1 << 20


@contextlib.contextmanager
def disk_errors(what: str) -> Iterator[None]:
    """Turns a disk's refusal (full, read-only, no such folder) into a ToolError. `what` reads like "the report"."""
    try:
        yield
    except OSError as error:
        raise ToolError(
            f"{what} cannot be read or written: {error.strerror}",
            owner="yours",
            next_step="Check the disk and the session's workspace.",
        ) from error


def sha256_file(path: Path) -> tuple[str, int]:
    """SHA-256 in hex and the size in bytes. Raises OSError."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(CHUNK):
            digest.update(block)
            size += len(block)
    return digest.hexdigest(), size


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """A file that takes the target's place when the block ends well and is on the disk; otherwise nothing changes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    try:
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def write_whole(target: Path, blocks: Iterable[bytes]) -> tuple[str, int]:
    """Writes the blocks to `target` in one step; returns SHA-256 and size. Raises OSError."""
    digest, size = hashlib.sha256(), 0
    with replacing(target) as file:
        for block in blocks:
            file.write(block)
            digest.update(block)
            size += len(block)
    return digest.hexdigest(), size


def blocks_of(paths: Iterable[Path]) -> Iterator[bytes]:
    """The bytes of several JSONL files one after the other; a missing line end between two of them is added."""
    last = b"\n"
    for path in paths:
        with path.open("rb") as file:
            if not last.endswith(b"\n"):
                yield b"\n"
            while block := file.read(CHUNK):
                yield block
                last = block
