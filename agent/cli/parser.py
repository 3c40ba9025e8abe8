"""Verbs and flags, as the hosted agent's CLI has them. Each verb names the function that runs it.

Functions are imported when their verb is chosen: a command loads only what it needs (`benchmarks/cli_startup.py`).
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable
from typing import Any

from agent.server.home import VERSION


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command with its flags; `run` is its function. Wrong usage ends the process with code 2."""
    parser = argparse.ArgumentParser(
        prog="fireagent", description="Say what to fine-tune, approve the plan, get a model."
    )
    parser.add_argument("--version", action="version", version=f"fireagent {VERSION}")
    verbs = parser.add_subparsers(metavar="COMMAND", required=True)
    for build in (_session, _reading, _resources, _programs):
        build(_Verbs(verbs))
    return parser.parse_args(arguments)


def _session(add: _Verbs) -> None:
    group = add("session", "sessions: from an instruction to a deployed model").add_subparsers(
        metavar="VERB", required=True
    )
    verb = _Verbs(group)
    create = verb("create", "begin a session", "sessions:create")
    _instruction(create, "what to do, in plain words; '-' reads standard input")
    create.add_argument("-w", "--wait", action="store_true", help="show events until it waits for you or has ended")
    create.add_argument("--dry-run", action="store_true", help="show what is understood; sends nothing")
    create.add_argument(
        "--approve-up-to", type=float, metavar="USD", help="your yes to a plan that costs at most so much"
    )
    _planner(create)
    events = verb("events", "show what happened", "sessions:events")
    events.add_argument("session", metavar="ID")
    events.add_argument("-w", "--wait", action="store_true", help="go on until it waits for you or has ended")
    events.add_argument("--since", type=int, default=0, metavar="SEQ", help="only what came after this event")
    update = verb("update", "answer, or change something", "sessions:update")
    update.add_argument("session", metavar="ID")
    _instruction(update, "your answer, in plain words; '-' reads standard input")
    update.add_argument("--gate", default="", metavar="DIGEST", help="take the answer only if this is what is open")
    update.add_argument(
        "-w", "--wait", action="store_true", help="then show events until it waits for you or has ended"
    )
    for name, about in (
        ("get", "show one session"),
        ("cancel", "end it; what runs is stopped"),
        ("delete", "drop an ended one"),
    ):
        verb(name, about, f"sessions:{name}").add_argument("session", metavar="ID")
    listed = verb("list", "show all sessions", "sessions:listed", aliases=["ls"])
    listed.add_argument("--filter", default="", help="such as 'status=waiting'")
    listed.add_argument("--order-by", default="", help="such as 'create_time desc'")
    listed.add_argument("--page-size", type=int, default=0)
    listed.add_argument("--page-token", default="")
    listed.add_argument("--no-paginate", action="store_true", help="all pages at once")
    for parser in verb.parsers.values():
        _access(parser)


def _reading(add: _Verbs) -> None:
    reply = add("reply", "show how a reply would be read; sends nothing", "reading:reply")
    reply.add_argument("text", help="the reply; '-' reads standard input")
    reply.add_argument("--gate", required=True, choices=("plan", "promotion", "comparison", "question"))
    reply.add_argument("--context", default="", help="the agent's last words")
    _output(reply)
    understand = add("understand", "read benchmark cases and print predictions", "reading:understand")
    understand.add_argument("--kind", required=True, choices=("instructions", "replies"))
    understand.add_argument("file", metavar="FILE.jsonl")
    _planner(understand)


def _resources(add: _Verbs) -> None:
    dataset = _Verbs(add("dataset", "your data sets").add_subparsers(metavar="VERB", required=True))
    create = dataset("create", "upload a JSONL file", "resources:dataset_create")
    create.add_argument("name", metavar="NAME")
    create.add_argument("file", metavar="FILE")
    create.add_argument("--display-name", default="")
    dataset("list", "show all", "resources:dataset_list", aliases=["ls"])
    dataset("get", "show one", "resources:dataset_get").add_argument("name", metavar="NAME")
    download = dataset("download", "fetch its files", "resources:dataset_download")
    download.add_argument("name", metavar="NAME")
    download.add_argument("folder", metavar="FOLDER", nargs="?", default=".")
    model = _Verbs(add("model", "base models and your own").add_subparsers(metavar="VERB", required=True))
    models = model("list", "show all", "resources:model_list", aliases=["ls"])
    models.add_argument("--tunable", action="store_true", help="only those that can be tuned")
    deployment = _Verbs(add("deployment", "what serves").add_subparsers(metavar="VERB", required=True))
    deployment("list", "show all", "resources:deployment_list", aliases=["ls"])
    deployment("stop", "scale to zero", "resources:deployment_stop").add_argument("name", metavar="NAME")
    who = add("whoami", "which account and platform", "resources:whoami")
    doctor = add("doctor", "check everything that a session needs", "resources:doctor")
    for parser in (*dataset.parsers.values(), *model.parsers.values(), *deployment.parsers.values(), who, doctor):
        _access(parser)


def _programs(add: _Verbs) -> None:
    chat = add("chat", "talk to a session", "chat:chat")
    chat.add_argument("session", metavar="ID", nargs="?", default="", help="a session to go on with")
    _planner(chat)
    _access(chat)
    serve = add("serve", "run the session server here", "programs:serve")
    serve.add_argument("--port", type=int, default=0, help="0 = any free port")
    add("stop", "end the session server", "programs:stop")
    platform = add("platform", "the local platform").add_subparsers(metavar="VERB", required=True)
    alone = _Verbs(platform)("serve", "run the local platform alone", "programs:platform")
    alone.add_argument("--port", type=int, default=0, help="0 = any free port")


class _Verbs:
    """Adds a verb to a group of verbs."""

    def __init__(self, verbs: Any) -> None:
        self.parsers: dict[str, argparse.ArgumentParser] = {}
        self._verbs = verbs

    def __call__(
        self, name: str, about: str, function: str = "", aliases: list[str] | None = None
    ) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = self._verbs.add_parser(
            name, help=about, description=about, aliases=aliases or []
        )
        if function:
            parser.set_defaults(run=_late(function))
        self.parsers[name] = parser
        return parser


def _late(function: str) -> Callable[[argparse.Namespace], int]:
    module, _, name = function.partition(":")

    def run(command: argparse.Namespace) -> int:
        found: Callable[[argparse.Namespace], int] = getattr(importlib.import_module(f"agent.cli.{module}"), name)
        return found(command)

    return run


def _instruction(parser: argparse.ArgumentParser, about: str) -> None:
    parser.add_argument("-n", "--instruction", required=True, metavar="TEXT", help=about)


def _planner(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--planner", choices=("offline", "llm"), help="who reads and plans; else FIREAGENT_PLANNER, else offline"
    )


def _output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")


def _access(parser: argparse.ArgumentParser) -> None:
    """What every verb that may reach a platform takes."""
    parser.add_argument("--api-key", metavar="KEY", help="else FIREWORKS_AGENT_API_KEY, FIREWORKS_API_KEY, .env")
    parser.add_argument("-a", "--account-id", metavar="ACCOUNT", help="else the key's own")
    parser.add_argument(
        "--platform-url", metavar="URL", help="a server that speaks the Fireworks API; 'local' for the local one"
    )
    parser.add_argument("--scope", default="optimize")
    _output(parser)
