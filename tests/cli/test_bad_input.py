"""What people get wrong, and the exit code and words they get."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Desk, run
from tests.house import chat_rows, jsonl
from tests.platforms import Fault

NO_SERVER: list[tuple[list[str], str]] = [
    (["session", "create", "-n", ""], "empty"),
    (["session", "create", "-n", "   "], "empty"),
    (["session", "create"], "--instruction"),
    (["session", "create", "-n", "-"], "empty"),
    (["session", "create", "-n", "x", "--api-key", ""], "--api-key is empty"),
    (["session", "create", "--api-key", "-n", "x"], "--api-key"),
    (["session", "create", "-n", "x", "--api-key", "a b"], "blanks"),
    (["session", "create", "-n", "x", "-a", ""], "--account-id is empty"),
    (["session", "create", "-n", "x", "--platform-url", ""], "--platform-url is empty"),
    (["session", "create", "-n", "x", "--approve-up-to", "-1"], "--approve-up-to"),
    (["session", "create", "-n", "x", "--approve-up-to", "inf"], "--approve-up-to"),
    (["session", "create", "-n", "x", "--approve-up-to", "five"], "--approve-up-to"),
    (["session", "create", "-n", "x", "-o", "yaml"], "--output"),
    (["session", "list", "--api-key", ""], "--api-key is empty"),
    (["session", "get", "1-a", "--api-key", ""], "--api-key is empty"),
    (["session", "events", "1-a", "--since", "-4"], "--since"),
    (["session", "events", "1-a", "--since", "many"], "--since"),
    (["session", "update", "1-a", "-n", ""], "empty"),
    (["session", "explode"], "explode"),
    (["session"], "VERB"),
    ([], "COMMAND"),
    (["dataset", "create", "rows", "missing.jsonl"], "not a file"),
    (["reply", "--gate", "door", "yes"], "--gate"),
    (["understand", "--kind", "instructions", "missing.jsonl"], "can't be read"),
]


@pytest.mark.parametrize(("arguments", "words"), NO_SERVER, ids=[" ".join(case[0]) or "nothing" for case in NO_SERVER])
def test_wrong_usage_is_code_2_and_starts_nothing(
    arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("FIREAGENT_HOME", str(home))
    found = run(*arguments)
    assert found.code == 2
    assert words in found.err
    assert "Traceback" not in found.err
    assert not home.exists()


def test_a_home_that_cant_be_used_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FIREAGENT_HOME", str(tmp_path / "file" / "home"))
    found = run("session", "list")
    assert found.code == 1
    assert "can't be used" in found.err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["session", "get", "1-ffff"], 2, "no session"),
        (["session", "events", "1-ffff"], 2, "no session"),
        (["session", "events", "1-ffff", "--wait"], 2, "no session"),
        (["session", "update", "1-ffff", "-n", "Approved, proceed."], 2, "no session"),
        (["session", "cancel", "1-ffff"], 2, "no session"),
        (["session", "delete", "1-ffff"], 2, "no session"),
        (["session", "get", ""], 2, "not the id"),
        (["session", "get", "../../etc/passwd"], 2, "not the id"),
        (["session", "create", "-n", "train " * 20_000], 2, "at most 32,000"),
        (["session", "create", "-n", "x", "--platform-url", "http://example.com"], 2, "not an address"),
        (["session", "create", "-n", "x", "--platform-url", "https://example.com/inference/v1"], 2, "without a path"),
        (["session", "create", "-n", "x", "--platform-url", "http://127.0.0.1:9"], 1, "can't be reached"),
        (["session", "create", "-n", "x", "-a", "a b"], 2, "not the id of an account"),
        (["session", "list", "--filter", "color=red"], 2, "filter"),
        (["session", "list", "--order-by", "size"], 2, "order by"),
        (["session", "list", "--page-size", "-1"], 2, "page size"),
        (["session", "list", "--page-token", "???"], 2, "page token"),
        (["dataset", "get", "nothing-here"], 2, "nothing-here"),
        (["dataset", "download", "nothing-here"], 2, "nothing-here"),
        (["deployment", "stop", "nothing-here"], 2, "nothing-here"),
    ],
)
def test_the_server_refuses_in_words(desk: Desk, arguments: list[str], code: int, words: str) -> None:
    found = desk(*arguments)
    assert found.code == code, found.err
    assert words in found.err
    assert "Traceback" not in found.err


BAD_FILES: list[tuple[str, bytes, str]] = [
    ("empty", b"", "0 rows"),
    ("one row", b'{"messages": []}\n', "1 rows"),
    ("not JSONL", b"a,b\n1,2\n3,4\n", "line 1 is not a JSON object"),
    ("an array", b"[1]\n[2]\n[3]\n", "line 1 is not a JSON object"),
    ("cut off", b'{"a": 1}\n{"a": 1}\n{"a": 1}\n{"a"', "line 4 is not a JSON object"),
    ("binary", bytes(range(256)) * 4, "line 1 is not a JSON object"),
    ("a byte order mark", b'\xef\xbb\xbf{"a": 1}\n{"a": 1}\n{"a": 1}\n', "byte order mark"),
    ("invalid UTF-8", b'{"a": "\xff"}\n' * 3, "line 1 is not a JSON object"),
]


@pytest.mark.parametrize(("content", "words"), [c[1:] for c in BAD_FILES], ids=[c[0] for c in BAD_FILES])
def test_a_file_that_is_no_data_set_is_refused_with_its_line(
    desk: Desk, content: bytes, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(content)
    before = desk.platform.count("POST", "/datasets")
    found = desk("dataset", "create", "bad-rows", str(path))
    assert found.code == 2
    assert words in found.err
    assert desk.platform.count("POST", "/datasets") == before


def test_an_existing_data_set_is_never_overwritten(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(jsonl(chat_rows(4)))
    assert desk("dataset", "create", "mine", str(path)).code == 0
    assert desk("dataset", "get", "accounts/local/datasets/mine", "-o", "json").json["state"] == "READY"
    again = desk("dataset", "create", "mine", str(path))
    assert again.code == 3
    assert "already" in again.err
    assert desk("dataset", "download", "mine", str(tmp_path / "back")).code == 0
    (copy,) = (tmp_path / "back").iterdir()
    assert copy.read_bytes() == path.read_bytes()
    assert desk("dataset", "download", "mine", str(tmp_path / "back")).code == 3


def test_an_upload_that_was_cut_off_goes_on(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(jsonl(chat_rows(4)))
    desk.platform.faults.append(Fault("POST", r"/datasets/cut:getUploadEndpoint", status=400, times=1))
    assert desk("dataset", "create", "cut", str(path)).code == 1
    assert desk("dataset", "get", "cut", "-o", "json").json["state"] == "UPLOADING"
    assert desk("dataset", "create", "cut", str(path)).code == 0
    assert desk("dataset", "get", "cut", "-o", "json").json["state"] == "READY"


@pytest.mark.parametrize("status", [401, 403, 429, 500])
def test_the_platforms_errors_are_told_with_whose_they_are(desk: Desk, status: int) -> None:
    fault = Fault("GET", r"/datasets$", status=status, headers={"x-should-retry": "false"})
    desk.platform.faults.append(fault)
    try:
        found = desk("dataset", "list")
    finally:
        desk.platform.faults.remove(fault)
    assert found.code == 1
    assert f"HTTP {status}" in found.err
    assert "next: " in found.err


def test_the_users_own_lists(desk: Desk) -> None:
    models = desk("model", "list", "-o", "json").json
    assert {"name", "parameter_count", "tunable"} <= set(models[0])
    assert desk("model", "list", "--tunable").out.splitlines()[0].startswith("NAME")
    assert desk("deployment", "list").code == 0
    assert "tickets" in desk("dataset", "ls").out
    assert desk("whoami", "-o", "json").json["account"] == "local"
    checks = desk("doctor", "-o", "json").json
    assert {check["name"]: check["ok"] for check in checks}["platform"]
