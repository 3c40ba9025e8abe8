"""The unmodified fireworks-ai SDK against the platform's routes, sync and async, responses validated strictly."""

import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fireworks
import httpx
import pytest
from fireworks import AsyncFireworks, Fireworks

from tests.platforms import Fault, Script, ScriptedPlatform, scripted_platform

ROWS = [
    {"messages": [{"role": "user", "content": f"say {word}"}, {"role": "assistant", "content": word}]}
    for word in ("one", "two", "three", "four", "five")
]
JSONL = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
A = "accounts/local"


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[ScriptedPlatform]:
    with scripted_platform(tmp_path, scripts={"bad*": Script(outcome="failed", message="no luck")}) as running:
        yield running


def web(method: str, url: str, **options: Any) -> httpx.Response:
    """A request without the SDK: no key, as signed URLs are fetched."""
    return httpx.request(method, url, **options)


def body(error: pytest.ExceptionInfo[fireworks.APIStatusError]) -> Any:
    return error.value.body


class Caller:
    """One face over both clients: every call is awaited when it has to be."""

    def __init__(self, client: Fireworks | AsyncFireworks) -> None:
        self.client = client

    async def __call__(self, method: str, *args: Any, **kwargs: Any) -> Any:
        target: Any = self.client
        for part in method.split("."):
            target = getattr(target, part)
        result = target(*args, **kwargs)
        return await result if inspect.isawaitable(result) else result

    async def all(self, method: str, **kwargs: Any) -> list[Any]:
        """Every item of a list, paged through."""
        target: Any = self.client
        for part in method.split("."):
            target = getattr(target, part)
        listed = target(**kwargs)
        if isinstance(self.client, AsyncFireworks):
            return [item async for item in listed]
        return list(listed)

    async def dataset(self, dataset_id: str = "d1", content: bytes = JSONL) -> None:
        await self("datasets.create", dataset_id=dataset_id, dataset={"display_name": "D", "format": "CHAT"})
        await self("datasets.upload", dataset_id, file=("rows.jsonl", content))

    async def trained(self, job_id: str = "j1") -> None:
        await self.dataset()
        await self(
            "supervised_fine_tuning_jobs.create",
            supervised_fine_tuning_job_id=job_id,
            dataset=f"{A}/datasets/d1",
            base_model=f"{A}/models/tiny-a",
        )
        for _ in range(4):
            await self("supervised_fine_tuning_jobs.get", job_id)


@pytest.fixture(params=["sync", "async"])
async def call(request: pytest.FixtureRequest, platform: ScriptedPlatform) -> Any:
    options: dict[str, Any] = {"base_url": platform.url, "api_key": "anything", "account_id": "local"}
    if request.param == "sync":
        with Fireworks(**options, _strict_response_validation=True) as client:
            yield Caller(client)
    else:
        async with AsyncFireworks(**options, _strict_response_validation=True) as client:
            yield Caller(client)


async def test_accounts(call: Caller, platform: ScriptedPlatform) -> None:
    assert [account.name for account in await call.all("accounts.list")] == [A]
    assert (await call("accounts.get", account_id="local")).suspend_state == "UNSUSPENDED"
    answer = web("GET", f"{platform.url}/verifyApiKey", headers={"Authorization": "Bearer x"})
    assert answer.headers["x-fireworks-account-id"] == "local"


async def test_a_missing_key_is_401(platform: ScriptedPlatform) -> None:
    answer = web("GET", f"{platform.url}/v1/accounts")
    assert (answer.status_code, answer.json()["code"]) == (401, 16)


async def test_dataset_upload_in_one_request(call: Caller) -> None:
    created = await call("datasets.create", dataset_id="d1", dataset={"display_name": "D"})
    assert (created.name, created.state) == (f"{A}/datasets/d1", "UPLOADING")
    uploaded = await call("datasets.upload", "d1", file=("rows.jsonl", JSONL))
    assert uploaded.bytes == len(JSONL)
    ready = await call("datasets.get", "d1")
    assert (ready.state, ready.example_count, ready.display_name) == ("READY", "5", "D")


async def test_dataset_upload_by_signed_url_and_download(call: Caller) -> None:
    await call("datasets.create", dataset_id="d1", dataset={})
    answer = await call("datasets.get_upload_endpoint", "d1", filename_to_size={"rows.jsonl": str(len(JSONL))})
    assert list(answer.filename_to_signed_urls) == ["rows.jsonl"]
    assert web("PUT", answer.filename_to_signed_urls["rows.jsonl"], content=JSONL).status_code == 200
    await call("datasets.validate_upload", "d1", body={})
    assert (await call("datasets.get", "d1")).state == "READY"
    urls = (await call("datasets.get_download_endpoint", "d1")).filename_to_signed_urls
    assert web("GET", urls["rows.jsonl"]).content == JSONL


