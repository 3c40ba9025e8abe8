"""Child processes that start at once: forked from a helper process that has imported torch, TRL and PEFT already.

Importing them costs about five seconds and 400 MB; forked children share both. A child ends when the platform does, however
the platform ends, so no job is ever run twice by two platforms.
"""

import multiprocessing
import os
import threading
from collections.abc import Callable
from multiprocessing import connection, forkserver
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Any

from tqdm import tqdm

from local_platform.settings import CHILD_ENVIRONMENT

_PRELOADED = ["local_platform.training.sft", "local_platform.inference"]


def context() -> ForkServerContext:
    """The start method of all children; the helper is started in the background on the first call."""
    # Spawned helpers inherit the environment, and the libraries read it when they are imported there.
    os.environ.update(CHILD_ENVIRONMENT)
    chosen = multiprocessing.get_context("forkserver")
    chosen.set_forkserver_preload(_PRELOADED)
    forkserver.ensure_running()
    return chosen


def start(target: Callable[..., None], *arguments: Any) -> ForkServerProcess:
    """Run `target(*arguments)` in a child that ends with this process."""
    process = context().Process(target=_guarded, args=(target, *arguments), daemon=True)
    process.start()
    return process


def _guarded(target: Callable[..., None], *arguments: Any) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # By default progress bars share a lock between processes, which a killed child would leave behind.
    tqdm.set_lock(threading.RLock())
    target(*arguments)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
