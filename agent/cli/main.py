"""`fireagent`: one command line for sessions, the user's own resources, and the programs behind them."""

from __future__ import annotations

import os
import sys

from agent.cli.parser import parse
from agent.cli.problems import DONE, Failure, tell

INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; the exit code says how it went (see `problems`)."""
    try:
        command = parse(sys.argv[1:] if arguments is None else arguments)
        code = command.run(command)
        sys.stdout.flush()
        return int(code)
    except Failure as failure:
        return tell(failure)
    except KeyboardInterrupt:
        print("\nLeft. The session goes on; nothing was cancelled.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone, as `head` does: what Python still wants to flush goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


if __name__ == "__main__":
    sys.exit(main())