async def test_signed_urls_can_not_be_bent(call: Caller) -> None:
    await call.dataset()
    url = (await call("datasets.get_download_endpoint", "d1")).filename_to_signed_urls["rows.jsonl"]
    assert web("PUT", url, content=b"x").status_code == 403
    assert web("GET", url.replace("/signed/", "/signed/x")).status_code == 403


async def test_a_data_set_that_is_too_short_or_no_json_is_refused(call: Caller) -> None:
    with pytest.raises(fireworks.BadRequestError, match="3 to 3000000 rows"):
        await call.dataset("short", b'{"messages": []}\n')
    with pytest.raises(fireworks.BadRequestError, match="line 2: not JSON"):
        await call.dataset("broken", b'{"messages": []}\n{oops\n')


async def test_lists_page_filter_and_order(call: Caller) -> None:
    for number in range(5):
        await call("datasets.create", dataset_id=f"d{number}", dataset={"display_name": f"n{number % 2}"})
    await call("datasets.upload", "d3", file=("rows.jsonl", JSONL))
    names = [item.name[-2:] for item in await call.all("datasets.list", page_size=2, order_by="create_time desc")]
    assert names == ["d4", "d3", "d2", "d1", "d0"]
    ready = await call.all("datasets.list", filter='state = "READY" AND display_name = "n1"')
    assert [item.name for item in ready] == [f"{A}/datasets/d3"]
    with pytest.raises(fireworks.BadRequestError, match="filter"):
        await call.all("datasets.list", filter="(((")


async def test_a_second_create_of_an_id_is_one_409(call: Caller, platform: ScriptedPlatform) -> None:
    await call("datasets.create", dataset_id="d1", dataset={})
    with pytest.raises(fireworks.ConflictError) as caught:
        await call("datasets.create", dataset_id="d1", dataset={})
    assert body(caught)["code"] == 6
    assert platform.count("POST", "/datasets$") == 2


async def test_models(call: Caller) -> None:
    listed = await call.all("models.list")
    assert [model.name for model in listed] == [f"{A}/models/tiny-{letter}" for letter in "abc"]
    model = await call("models.get", "tiny-a")
    assert (model.kind, model.tunable, model.base_model_details.parameter_count) == ("HF_BASE_MODEL", True, "1000000")
    assert model.to_dict()["recommendedTuning"]["loraConfigs"][0] == {"rank": 8, "learningRate": 0.005}
    urls = (await call("models.get_download_endpoint", "tiny-a")).filename_to_signed_urls
    assert "<|im_end|>" in web("GET", urls["tokenizer.json"]).json()["model"]["vocab"]


async def test_errors_map_to_the_sdks_classes(call: Caller, platform: ScriptedPlatform) -> None:
    with pytest.raises(fireworks.NotFoundError) as missing:
        await call("datasets.get", "nothing")
    assert body(missing)["code"] == 5
    with pytest.raises(fireworks.BadRequestError, match="datasetId"):
        await call("datasets.create", dataset_id="Not Good", dataset={})
    assert web("GET", f"{platform.url}/v1/nowhere").json()["code"] == 5


async def test_sft_job_from_create_to_model(call: Caller) -> None:
    await call.dataset()
    created = await call(
        "supervised_fine_tuning_jobs.create",
        supervised_fine_tuning_job_id="j1",
        dataset=f"{A}/datasets/d1",
        base_model=f"{A}/models/tiny-a",
        evaluation_dataset=f"{A}/datasets/d1",
        eval_auto_carveout=False,
        epochs=2,
        lora_rank=16,
    )
    assert (created.state, created.learning_rate, created.epochs) == ("JOB_STATE_CREATING", 0.003, 2)
    states = []
    for _ in range(4):
        job = await call("supervised_fine_tuning_jobs.get", "j1")
        states.append(job.state)
    assert states[0] == "JOB_STATE_RUNNING" and states[-1] == "JOB_STATE_COMPLETED"
    assert (job.job_progress.percent, job.estimated_cost.units, job.output_model) == (100, "0", f"{A}/models/j1")
    lines = [json.loads(line) for line in web("GET", job.metrics_file_signed_url).text.splitlines()]
    assert lines[0]["step"] == 0 and lines[-1]["eval_loss"] < lines[0]["eval_loss"]
    assert lines[-1]["eval_tokens"] == sum(tokens for _, tokens in lines[-1]["eval_rows"])
    model = await call("models.get", "j1")
    assert (model.kind, model.peft_details.r, model.fine_tuning_job) == ("HF_PEFT_ADDON", 16, job.name)


