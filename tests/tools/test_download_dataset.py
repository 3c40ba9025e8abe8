"""Staging and inspecting: every kind of good and bad source, over the real routes."""

import errno
import gzip
import hashlib
import json
from pathlib import Path

import pytest

import tools.files
from tests.platforms import Fault
from tests.tools.conftest import Room, chats, jsonl
from tools.base import ToolError
from tools.download_dataset import TOOL as DOWNLOAD
from tools.facts import DatasetStaged
from tools.files import blocks_of, write_whole
from tools.list_resources import TOOL as LIST
from tuning.facts import DatasetFacts


def staged(room: Room, role: str = "train") -> DatasetStaged:
    return room.known.staged[role]


async def test_staging_downloads_once_counts_exactly_and_keeps_a_report(room: Room) -> None:
    name = room.put_dataset("mine", chats(20))
    room.ask(train_dataset="mine", base_models=("tiny-a",))
    await room.call(LIST, kind="models", names=("tiny-a",))
    await room.call(DOWNLOAD, name="mine")
    fact = staged(room)
    assert (fact.name, fact.rows, fact.usable, fact.uploaded) == (name, 20, True, True)
    assert fact.tokens_exact and fact.tokens.low == fact.tokens.high > 0
    assert "20 rows of chat data" in fact.summary
    data = (room.workspace / fact.path).read_bytes()
    assert hashlib.sha256(data).hexdigest() == fact.sha256
    report = json.loads((room.workspace / fact.report).read_text())
    assert DatasetFacts.model_validate(report["facts"]).rows == 20
    room.platform.requests.clear()
    repeated = await room.again(DOWNLOAD, name=name)
    assert repeated.facts == (fact,)
    assert room.platform.requests == []


async def test_staging_without_a_tokenizer_tells_a_range(room: Room) -> None:
    room.put_dataset("mine", chats(20))
    room.ask(train_dataset="mine", base_models=("tiny-a",))
    room.platform.faults.append(Fault("GET", r"models/tiny-a:getDownloadEndpoint$", status=403))
    await room.call(DOWNLOAD, name="mine")
    fact = staged(room)
    assert not fact.tokens_exact and fact.tokens.low < fact.tokens.high


async def test_shards_are_joined_even_without_a_last_line_end(tmp_path: Path) -> None:
    for index, data in enumerate((b"a", b"b\n", b"", b"c")):
        (tmp_path / str(index)).write_bytes(data)
    write_whole(tmp_path / "all", blocks_of(tmp_path / str(i) for i in range(4)))
    assert (tmp_path / "all").read_bytes() == b"a\nb\nc"


@pytest.mark.parametrize(
    ("name", "fault", "words", "owner", "retry"),
    [
        ("nowhere", None, "no data set", "yours", False),
        ("slow", None, "not READY", "yours", True),
        ("Bad Name", None, "is not the name", "yours", False),
        ("accounts/local/models/x", None, "is not the name", "yours", False),
        ("../../etc/passwd", None, "request does not name", "yours", False),
        ("mine", Fault("GET", "/mine$", status=401), "API key", "yours", False),
        ("mine", Fault("GET", "/mine$", status=403), "may not", "yours", False),
        ("mine", Fault("GET", "/mine$", status=429), "rate limit", "platform", True),
        ("mine", Fault("GET", "/mine$", status=500), "internal problem", "platform", True),
        ("mine", Fault("GET", "/mine$", drop=True), "cannot be reached", "platform", True),
        ("mine", Fault("GET", "/mine$", status=200, body=["no", "object"]), "cannot be read", "platform", False),
        ("mine", Fault("GET", "/mine$", status=200, body={"state": 7}), "not READY", "yours", False),
        ("mine", Fault("GET", "Endpoint$", status=200, body={}), "has no file", "platform", False),
        ("mine", Fault("GET", "^/signed/", status=403), "no longer valid", "platform", True),
        ("mine", Fault("GET", "^/signed/", drop=True), "connection broke", "platform", True),
    ],
)
async def test_staging_trouble_is_told_in_words(
    room: Room, name: str, fault: Fault | None, words: str, owner: str, retry: bool
) -> None:
    room.put_dataset("mine", chats(5))
    room.put_dataset("slow", [], ready=False)
    if fault:
        room.platform.faults.append(fault)
    with pytest.raises(ToolError, match=words) as caught:
        await room.call(DOWNLOAD, name=name)
    assert (caught.value.owner, caught.value.retry) == (owner, retry)
    assert "fw_secret" not in caught.value.message
    assert not list(room.workspace.rglob("*.jsonl*"))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\n\n \n", "only empty lines"),
        (gzip.compress(b"x", mtime=0), "gzip"),
        (b"\x00\x01binary", "binary"),
        (b"[{}]\n", "JSON array"),
        (b"{\n", "several lines"),
        (b"question,answer\n1,2\n", "CSV"),
        (b'{"nothing": 1}\n', "none of the 1 rows"),
        (b'{"messages": [{"role": "boss", "content": "x"}]}\n', "none of the 1 rows"),
    ],
)
async def test_a_local_file_that_is_no_data_set_is_refused_with_the_reason(
    room: Room, tmp_path: Path, data: bytes, words: str
) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_bytes(data)
    room.ask(train_dataset=str(path))
    with pytest.raises(ToolError, match=words):
        await room.call(DOWNLOAD, name=str(path))
    path.write_bytes(jsonl(chats(6)))
    await room.call(DOWNLOAD, name=str(path))
    assert (staged(room).rows, staged(room).uploaded) == (6, False)


async def test_a_missing_local_file_is_told(room: Room) -> None:
    room.ask(train_dataset="./nowhere.jsonl")
    with pytest.raises(ToolError, match="there is no file"):
        await room.call(DOWNLOAD, name="./nowhere.jsonl")


async def test_another_accounts_private_data_set_is_told_as_such(room: Room) -> None:
    room.platform.faults.append(Fault("GET", "/accounts/other/datasets/x$", status=403))
    with pytest.raises(ToolError, match="private to another account"):
        await room.call(DOWNLOAD, name="accounts/other/datasets/x")


async def test_a_full_disk_is_told_and_leaves_nothing_half_written(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.put_dataset("mine", chats(5))

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tools.files.os, "fsync", full)
    with pytest.raises(ToolError, match="No space left") as caught:
        await room.call(DOWNLOAD, name="mine")
    assert caught.value.owner == "yours"
    assert [path for path in room.workspace.rglob("*") if path.is_file()] == []
    monkeypatch.undo()
    await room.call(DOWNLOAD, name="mine")
    assert staged(room).rows == 5


async def test_a_line_too_long_to_be_a_row_is_a_bad_row(room: Room, tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    path.write_bytes(jsonl(chats(5)) + b'{"messages": "' + b"x" * (17 << 20) + b'"}\n')
    room.ask(train_dataset=str(path))
    await room.call(DOWNLOAD, name=str(path))
    assert staged(room).usable and any("line 6" in issue for issue in staged(room).issues)


@pytest.mark.parametrize("broken", ["tokenizer.json", "tokenizer_config.json"])
async def test_a_tokenizer_that_cannot_be_read_gives_a_range(room: Room, broken: str) -> None:
    room.put_dataset("mine", chats(5))
    room.ask(train_dataset="mine", base_models=("tiny-a",))
    room.platform.faults.append(Fault("GET", f"^/signed/.*/{broken}$", status=200, body="no tokenizer"))
    if broken == "tokenizer_config.json":
        room.platform.faults[-1].body = {"chat_template": "{% if %}"}
    await room.call(DOWNLOAD, name="mine")
    assert not staged(room).tokens_exact
