"""The job queue: which job runs now, and what becomes of it. How a job runs is the runner's affair.

    CREATING -> PENDING -> RUNNING -> COMPLETED | FAILED
                   ^          |
                   +-RE_QUEUEING (process lost, at most `max_requeues` times)
    any of these -> CANCELLING -> CANCELLED

All decisions are taken in `tick`, from what the store and the runner say, so a restart of the platform loses nothing:
a job that was running starts anew (its process died with the platform), a waiting one waits on.
"""

import json
import logging
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from local_platform.settings import Settings
from local_platform.store import AlreadyExistsError, Document, Resource, ResourceNotFoundError, Store, now

log = logging.getLogger(__name__)

CREATING, PENDING, RUNNING, REQUEUEING, CANCELLING, COMPLETED, FAILED, CANCELLED = (
    f"JOB_STATE_{word}"
    for word in ("CREATING", "PENDING", "RUNNING", "RE_QUEUEING", "CANCELLING", "COMPLETED", "FAILED", "CANCELLED")
)
ACTIVE = (CREATING, PENDING, RUNNING, REQUEUEING, CANCELLING)


@dataclass(frozen=True)
class Report:
    """What a runner knows of one job. `code` and `message` explain a failure; `progress` is the API's jobProgress."""

    state: Literal["waiting", "running", "completed", "failed", "lost"]
    progress: Document = field(default_factory=dict)
    code: str = "OK"
    message: str = ""


class Runner(Protocol):
    """Runs jobs. `folder` holds job.json (the spec) and receives whatever the job leaves behind."""

    def start(self, job: Resource, folder: Path) -> None:
        """Begin; return at once."""

    def report(self, job: Resource, folder: Path) -> Report:
        """How a started job stands."""

    def stop(self, job: Resource, folder: Path) -> None:
        """End the job's process if there is one; return when it is gone."""

    def close(self) -> None:
        """End all."""


@dataclass(frozen=True)
class JobKind:
    """A collection of jobs: the module that runs one, and what its success brings into being."""

    collection: str
    module: str
    finish: Callable[[Resource, Path], None]


