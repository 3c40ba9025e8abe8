"""What the operator may set: where state lives, how many jobs run at once, how much they may use."""

import os
from dataclasses import dataclass, field
from pathlib import Path

ACCOUNT = "accounts/local"
"""The one account of this platform; any non-empty key belongs to it."""

CHILD_ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_DATASETS_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "WANDB_DISABLED": "true",
    "WANDB_MODE": "disabled",
    # Idle OpenMP threads sleep instead of spinning: on a busy machine spinning costs several times the gain.
    "OMP_WAIT_POLICY": "PASSIVE",
}
"""Set in every child process: nothing is looked up on a network and nothing is reported home."""


def default_threads() -> int:
    """CPU threads of one training job: one per core, at most 8 (small models gain nothing beyond)."""
    return min(8, os.cpu_count() or 1)


@dataclass(frozen=True)
class Settings:
    """Settings of one platform process. All have defaults but `home`."""

    home: Path
    """Folder of everything the platform keeps: database, data sets, jobs, models, address."""
    catalog: Path = Path(__file__).parent / "catalog.yaml"
    """The base models on offer."""
    threads: int = field(default_factory=default_threads)
    """CPU threads of a job process and of the inference process."""
    max_running_jobs: int = 1
    """Jobs that train at the same time."""
    job_memory_bytes: int | None = None
    """Resident memory above which a job is stopped as failed; None = no limit."""
    max_requeues: int = 2
    """How often a job whose process was lost starts anew before it fails."""
    allowed_hosts: tuple[str, ...] = ("127.0.0.1", "localhost")
    """Host names requests may be addressed to: a web page must not reach the platform through a name of its own."""
    tick_seconds: float = 0.2
    """Pause between two looks at the jobs."""
    signed_url_seconds: int = 3600
    """Life of a signed URL (one hour, as on Fireworks)."""
    idle_model_seconds: float = 900.0
    """Serverless base models unused for so long leave memory."""

    @property
    def database(self) -> Path:
        return self.home / "platform.db"

    @property
    def datasets(self) -> Path:
        return self.home / "datasets"

    @property
    def jobs(self) -> Path:
        return self.home / "jobs"

    @property
    def models(self) -> Path:
        return self.home / "models"
