"""The whole job through the command line, driven with the grep and awk lines that people use on the hosted agent."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

import agent.cli.chat
from tests.cli.conftest import Desk, until
from tests.house import INSTRUCTION, chat_rows, jsonl

LAST_QUESTION = '/\\] status_info:/{buf=""} {buf=buf"\\n"$0} /\\[done\\] session status: waiting/{print buf}'
CONTRACT = {
    "session_id", "status", "phase", "workflow", "workspace", "gate", "request", "plan", "jobs", "cost", "deployment",
    "last_seq",
}  # fmt: skip


def sh(command: str, text: str) -> str:
    return subprocess.run(
        ["bash", "-c", command], input=text, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_from_one_sentence_to_a_deployed_model(desk: Desk) -> None:
    created = desk("session", "create", "--instruction", INSTRUCTION)
    session = sh("awk '/^Session ID:/{print $3}'", created.out)
    assert re.fullmatch(r"\d{10}-[0-9a-f]{4}", session)

    planned = desk("session", "events", session, "--wait")
    assert planned.code == 0
    assert planned.out.endswith("[done] session status: waiting\n")
    question = sh(f"awk '{LAST_QUESTION}'", planned.out)
    assert "## Cost" in question
    assert "Approved, proceed." in question
    stamps = sh(r"grep -oE '^\[[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\]' | tail -1", planned.out)
    assert stamps
    assert sh("awk '/^Status:/{print $2}'", desk("session", "get", session).out) == "waiting"
    assert desk.platform.count("POST", "supervisedFineTuningJobs") == 0

    gate = desk("session", "get", session, "-o", "json").json["gate"]
    assert desk("session", "update", session, "--gate", "0" * 64, "-n", "Approved, proceed.").code == 3
    swept = desk("session", "update", session, "--gate", gate["digest"], "--wait", "-n", "Approved, proceed.")
    assert swept.code == 0, swept.err
    assert "taken as a yes" in swept.out
    assert "# Plan" not in swept.out, "the history is not printed again"
    assert "JOB_STATE_COMPLETED" in swept.out
    assert "# Scoreboard" in sh(f"awk '{LAST_QUESTION}'", swept.out)

    ended = desk("session", "update", session, "-w", "-n", "Proceed with the winning config.")
    assert ended.code == 0, ended.err
    assert ended.out.endswith("[done] session status: succeeded\n")
    everything = desk("session", "events", session).out
    model = sh("grep -oE 'accounts/[a-z0-9_-]+/models/[a-z0-9-]+' | tail -1", everything)
    job = sh("awk -F'`' '/Training Job ID/{print $2}' | tail -1", everything)
    found = desk("session", "get", session, "-o", "json").json
    assert set(found) >= CONTRACT
    assert found["deployment"]["model"] == model
    assert job in {entry["name"].rsplit("/", 1)[-1] for entry in found["jobs"]}
    assert (Path(found["workspace"]) / "final_report.md").is_file()

    lines = desk("session", "events", session, "-o", "json", "--since", "3").out.splitlines()
    events = [json.loads(line) for line in lines]
    assert [event["seq"] for event in events] == list(range(4, found["last_seq"] + 1))
    assert all({"seq", "at", "type", "data"} <= set(event) for event in events)

    late = desk("session", "update", session, "-n", "Approved, proceed.")
    assert late.code == 3
    assert "succeeded" in late.err
    assert desk("session", "cancel", session).code == 3
    assert desk("session", "delete", session).code == 0
    assert desk("session", "get", session).code == 2


def test_a_killed_server_goes_on_where_it_was(desk: Desk) -> None:
    session = desk.create(INSTRUCTION)
    assert desk.settle(session) == "waiting"
    before = desk.platform.count("POST", "supervisedFineTuningJobs$")
    assert desk("session", "update", session, "-n", "Approved, proceed.").code == 0
    until(lambda: desk.platform.count("POST", "supervisedFineTuningJobs$") > before)
    old = desk.kill_server()
    assert desk.settle(session) == "waiting"
    server = desk.home.server()
    assert server is not None
    assert server["pid"] != old
    found = desk("session", "get", session, "-o", "json").json
    names = [job["name"] for job in found["jobs"]]
    assert len(names) == len(set(names)) == len(found["plan"]["candidates"])
    assert found["gate"]["kind"] == "promotion"


def test_a_file_that_lies_here_is_inspected_where_it_lies(desk: Desk) -> None:
    Path("mine.jsonl").write_bytes(jsonl(chat_rows(60)))
    session = desk.create("Run supervised fine-tuning on ./mine.jsonl. Use tiny-a as the base model.")
    assert desk.settle(session) == "waiting"
    found = desk("session", "get", session, "-o", "json").json
    assert found["gate"]["kind"] == "plan"
    assert found["request"]["train_dataset"] == str(Path("mine.jsonl").absolute())
    assert found["plan"]["items"][0]["kind"] == "upload"


def test_a_cancelled_session_ends_with_code_one(desk: Desk) -> None:
    session = desk.create(INSTRUCTION)
    assert desk.settle(session) == "waiting"
    assert desk("session", "cancel", session).code == 0
    ended = desk("session", "events", session, "--wait")
    assert ended.code == 1
    assert ended.out.endswith("[done] session status: cancelled\n")


def test_a_standing_yes_runs_to_the_end_without_a_question(desk: Desk) -> None:
    done = desk("session", "create", "--wait", "--approve-up-to", "1", "-n", INSTRUCTION)
    assert done.code == 0, done.err
    assert done.out.startswith("Session ID: ")
    assert done.out.endswith("[done] session status: succeeded\n")
    assert "--approve-up-to" in done.out


def test_the_list_pages_and_filters(desk: Desk) -> None:
    made = {desk.create(f"Fine-tune something, number {n}.") for n in range(3)}
    every = desk("session", "list", "--page-size", "1", "--no-paginate", "-o", "json").json
    assert made <= {row["session_id"] for row in every["sessions"]}
    assert every["next_page_token"] == ""
    page = desk("session", "ls", "--page-size", "2", "--order-by", "create_time desc")
    assert page.out.splitlines()[0].split() == ["SESSION", "ID", "STATUS", "PHASE", "CREATED", "INSTRUCTION"]
    assert "--page-token" in page.out
    rows = desk("session", "list", "--filter", "status=waiting", "-o", "json").json["sessions"]
    assert {row["status"] for row in rows} <= {"waiting"}


def test_the_chat_loop_drives_a_session(desk: Desk) -> None:
    first, second = INSTRUCTION.split(". ", 1)
    lines = [f"{first}. \\", second, "Approved, proceed.", "Proceed with the winning config.", "How much did we spend?"]
    lines += ['"""', "Now run it again", "with 2 epochs.", '"""', "/help", "/quit", "never read"]
    talked = desk("chat", stdin="\n".join(lines) + "\n")
    assert talked.code == 0, talked.err
    assert talked.out.count("Session ID: ") == 1 and "/cancel" in talked.out
    assert talked.out.count("[done] session status: succeeded") == 2, "the end, and again after the question"
    assert "Reported by the platform so far" in talked.out and "goes on at your word" in talked.out
    session = talked.out.partition("Session ID: ")[2].split()[0]
    found = desk("session", "get", session, "-o", "json").json
    assert found["status"] == "waiting" and found["request"]["epochs"] == [2] and len(found["earlier"]) == 1


def test_a_yes_in_the_chat_loop_is_for_the_gate_that_was_printed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    session = desk.create(INSTRUCTION)
    assert desk.settle(session) == "waiting"

    def line() -> str | None:
        revised = desk("session", "update", session, "-w", "-n", "Use 2 epochs.")
        assert "revision 2" in revised.out
        monkeypatch.setattr(agent.cli.chat, "_line", lambda: None)
        return "Approved, proceed."

    monkeypatch.setattr(agent.cli.chat, "_line", line)
    talked = desk("chat", session)
    assert "a question came up meanwhile that you have not seen" in talked.err
    assert desk("session", "get", session, "-o", "json").json["jobs"] == []
