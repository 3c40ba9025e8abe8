"""Runs and ends the programs behind the command line."""

from __future__ import annotations

import os
import sys
from argparse import Namespace

from agent.cli import start
from agent.cli.problems import DONE
from agent.server.home import default_home


def serve(command: Namespace) -> int:
    """Becomes the session server, in the foreground."""
    for name in start.KEYS:
        os.environ.pop(name, None)
    _become("agent.server", "--home", str(default_home().path), "--port", str(command.port))
    return DONE


def stop(_: Namespace) -> int:
    """Ends the session server; sessions go on with the next start."""
    stopped = start.stop(default_home())
    print("The server is stopped. Sessions go on with the next command." if stopped else "No server runs.")
    return DONE


def platform(command: Namespace) -> int:
    """Becomes the local platform, in the foreground."""
    home = default_home()
    home.make()
    _become("local_platform", "--home", str(home.platform), "--port", str(command.port))
    return DONE


def _become(module: str, *arguments: str) -> None:
    """This process goes on as that program, so that signals and exit codes are its own."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-P", "-m", module, *arguments])