async def test_sft_job_that_fails_says_why(call: Caller) -> None:
    await call.trained("bad1")
    job = await call("supervised_fine_tuning_jobs.get", "bad1")
    assert (job.state, job.status.message) == ("JOB_STATE_FAILED", "no luck")


async def test_sft_job_cancel_and_list(call: Caller) -> None:
    await call.dataset()
    for job_id in ("j1", "j2"):
        await call(
            "supervised_fine_tuning_jobs.create",
            supervised_fine_tuning_job_id=job_id,
            dataset=f"{A}/datasets/d1",
            base_model=f"{A}/models/tiny-a",
        )
    await call("supervised_fine_tuning_jobs.cancel", "j1", body={})
    assert (await call("supervised_fine_tuning_jobs.get", "j1")).state == "JOB_STATE_CANCELLED"
    running = await call.all("supervised_fine_tuning_jobs.list", filter="state=JOB_STATE_CANCELLED")
    assert [job.name for job in running] == [f"{A}/supervisedFineTuningJobs/j1"]


@pytest.mark.parametrize(
    ("field", "value"), [("lora_rank", 65), ("learning_rate", -1.0), ("epochs", 1000), ("max_context_length", 10**6)]
)
async def test_sft_job_with_a_senseless_setting_is_refused(call: Caller, field: str, value: float) -> None:
    await call.dataset()
    with pytest.raises(fireworks.BadRequestError, match="expected a number from"):
        await call(
            "supervised_fine_tuning_jobs.create",
            dataset=f"{A}/datasets/d1",
            base_model=f"{A}/models/tiny-a",
            **{field: value},
        )


async def test_deployment_serves_chat_and_scales_to_zero(call: Caller) -> None:
    await call.trained()
    created = await call("deployments.create", deployment_id="dep1", base_model=f"{A}/models/j1")
    assert created.state == "CREATING"
    ready = await call("deployments.get", "dep1")
    assert (ready.state, ready.replica_count, ready.replica_stats.ready_replica_count) == ("READY", 1, 1)
    question: Any = [{"role": "user", "content": "say two"}]
    for address in (f"{A}/models/j1", f"{A}/deployments/dep1", f"{A}/models/j1#{A}/deployments/dep1"):
        answer = await call("chat.completions.create", model=address, messages=question, temperature=0)
        assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("two", "stop")
    await call("deployments.scale", "dep1", replica_count=0)
    assert (await call("deployments.get", "dep1")).replica_count == 0
    client = call.client
    call.client = client.with_options(max_retries=0)
    with pytest.raises(fireworks.InternalServerError, match="DEPLOYMENT_SCALING_UP"):
        await call("chat.completions.create", model=f"{A}/deployments/dep1", messages=question)
    call.client = client


async def test_chat_streams(call: Caller) -> None:
    question: Any = [{"role": "user", "content": "hello"}]
    stream = await call("chat.completions.create", model=f"{A}/models/tiny-a", messages=question, stream=True)
    if isinstance(call.client, AsyncFireworks):
        chunks = [chunk async for chunk in stream]
    else:
        chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "I do not know."
    assert chunks[-1].choices[0].finish_reason == "stop"


async def test_chat_with_an_unknown_model_is_openais_404(call: Caller) -> None:
    question: Any = [{"role": "user", "content": "hello"}]
    with pytest.raises(fireworks.NotFoundError) as caught:
        await call("chat.completions.create", model=f"{A}/models/none", messages=question)
    assert body(caught)["error"]["type"] == "not_found_error"


async def test_an_answer_lost_after_the_create_leaves_one_job(call: Caller, platform: ScriptedPlatform) -> None:
    platform.faults.append(Fault("POST", "/datasets$", drop_after=True, times=1))
    with pytest.raises(fireworks.ConflictError):
        await call("datasets.create", dataset_id="d1", dataset={})
    assert len(await call.all("datasets.list")) == 1


async def test_a_data_set_in_use_stays(call: Caller) -> None:
    await call.dataset()
    await call(
        "supervised_fine_tuning_jobs.create",
        supervised_fine_tuning_job_id="j1",
        dataset=f"{A}/datasets/d1",
        base_model=f"{A}/models/tiny-a",
    )
    with pytest.raises(fireworks.BadRequestError, match="in use by"):
        await call("datasets.delete", "d1")
    await call("supervised_fine_tuning_jobs.cancel", "j1", body={})
    await call("supervised_fine_tuning_jobs.get", "j1")
    await call("datasets.delete", "d1")
    assert await call.all("datasets.list") == []


async def test_another_host_name_is_refused(platform: ScriptedPlatform) -> None:
    headers = {"Authorization": "Bearer x", "Host": "evil.example"}
    assert web("GET", f"{platform.url}/v1/accounts", headers=headers).status_code == 400
