"""Data set to served adapter on the really training platform, through the SDK."""

import asyncio
import hashlib
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from fireworks import AsyncFireworks, Fireworks

from tests.local_platform.conftest import Running, start_platform

pytestmark = pytest.mark.training
A = "accounts/local"
ENDED = ("JOB_STATE_COMPLETED", "JOB_STATE_FAILED", "JOB_STATE_CANCELLED")


def rows(count: int, role: str = "assistant") -> bytes:
    labels = ("billing", "account", "shipping", "other")
    made = [
        {
            "messages": [
                {"role": "user", "content": f"{labels[i % 4]} please {i}"},
                {"role": role, "content": labels[i % 4]},
            ]
        }
        for i in range(count)
    ]
    return "".join(json.dumps(row) + "\n" for row in made).encode()


def upload(client: Fireworks, dataset: str, content: bytes) -> str:
    client.datasets.create(dataset_id=dataset, dataset={"format": "CHAT"})
    client.datasets.upload(dataset, file=("rows.jsonl", content))
    return f"{A}/datasets/{dataset}"


def train(client: Fireworks, job_id: str, dataset: str, **settings: Any) -> None:
    client.supervised_fine_tuning_jobs.create(
        supervised_fine_tuning_job_id=job_id, dataset=dataset, base_model=f"{A}/models/micro", **settings
    )


def wait(client: Fireworks, job_id: str, *states: str, seconds: float = 120) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        job = client.supervised_fine_tuning_jobs.get(job_id)
        if job.state in (states or ENDED):
            return job
        time.sleep(0.1)
    raise AssertionError(f"{job_id} is still {job.state}: {job.status}")


def metrics(job: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in httpx.get(job.metrics_file_signed_url).text.splitlines()]


