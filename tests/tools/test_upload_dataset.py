"""Uploads: what is sent, and every place where one can be cut."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.platforms import Fault
from tests.tools.conftest import Room, chats
from tools.base import ToolError
from tools.upload_dataset import TOOL as UPLOAD


async def test_an_upload_is_ready_and_done_only_once(planned: Room) -> None:
    result = await planned.call(UPLOAD, item="upload-sweep")
    name = planned.item("upload-sweep").resource()
    assert planned.known.uploads == {name: "upload-sweep"}
    create = planned.platform.requests[0]
    wanted = planned.item("upload-sweep").request
    assert wanted is not None and (create.method, create.path, create.json) == (wanted.method, wanted.path, wanted.body)
    puts = planned.platform.count("PUT", "^/signed/")
    assert puts == 1
    assert (await planned.again(UPLOAD, item="upload-sweep")).facts == result.facts
    assert planned.platform.count("PUT", "^/signed/") == puts


@pytest.mark.parametrize(
    "fault",
    [
        Fault("POST", "/datasets$", drop_after=True, times=1),
        Fault("POST", "/datasets$", status=503, times=1),
        Fault("POST", ":getUploadEndpoint$", drop_after=True, times=1),
        Fault("PUT", "^/signed/", drop=True, times=2),
        Fault("PUT", "^/signed/", drop_after=True, times=2),
        Fault("PUT", "^/signed/", status=403, times=1),
        Fault("POST", ":validateUpload$", drop_after=True, times=1),
        Fault("POST", ":validateUpload$", status=500, times=1),
        Fault("GET", "/datasets/fa-", status=500, times=1),
        Fault("POST", "/datasets$", status=429, times=1),
    ],
    ids=lambda fault: f"{fault.method}{fault.path}-{fault.status or 'cut'}",
)
async def test_a_cut_upload_goes_on_where_it_was(planned: Room, fault: Fault) -> None:
    planned.platform.faults.append(fault)
    for _ in range(4):
        try:
            await planned.call(UPLOAD, item="upload-sweep")
            break
        except ToolError as error:
            assert error.retry, error.message
    name = planned.item("upload-sweep").resource()
    assert name in planned.known.uploads
    stored = planned.platform.services.store.get(name)
    assert stored.document["state"] == "READY" and stored.document["exampleCount"] == str(
        planned.item("upload-sweep").upload.rows  # type: ignore[union-attr]
    )


async def test_a_truncated_file_is_sent_again_by_the_next_call(planned: Room) -> None:
    whole = planned.context.blobs

    class Truncating:
        get = whole.get

        async def put(self, url: str, source: Any) -> None:
            raise httpx.ReadError("cut in the middle")

    good = planned.context
    planned.context = replace(good, blobs=Truncating())
    with pytest.raises(ToolError, match="connection broke") as caught:
        await planned.call(UPLOAD, item="upload-sweep")
    assert caught.value.retry
    planned.context = good
    await planned.call(UPLOAD, item="upload-sweep")
    assert planned.item("upload-sweep").resource() in planned.known.uploads


async def test_a_changed_file_is_not_uploaded(planned: Room) -> None:
    path = planned.workspace / "datasets" / "sweep.jsonl"
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(ToolError, match="changed after the plan"):
        await planned.call(UPLOAD, item="upload-sweep")
    path.unlink()
    with pytest.raises(ToolError, match="cannot be read"):
        await planned.call(UPLOAD, item="upload-sweep")
    assert planned.platform.requests == []


async def test_somebody_elses_data_set_under_the_same_id_is_left_alone(planned: Room) -> None:
    item = planned.item("upload-sweep")
    planned.put_dataset(item.resource_id, chats(4))
    with pytest.raises(ToolError, match="is there already but is not what this session asked for") as caught:
        await planned.call(UPLOAD, item=item.id)
    assert caught.value.owner == "yours" and not caught.value.retry
    assert planned.platform.count("PUT", ".") == 0


async def test_a_rejected_upload_tells_the_platforms_reason(planned: Room) -> None:
    body = {"code": 3, "message": "line 7 has no messages", "details": []}
    planned.platform.faults.append(Fault("POST", ":validateUpload$", status=400, body=body))
    with pytest.raises(ToolError, match="line 7 has no messages"):
        await planned.call(UPLOAD, item="upload-sweep")


async def test_an_upload_that_never_gets_ready_can_be_looked_at_again(planned: Room) -> None:
    planned.platform.faults.append(Fault("POST", ":validateUpload$", status=200, body={}))
    with pytest.raises(ToolError, match="not READY yet") as caught:
        await planned.call(UPLOAD, item="upload-sweep")
    assert caught.value.retry
