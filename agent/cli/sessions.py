"""The session verbs."""

from __future__ import annotations

import json
import os
import re
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from agent.cli.client import Client
from agent.cli.keys import Planner, access, llm_key, planner
from agent.cli.problems import DONE, usage
from agent.cli.tables import one_line, show_json, table
from agent.cli.watch import exit_code, watch

ID_LIMIT = 80
_FILE = re.compile(r"(?<![\w./~-])(?:\.{1,2}/)*\w[\w./-]*\.jsonl?\b")


def create(command: Namespace) -> int:
    """Begins a session and prints its id; a dry run only reads."""
    text = words(command.instruction)
    way = access(command.api_key, command.platform_url, command.account_id)
    if command.approve_up_to is not None and not 0 <= command.approve_up_to < float("inf"):
        raise usage("--approve-up-to must be an amount of USD, 0 or more")
    if command.dry_run:
        from agent.cli.reading import dry_run

        return dry_run(text, command.output)
    plans = planner(command.planner)
    client = Client()
    session = begin(client, text, way, command.scope, command.approve_up_to, plans)
    if command.output == "json":
        show_json({"session_id": session})
    else:
        print(f"Session ID: {session}", flush=True)
        if not command.wait and sys.stderr.isatty():
            print(f"Look on and answer with: fireagent chat {session}", file=sys.stderr)
    return _watched(client, session, 0, command.output) if command.wait else DONE


def begin(client: Client, text: str, way: Any, scope: str, approve_up_to: float | None, plans: Planner) -> str:
    """Creates a session; repeated delivery creates one."""
    body = {
        "instruction": with_files(text),
        "request_key": os.urandom(16).hex(),
        "account": way.account,
        "scope": scope,
        "api_key": way.key,
        "platform_url": way.url,
        "approve_up_to": approve_up_to,
        **plans.body(),
    }
    return str(client.call("POST", "/v1/sessions", body)["session_id"])


def events(command: Namespace) -> int:
    """Prints the history, and with --wait what comes."""
    access(command.api_key, command.platform_url, command.account_id)
    if command.since < 0:
        raise usage("--since is the number of an event, 0 or more")
    client, path = Client(), session_path(command.session)
    if command.wait:
        client.call("GET", path)
        return _watched(client, command.session, command.since, command.output)
    query = urlencode({"since": command.since, "format": command.output})
    answer = client.answer("GET", f"{path}/events?{query}")
    if command.output == "text":
        sys.stdout.write(answer.body.decode("utf-8"))
    else:
        for event in answer.json()["events"]:
            show_line(event)
    return DONE


def update(command: Namespace) -> int:
    """Says something to a session."""
    text = words(command.instruction)
    way = access(command.api_key, command.platform_url, command.account_id)
    client, path = Client(), session_path(command.session)
    before = int(client.call("GET", path)["last_seq"]) if command.wait else 0
    taken = say(client, path, text, command.gate, way)
    if command.output == "json":
        show_json(taken)
    else:
        print(f"Session {command.session}: {taken_as(taken)}", flush=True)
    return _watched(client, command.session, before, command.output) if command.wait else DONE


def say(client: Client, path: str, text: str, gate: str, way: Any, seen: int | None = None) -> dict[str, Any]:
    """Delivers a message once. `seen`: the last event that was shown to the user, where that is known."""
    body = {
        "text": with_files(text),
        "key": os.urandom(16).hex(),
        "gate": gate,
        "seen": seen,
        "api_key": way.key,
        "replace_key": way.given,
        "llm_key": llm_key(),
    }
    taken: dict[str, Any] = client.call("POST", f"{path}/messages", body)
    return taken


def get(command: Namespace) -> int:
    """Shows one session."""
    access(command.api_key, command.platform_url, command.account_id)
    answer = Client().answer("GET", session_path(command.session))
    if command.output == "json":
        show_json(answer.json())
        return DONE
    found = answer.json()
    cost, gate, deployment = found["cost"], found["gate"], found["deployment"]
    rows = [
        ("Session ID", found["session_id"]),
        ("Status", found["status"]),
        ("Phase", found["phase"]),
        ("Workflow", found["workflow"]),
        ("Account", found["account"]),
        ("Created", found["create_time"]),
        ("Workspace", found["workspace"]),
        ("Cost", _cost(cost)),
        ("Planner", _planned(found["planner"])),
        *(("Job", f"{job['name']} {job['state']}") for job in found["jobs"]),
        ("Deployment", f"{deployment['name']} {deployment['state']}" if deployment else ""),
        ("Reason", found["reason"]),
        ("Instruction", found["instruction"]),
        ("Waiting for", gate["question"] if gate and found["status"] == "waiting" else ""),
        ("Gate digest", gate["digest"] if gate else ""),
    ]
    for name, value in rows:
        if value:
            print(f"{name}: {one_line(str(value), 400)}")
    return DONE