def test_from_data_set_to_served_adapter(training_platform: Running) -> None:
    client = training_platform.sdk
    dataset, held_out = upload(client, "train", rows(64)), upload(client, "held", rows(12))
    train(client, "e2e", dataset, evaluation_dataset=held_out, epochs=3, learning_rate=2e-2)
    job = wait(client, "e2e")
    assert (job.state, job.job_progress.percent, job.job_progress.epoch) == ("JOB_STATE_COMPLETED", 100, 3), job.status
    lines = metrics(job)
    evaluations = [line for line in lines if "eval_loss" in line]
    assert lines[0] is evaluations[0] or lines[0]["step"] == 0
    assert [line["epoch"] for line in evaluations] == [0.0, 1.0, 2.0, 3.0]
    assert evaluations[-1]["eval_loss"] < 0.8 * evaluations[0]["eval_loss"]
    last = evaluations[-1]
    assert last["eval_loss"] == pytest.approx(sum(nll for nll, _ in last["eval_rows"]) / last["eval_tokens"])
    assert len(last["eval_rows"]) == 12
    assert {"step", "epoch", "loss", "learning_rate", "tokens"} == set(lines[1])

    client.deployments.create(deployment_id="dep", base_model=job.output_model or "")
    while client.deployments.get("dep").state == "CREATING":
        time.sleep(0.05)
    assert client.deployments.get("dep").state == "READY"
    question: Any = [{"role": "user", "content": "billing please 1"}]
    answers = [
        client.chat.completions.create(model=model, messages=question, temperature=0, max_tokens=8)
        for model in (f"{A}/deployments/dep", f"{A}/models/micro", f"{job.output_model}#{A}/deployments/dep")
    ]
    tuned, base, again = [answer.choices[0].message.content for answer in answers]
    assert tuned == again != base
    usage = answers[0].usage
    assert usage is not None and usage.total_tokens == usage.prompt_tokens + (usage.completion_tokens or 0)
    stream = client.chat.completions.create(
        model=f"{A}/deployments/dep", messages=question, temperature=0, max_tokens=8, stream=True
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == tuned
    urls = client.models.get_download_endpoint("e2e").filename_to_signed_urls or {}
    assert "adapter_model.safetensors" in urls


def test_the_same_job_gives_the_same_adapter(training_platform: Running) -> None:
    client = training_platform.sdk
    dataset = upload(client, "same", rows(16))
    hashes, losses = set(), []
    for job_id in ("same-1", "same-2"):
        train(client, job_id, dataset)
    for job_id in ("same-1", "same-2"):
        job = wait(client, job_id)
        assert job.state == "JOB_STATE_COMPLETED", job.status
        losses.append([line["loss"] for line in metrics(job) if "loss" in line])
        weights = training_platform.home / "models" / job_id / "adapter_model.safetensors"
        hashes.add(hashlib.sha256(weights.read_bytes()).hexdigest())
    assert len(hashes) == 1
    assert losses[0] == losses[1]


def test_base_and_adapter_answer_the_same_mixed_in_a_batch(training_platform: Running) -> None:
    client = training_platform.sdk
    train(client, "mix", upload(client, "mix", rows(32)), epochs=2, learning_rate=2e-2, eval_auto_carveout=False)
    assert wait(client, "mix").state == "JOB_STATE_COMPLETED"
    client.deployments.create(deployment_id="mix", base_model=f"{A}/models/mix")
    while client.deployments.get("mix").state == "CREATING":
        time.sleep(0.05)
    asked: list[tuple[str, Any]] = [
        (model, [{"role": "user", "content": f"shipping please {'now ' * i}"}])
        for i in range(4)
        for model in (f"{A}/models/micro", f"{A}/deployments/mix")
    ]

    async def together() -> list[Any]:
        async with AsyncFireworks(base_url=training_platform.url, api_key="x", account_id="local") as both:
            calls = [both.chat.completions.create(model=m, messages=q, temperature=0, max_tokens=6) for m, q in asked]
            return [answer.choices[0].message.content for answer in await asyncio.gather(*calls)]

    alone = [
        client.chat.completions.create(model=m, messages=q, temperature=0, max_tokens=6).choices[0].message.content
        for m, q in asked
    ]
    assert asyncio.run(together()) == alone


def test_no_trainable_tokens_fails_in_words(training_platform: Running) -> None:
    client = training_platform.sdk
    train(client, "mute", upload(client, "mute", rows(5, role="user")))
    job = wait(client, "mute")
    assert job.state == "JOB_STATE_FAILED"
    assert "no trainable tokens" in job.status.message


def test_cancel_ends_one_job_alone(training_platform: Running) -> None:
    client = training_platform.sdk
    dataset = upload(client, "long", rows(64))
    train(client, "endless", dataset, epochs=100)
    train(client, "next", dataset)
    wait(client, "endless", "JOB_STATE_RUNNING")
    client.supervised_fine_tuning_jobs.cancel("endless", body={})
    assert wait(client, "endless").state == "JOB_STATE_CANCELLED"
    assert wait(client, "next").state == "JOB_STATE_COMPLETED"


def test_a_killed_platform_goes_on_and_doubles_nothing(tmp_path: Path, micro_catalog: Path) -> None:
    first = start_platform(tmp_path, micro_catalog)
    client = first.sdk
    dataset = upload(client, "d", rows(64))
    train(client, "running", dataset, epochs=6)
    train(client, "waiting", dataset)
    wait(client, "running", "JOB_STATE_RUNNING")
    os.kill(first.process.pid, signal.SIGKILL)
    first.stop()
    second = start_platform(tmp_path, micro_catalog)
    try:
        client = second.sdk
        assert wait(client, "running").state == "JOB_STATE_COMPLETED"
        assert wait(client, "waiting").state == "JOB_STATE_COMPLETED"
        steps = [line["step"] for line in metrics(client.supervised_fine_tuning_jobs.get("running")) if "loss" in line]
        assert steps == sorted(set(steps))
    finally:
        second.stop()


def test_a_second_platform_on_a_home_is_refused(training_platform: Running, micro_catalog: Path) -> None:
    with pytest.raises(RuntimeError, match="ended with 3"):
        start_platform(training_platform.home, micro_catalog, "--wait", "0")


def test_a_lost_process_is_started_anew(training_platform: Running) -> None:
    client = training_platform.sdk
    train(client, "evicted", upload(client, "evicted", rows(64)), epochs=20)
    wait(client, "evicted", "JOB_STATE_RUNNING")
    os.kill(process_writing(training_platform, "evicted"), signal.SIGKILL)
    wait(client, "evicted", "JOB_STATE_RE_QUEUEING", "JOB_STATE_PENDING", *ENDED)
    wait(client, "evicted", "JOB_STATE_RUNNING", *ENDED)
    client.supervised_fine_tuning_jobs.cancel("evicted", body={})
    assert wait(client, "evicted").state == "JOB_STATE_CANCELLED"


def test_a_lost_inference_process_comes_back(training_platform: Running) -> None:
    client = training_platform.sdk.with_options(max_retries=4)
    question: Any = [{"role": "user", "content": "hello"}]

    def ask() -> Any:
        answer = client.chat.completions.create(
            model=f"{A}/models/micro", messages=question, temperature=1, seed=7, max_tokens=5
        )
        return answer.choices[0].message.content

    before = ask()
    for child in psutil.Process(training_platform.process.pid).children(recursive=True):
        if not child.children() and child.memory_info().rss > 100_000_000 and child.parent() is not None:
            child.kill()
    assert ask() == before


def process_writing(platform: Running, job_id: str) -> int:
    """The process that holds a job's log open."""
    log = str(platform.home / "jobs" / "supervisedFineTuningJobs" / job_id / "trainer.log")
    for _ in range(100):
        for child in psutil.Process(platform.process.pid).children(recursive=True):
            if os.path.realpath(f"/proc/{child.pid}/fd/1") == log:
                return child.pid
        time.sleep(0.1)
    raise AssertionError(f"no process writes {log}")