class JobQueue:
    """Moves every job of every kind on, one `tick` at a time. Safe to call from several threads."""

    def __init__(self, settings: Settings, store: Store, runner: Runner, kinds: tuple[JobKind, ...]) -> None:
        self._settings = settings
        self._store = store
        self._runner = runner
        self._kinds = {kind.collection: kind for kind in kinds}
        self._lock = threading.RLock()
        self.wake = threading.Event()

    def folder(self, job: Resource) -> Path:
        return self._settings.jobs / job.collection / job.id

    def recover(self) -> None:
        """After a restart: jobs that ran start anew. Their processes ended with the platform that started them."""
        for kind in self._kinds:
            for job in self._store.list(kind, ACTIVE):
                self._store.update(job.name, lambda _, private: private.update(started=False))

    def submit(self, collection: str, name: str, document: Document, spec: Document) -> Resource:
        """Queue a new job. `spec` is what its process reads as job.json. Raises AlreadyExistsError."""
        private = {"spec": {"name": name, "module": self._kinds[collection].module, **spec}, "requeues": 0}
        document = {**document, "state": CREATING, "status": {"code": "OK", "message": ""}}
        job = self._store.create(collection, name, document, private)
        self.wake.set()
        return job

    def cancel(self, name: str) -> bool:
        """Ask for the end of a job; False when it has already ended. Raises ResourceNotFoundError."""
        job = self._store.update(name, _ask_cancel)
        self.wake.set()
        return job.state == CANCELLING

    def delete(self, name: str) -> None:
        """End a job and forget it with its files; the model it made stays. Raises ResourceNotFoundError."""
        with self._lock:
            job = self._store.get(name)
            if job.state in ACTIVE:
                self._runner.stop(job, self.folder(job))
            self._store.delete(name)
            shutil.rmtree(self.folder(job), ignore_errors=True)

    def tick(self) -> None:
        """Look at every active job once and move it on."""
        with self._lock:
            jobs = [job for kind in self._kinds for job in self._store.list(kind, ACTIVE)]
            jobs.sort(key=lambda job: (job.create_time, job.name))
            free = self._settings.max_running_jobs - sum(1 for job in jobs if job.private.get("started"))
            for job in jobs:
                waits = job.state in (PENDING, REQUEUEING, RUNNING) and not job.private.get("started")
                if waits and free <= 0:
                    continue
                free -= waits
                try:
                    self._advance(job)
                except Exception:
                    # What goes wrong with one job must not stop the others; the traceback is logged whole.
                    log.exception("%s could not be moved on", job.name)
                    self._end(job, FAILED, "INTERNAL", "the platform failed on this job; its own log says where")

    def _advance(self, job: Resource) -> None:
        if job.state == CANCELLING:
            self._runner.stop(job, self.folder(job))
            self._end(job, CANCELLED, "CANCELLED", "cancelled by the user")
        elif job.private.get("started"):
            self._observe(job)
        elif job.state == CREATING:
            self._prepare(job)
        else:
            self._runner.start(job, self.folder(job))
            self._change(job, lambda _, private: private.update(started=True))

    def _prepare(self, job: Resource) -> None:
        folder = self.folder(job)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "job.json").write_text(json.dumps(job.private["spec"], indent=1))
        self._change(job, lambda document, _: document.update(state=PENDING))

    def _observe(self, job: Resource) -> None:
        report = self._runner.report(job, self.folder(job))
        if report.state == "running":
            progress = {**job.document.get("jobProgress", {}), **report.progress}
            self._change(job, lambda document, _: document.update(state=RUNNING, jobProgress=progress))
        elif report.state == "completed":
            self._finish(job, report.progress)
        elif report.state == "failed":
            self._end(job, FAILED, report.code, report.message)
        elif report.state == "lost":
            self._lost(job, report.message)

    def _finish(self, job: Resource, last: Document) -> None:
        try:
            self._kinds[job.collection].finish(job, self.folder(job))
        except AlreadyExistsError as error:
            self._end(job, FAILED, "ALREADY_EXISTS", f"trained, but {error} was made by another job meanwhile")
            return
        self._end(job, COMPLETED, "OK", "", {**job.document.get("jobProgress", {}), **last, "percent": 100})

    def _lost(self, job: Resource, message: str) -> None:
        if job.private["requeues"] >= self._settings.max_requeues:
            tries = job.private["requeues"] + 1
            self._end(job, FAILED, "UNAVAILABLE", f"the job's process was lost {tries} times; last: {message}")
            return

        def requeue(document: Document, private: Document) -> None:
            private.update(started=False, requeues=private["requeues"] + 1)
            document.update(state=REQUEUEING, status={"code": "UNAVAILABLE", "message": f"started anew: {message}"})
            document.pop("jobProgress", None)

        self._change(job, requeue)

    def _end(self, job: Resource, state: str, code: str, message: str, progress: Document | None = None) -> None:
        def end(document: Document, private: Document) -> None:
            private["started"] = False
            document.update(state=state, status={"code": code, "message": message}, completedTime=now())
            if progress:
                document["jobProgress"] = progress

        self._change(job, end, even_cancelling=True)

    def _change(
        self, job: Resource, change: Callable[[Document, Document], None], *, even_cancelling: bool = False
    ) -> None:
        """Apply a change, unless the job was deleted or its cancellation was asked for since it was read."""

        def guarded(document: Document, private: Document) -> None:
            if even_cancelling or document["state"] != CANCELLING:
                change(document, private)

        try:
            self._store.update(job.name, guarded)
        except ResourceNotFoundError:
            return


def _ask_cancel(document: Document, _: Document) -> None:
    if document["state"] in ACTIVE:
        document["state"] = CANCELLING
