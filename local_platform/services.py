"""The platform's parts put together, and the two threads that move jobs and deployments on."""

import logging
import threading
from collections.abc import Callable

from local_platform.api.signed_urls import Signer
from local_platform.catalog import load_catalog
from local_platform.deployments import Deployments
from local_platform.engine import Engine
from local_platform.jobs import JobKind, JobQueue, Runner
from local_platform.models import Models
from local_platform.settings import Settings
from local_platform.store import Store

log = logging.getLogger("local_platform")
SFT_JOBS = "supervisedFineTuningJobs"


class Services:
    """Everything the routes need. `start` begins the background work, `close` ends it and all children."""

    def __init__(self, settings: Settings, runner: Runner, engine: Engine) -> None:
        settings.home.mkdir(parents=True, exist_ok=True)
        self.settings = settings
        self.store = Store(settings.database)
        self.signer = Signer(settings.home / "signing.key", settings.signed_url_seconds)
        self.models = Models(settings, self.store, load_catalog(settings.catalog))
        self.engine = engine
        self.deployments = Deployments(self.store, engine, self.models)
        kinds = (JobKind(SFT_JOBS, "local_platform.training.sft", self.models.adopt_adapter),)
        self.jobs = JobQueue(settings, self.store, runner, kinds)
        self._runner = runner
        self._stop = threading.Event()
        self.deployments_wake = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Take up what an earlier process left, and keep things moving."""
        self.jobs.recover()
        for name, tick, wake in (
            ("jobs", self.jobs.tick, self.jobs.wake),
            ("deployments", self.deployments.tick, self.deployments_wake),
        ):
            thread = threading.Thread(target=self._keep_ticking, args=(tick, wake), name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def close(self) -> None:
        """Stop ticking, then end every child process."""
        self._stop.set()
        self.jobs.wake.set()
        self.deployments_wake.set()
        for thread in self._threads:
            thread.join()
        self._runner.close()
        self.engine.close()
        self.store.close()

    def _keep_ticking(self, tick: Callable[[], None], wake: threading.Event) -> None:
        while not self._stop.is_set():
            wake.clear()
            try:
                tick()
            except Exception:
                log.exception("%s: a tick failed; the next one tries again", threading.current_thread().name)
            wake.wait(self.settings.tick_seconds)
