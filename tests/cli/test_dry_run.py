"""Reading words without sending anything, and where keys come from."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from agent.cli.keys import access
from agent.cli.problems import Failure
from agent.cli.reading import SHIPPED_MODELS
from agent.cli.sessions import with_files
from tests.cli.conftest import ROOT, run

INSTRUCTION = "Run supervised fine-tuning on accounts/acme/datasets/tickets. Use Qwen3 8B. Use 2 epochs."
DEAF = """
import sys

def watch(event, arguments):
    if event in ("socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen", "os.posix_spawn", "os.exec"):
        raise SystemExit(f"a dry run did {event}")

sys.addaudithook(watch)
from agent.cli.main import main
sys.exit(main())
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["session", "create", "--dry-run", "-o", "json", "--api-key", "fw_secret", "-n", INSTRUCTION],
        ["reply", "--gate", "plan", "-o", "json", "Use 2 epochs."],
    ],
)
def test_nothing_is_sent_started_or_written(arguments: list[str], tmp_path: Path) -> None:
    home, work = tmp_path / "home", tmp_path / "work"
    work.mkdir()
    environment = {**os.environ, "FIREAGENT_HOME": str(home), "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", DEAF, *arguments], cwd=work, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)
    assert not home.exists()
    assert list(work.iterdir()) == []


def test_the_hook_of_the_test_above_would_notice() -> None:
    code = DEAF.replace("from agent.cli.main import main", "import socket; socket.create_connection(('127.0.0.1', 9))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "a dry run did socket" in done.stderr


def test_a_dry_run_knows_the_models_that_come_with_the_project() -> None:
    catalog = yaml.safe_load((Path(__file__).parents[2] / "local_platform" / "catalog.yaml").read_text("utf-8"))
    assert tuple(model["id"] for model in catalog["models"]) == SHIPPED_MODELS
    found = run("session", "create", "--dry-run", "-o", "json", "-n", "SFT on ./tickets.jsonl with ember-1m.").json
    assert found["request"]["base_models"] == ["ember-1m"]


def test_a_dry_run_shows_what_was_understood() -> None:
    found = run("session", "create", "--dry-run", "-o", "json", "-n", "-", stdin=INSTRUCTION).json
    assert set(found) == {"request", "missing", "questions", "refused", "notes"}
    assert found["request"]["workflow"] == "sft"
    assert found["request"]["train_dataset"] == "accounts/acme/datasets/tickets"
    assert found["missing"] == []
    missing = run("session", "create", "--dry-run", "-n", "Fine-tune a model on accounts/acme/datasets/tickets.")
    assert "Missing: base_models" in missing.out


def test_a_reply_is_read_at_its_gate() -> None:
    assert run("reply", "--gate", "plan", "-o", "json", "Approved, proceed.").json == {
        "label": "approve",
        "changes": {},
    }
    assert run("reply", "--gate", "plan", "-o", "json", "Use 2 epochs.").json["changes"] == {"epochs": [2]}


def test_benchmark_cases_become_predictions(tmp_path: Path) -> None:
    cases = tmp_path / "cases.jsonl"
    cases.write_text(json.dumps({"id": "a", "instruction": INSTRUCTION}) + "\n\n")
    row = json.loads(run("understand", "--kind", "instructions", str(cases)).out)
    assert row["id"] == "a"
    assert row["pred"]["epochs"] == [2]
    replies = tmp_path / "replies.jsonl"
    replies.write_text(json.dumps({"id": "b", "gate": "plan", "reply": "Approved, proceed."}) + "\n")
    assert json.loads(run("understand", "--kind", "replies", str(replies)).out)["label"] == "approve"
    wrong = run("understand", "--kind", "replies", str(cases))
    assert wrong.code == 2
    assert "case a" in wrong.err


def test_the_cli_imports_neither_sdk_nor_framework() -> None:
    code = (
        "import sys; import agent.cli.main, agent.cli.sessions, agent.cli.watch; "
        "print([m for m in ('fireworks', 'fastapi', 'pydantic', 'httpx', 'rich', 'asyncio', 'http') if m in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_files_that_lie_here_get_their_whole_name() -> None:
    here = Path.cwd()
    (here / "data").mkdir()
    for name in ("rows.jsonl", "data/more.v2.jsonl"):
        (here / name).write_text("{}")
    text = "Train on ./rows.jsonl, data/more.v2.jsonl; not accounts/a/datasets/rows.jsonl, /x/rows.jsonl or none.jsonl."
    assert with_files(text) == text.replace("./rows", f"{here}/rows").replace("data/more", f"{here}/data/more")


def test_keys_come_from_flag_environment_and_file_in_this_order(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("# a comment\nexport FIREWORKS_API_KEY='fw_file'\nOTHER=1\n")
    assert access(None, None, None).key == "fw_file"
    monkeypatch.setenv("FIREWORKS_API_KEY", "fw_environment")
    assert access(None, None, None).key == "fw_environment"
    monkeypatch.setenv("FIREWORKS_AGENT_API_KEY", "fw_agent")
    assert access(None, None, None).key == "fw_agent"
    given = access("fw_flag", None, "acme")
    assert (given.key, given.given, given.account) == ("fw_flag", True, "acme")


def test_a_platform_on_this_machine_gets_no_cloud_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREWORKS_API_KEY", "fw_environment")
    assert access(None, "http://127.0.0.1:9", None).key == ""
    assert access(None, "local", None) == ("", "", "", False)
    monkeypatch.setenv("FIREAGENT_PLATFORM_KEY", "own")
    assert access(None, "http://localhost:9", None).key == "own"
    assert access(None, "https://example.com", None).key == "own", "a cloud key goes to the cloud alone"
    assert access(None, "https://api.fireworks.ai", None).key == "fw_environment"


@pytest.mark.parametrize("key", ["", " ", "a b", "a\nb"])
def test_an_unusable_key_is_an_error(key: str) -> None:
    with pytest.raises(Failure):
        access(key, None, None)
