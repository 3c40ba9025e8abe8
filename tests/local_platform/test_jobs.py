"""The queue's decisions, with a runner whose reports are written down."""

from pathlib import Path

import pytest

from local_platform.jobs import JobKind, JobQueue, Report
from local_platform.settings import Settings
from local_platform.store import Resource, Store


class PaperRunner:
    """Reports what it was told; remembers what was started and stopped."""

    def __init__(self) -> None:
        self.reports: dict[str, Report] = {}
        self.started: list[str] = []
        self.stopped: list[str] = []

    def start(self, job: Resource, folder: Path) -> None:
        self.started.append(job.id)

    def report(self, job: Resource, folder: Path) -> Report:
        return self.reports.get(job.id, Report("running", {"percent": 1}))

    def stop(self, job: Resource, folder: Path) -> None:
        self.stopped.append(job.id)

    def close(self) -> None:
        return None


class Bench:
    """A queue of one kind over a store on disk."""

    def __init__(self, home: Path, max_running_jobs: int = 1) -> None:
        self.settings = Settings(home, max_running_jobs=max_running_jobs)
        self.runner = PaperRunner()
        self.finished: list[str] = []
        self.open()

    def open(self) -> None:
        """(Again) as after a restart."""
        self.store = Store(self.settings.database)
        kind = JobKind("jobs", "module", lambda job, _: self.finished.append(job.id))
        self.queue = JobQueue(self.settings, self.store, self.runner, (kind,))

    def submit(self, *ids: str) -> None:
        for job_id in ids:
            self.queue.submit("jobs", f"jobs/{job_id}", {}, {})

    def ticks(self, count: int = 4) -> None:
        for _ in range(count):
            self.queue.tick()

    def state(self, job_id: str) -> str:
        return self.store.get(f"jobs/{job_id}").state.removeprefix("JOB_STATE_")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_jobs_run_one_after_the_other_in_order(bench: Bench) -> None:
    bench.submit("b", "a")
    bench.ticks()
    assert (bench.state("b"), bench.state("a"), bench.runner.started) == ("RUNNING", "PENDING", ["b"])
    bench.runner.reports["b"] = Report("completed")
    bench.ticks()
    assert (bench.state("b"), bench.state("a"), bench.finished) == ("COMPLETED", "RUNNING", ["b"])


def test_as_many_run_at_once_as_the_setting_says(tmp_path: Path) -> None:
    bench = Bench(tmp_path, max_running_jobs=2)
    bench.submit("a", "b", "c")
    bench.ticks()
    assert bench.runner.started == ["a", "b"]


def test_a_lost_process_is_requeued_twice_and_then_fails(bench: Bench) -> None:
    bench.submit("a", "b")
    bench.runner.reports["a"] = Report("lost", message="killed")
    bench.ticks(12)
    assert bench.runner.started.count("a") == 3
    job = bench.store.get("jobs/a")
    assert bench.state("a") == "FAILED"
    assert "lost 3 times" in job.document["status"]["message"]
    assert bench.state("b") == "RUNNING"


def test_a_cancel_stops_that_job_alone(bench: Bench) -> None:
    bench.submit("a", "b")
    bench.ticks()
    assert bench.queue.cancel("jobs/a")
    bench.ticks()
    assert (bench.state("a"), bench.state("b"), bench.runner.stopped) == ("CANCELLED", "RUNNING", ["a"])
    assert not bench.queue.cancel("jobs/a")


def test_a_waiting_job_can_be_cancelled(bench: Bench) -> None:
    bench.submit("a", "b")
    bench.ticks()
    bench.queue.cancel("jobs/b")
    bench.ticks()
    assert (bench.state("b"), bench.runner.started) == ("CANCELLED", ["a"])


def test_a_failure_keeps_its_cause(bench: Bench) -> None:
    bench.submit("a")
    bench.runner.reports["a"] = Report("failed", code="INVALID_ARGUMENT", message="no rows")
    bench.ticks()
    status = bench.store.get("jobs/a").document["status"]
    assert (bench.state("a"), status) == ("FAILED", {"code": "INVALID_ARGUMENT", "message": "no rows"})


def test_after_a_restart_running_jobs_start_anew_and_waiting_ones_wait(bench: Bench) -> None:
    bench.submit("a", "b")
    bench.ticks()
    bench.open()
    bench.queue.recover()
    bench.ticks()
    assert bench.runner.started == ["a", "a"]
    assert (bench.state("a"), bench.state("b")) == ("RUNNING", "PENDING")
    assert bench.store.get("jobs/a").private["requeues"] == 0


def test_a_deleted_job_is_stopped_and_forgotten(bench: Bench) -> None:
    bench.submit("a", "b")
    bench.ticks()
    bench.queue.delete("jobs/a")
    bench.ticks()
    assert (bench.runner.stopped, bench.state("b")) == (["a"], "RUNNING")
    assert [job.id for job in bench.store.list("jobs")] == ["b"]


def test_a_job_the_platform_stumbles_over_fails_alone(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.submit("a", "b")
    bench.ticks()
    (bench.settings.jobs / "jobs").rename(bench.settings.jobs / "away")
    (bench.settings.jobs / "jobs").write_text("no folder")
    bench.submit("c")
    bench.runner.reports["a"] = Report("completed")
    bench.ticks()
    assert (bench.state("a"), bench.state("b"), bench.state("c")) == ("COMPLETED", "RUNNING", "FAILED")
    assert "jobs/c could not be moved on" in caplog.text