def listed(command: Namespace) -> int:
    """Shows a page of sessions, or all."""
    access(command.api_key, command.platform_url, command.account_id)
    client, token = Client(), command.page_token
    rows: list[dict[str, Any]] = []
    while True:
        query = {
            "filter": command.filter,
            "order_by": command.order_by,
            "page_size": command.page_size,
            "page_token": token,
        }
        page = client.call("GET", f"/v1/sessions?{urlencode(query)}")
        rows += page["sessions"]
        token = page["next_page_token"]
        if not (token and command.no_paginate):
            break
    if command.output == "json":
        show_json({"sessions": rows, "next_page_token": token, "total_size": page["total_size"]})
        return DONE
    names = ("SESSION ID", "STATUS", "PHASE", "CREATED", "INSTRUCTION")
    cells = [
        (r["session_id"], r["status"], r["phase"], r["create_time"][:19], one_line(r["instruction"], 60)) for r in rows
    ]
    print(table(names, cells))
    if token:
        print(f"\n{page['total_size']} in all. Next page: --page-token {token}")
    return DONE


def cancel(command: Namespace) -> int:
    """Asks for the end of a session."""
    access(command.api_key, command.platform_url, command.account_id)
    taken = Client().call("POST", f"{session_path(command.session)}:cancel")
    if command.output == "json":
        show_json(taken)
    else:
        print(f"Session {command.session} is being cancelled: what it runs is stopped, then its report is written.")
    return DONE


def delete(command: Namespace) -> int:
    """Drops an ended session and its folder."""
    access(command.api_key, command.platform_url, command.account_id)
    taken = Client().call("DELETE", session_path(command.session))
    if command.output == "json":
        show_json(taken)
    else:
        print(f"Session {command.session} and its folder are deleted. What it made on the platform stays.")
    return DONE


def session_path(session: str) -> str:
    """The route of a session. Raises Failure for what can't be an id."""
    if not session.strip() or len(session) > ID_LIMIT or "/" in session:
        raise usage(f"{session[:ID_LIMIT]!r} is not the id of a session", "`fireagent session list` shows all.")
    return f"/v1/sessions/{quote(session, safe='')}"


def words(text: str) -> str:
    """The user's text; "-" reads it from standard input. Raises Failure when it is empty."""
    if text == "-":
        text = sys.stdin.read()
    if not text.strip():
        raise usage(
            "the instruction is empty", "Say in plain words what to do: -n 'Run supervised fine-tuning on ...'."
        )
    return text


def with_files(text: str) -> str:
    """The text with relative names of files that lie here made absolute: the server has no current folder of the user's."""

    def absolute(found: re.Match[str]) -> str:
        path = Path(found[0])
        return str(path.absolute()) if path.is_file() else found[0]

    return _FILE.sub(absolute, text)


def show_line(value: Any) -> None:
    """One JSON value on one line."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def _watched(client: Client, session: str, since: int, output: str) -> int:
    status = watch(client, session, since, output).status
    if status == "waiting" and sys.stderr.isatty():
        print(f'\nAnswer with: fireagent session update {session} -n "..."', file=sys.stderr)
    return exit_code(status)


def taken_as(taken: dict[str, Any]) -> str:
    """How the server read a message, in words."""
    reading = taken.get("reading") or {}
    label = {
        "approve": "taken as a yes",
        "revise": "taken as a change",
        "reject": "taken as a no",
        "ask": "taken as a question",
    }.get(str(reading.get("label")), "not clear as an answer; nothing was started by it")
    changes = reading.get("changes") or {}
    return f"{label}: {json.dumps(changes, ensure_ascii=False)}" if changes else f"{label}."


def _planned(planner: dict[str, Any]) -> str:
    """What a model as planner came to; nothing for the offline one."""
    if not planner["model"]:
        return ""
    price = "price unknown" if planner["cost_usd"] is None else f"${planner['cost_usd']:.4f}"
    tokens = planner["prompt_tokens"] + planner["completion_tokens"]
    return f"{planner['model']}, {planner['calls']} calls, {tokens:,} tokens, {price}"


def _cost(cost: dict[str, Any]) -> str:
    if cost["estimated_usd"] is None:
        return "nothing planned yet"
    actual = "not reported by the platform" if cost["actual_usd"] is None else f"${cost['actual_usd']:.2f}"
    return f"estimated up to ${cost['estimated_usd']:.2f}, actual {actual}"
