"""Runs each job in a process of its own; the real counterpart of the queue's Runner.

What a job leaves in its folder: progress.json while it runs, result.json at its end, trainer.log throughout. A process that
ended without result.json was either killed from outside (lost) or died of an error of its own (failed).
"""

import importlib
import os
import signal
import sys
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import psutil
from filelock import FileLock

from local_platform import children
from local_platform.job_folder import JobError, read_json, write_json
from local_platform.jobs import Report
from local_platform.store import Resource

_LEFTOVERS = ("progress.json", "result.json", "metrics.jsonl", "trainer.log")


class ProcessRunner:
    """One forked process per job."""

    def __init__(self, memory_bytes: int | None) -> None:
        self._memory_bytes = memory_bytes
        self._processes: dict[str, ForkServerProcess] = {}

    def start(self, job: Resource, folder: Path) -> None:
        for name in _LEFTOVERS:
            (folder / name).unlink(missing_ok=True)
        self._processes[job.name] = children.start(run_job, str(folder))

    def report(self, job: Resource, folder: Path) -> Report:
        process = self._processes.get(job.name)
        if process is None:
            return Report("lost", message="its process is gone")
        if process.is_alive():
            if self._too_large(process):
                self.stop(job, folder)
                return Report("failed", code="RESOURCE_EXHAUSTED", message=f"used more than {self._memory_bytes} bytes")
            return Report("running", read_json(folder / "progress.json"))
        process.join()
        del self._processes[job.name]
        return _verdict(process.exitcode or 0, folder)

    def stop(self, job: Resource, folder: Path) -> None:
        process = self._processes.pop(job.name, None)
        if process is not None:
            process.kill()
            process.join()

    def close(self) -> None:
        for process in self._processes.values():
            process.kill()
            process.join()
        self._processes.clear()

    def _too_large(self, process: ForkServerProcess) -> bool:
        if self._memory_bytes is None or process.pid is None:
            return False
        try:
            return bool(psutil.Process(process.pid).memory_info().rss > self._memory_bytes)
        except psutil.NoSuchProcess:
            return False


def run_job(folder_name: str) -> None:
    """What a job's process does: its module's `main(folder)`, with all output in trainer.log."""
    folder = Path(folder_name)
    log = os.open(folder / "trainer.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for stream in (1, 2):
        os.dup2(log, stream)
    # A process of an earlier platform may take a moment to end: never two at work in one folder.
    with FileLock(folder / "lock", timeout=60):
        module = importlib.import_module(read_json(folder / "job.json")["module"])
        try:
            progress = module.main(folder)
        except JobError as error:
            print(f"failed: {error.code}: {error}", file=sys.stderr)
            write_json(folder / "result.json", {"ok": False, "code": error.code, "message": str(error)})
        else:
            write_json(folder / "result.json", {"ok": True, "progress": progress})


def _verdict(exit_code: int, folder: Path) -> Report:
    result = read_json(folder / "result.json")
    if result:
        if result["ok"]:
            return Report("completed", result["progress"])
        return Report("failed", code=result["code"], message=result["message"])
    if exit_code < 0:
        return Report("lost", message=f"its process was ended by {signal.Signals(-exit_code).name}")
    log = folder / "trainer.log"
    lines = log.read_text(errors="replace").strip().splitlines() if log.is_file() else []
    return Report(
        "failed", code="INTERNAL", message=f"the trainer stopped on an error: {(lines or ['no log'])[-1][:500]}"
    )
