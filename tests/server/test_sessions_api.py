"""The session routes: once per key, in words when wrong, and never a word taken that should not be."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from agent.server.credentials import Credentials, own_alias
from agent.server.sessions import Sessions
from agent.session.events import AgentSaid, GateAnswered, Observed, UserMessage
from agent.session.store import StoreError
from tests.server.conftest import Api
from tools.facts import JobSeen


def answers(api: Api, session: str) -> list[GateAnswered]:
    return [r.event for r in api.store.records(session) if isinstance(r.event, GateAnswered)]


async def say(api: Api, session: str, text: str, key: str = "a" * 8, **more: Any) -> Any:
    return await api.http.post(f"/v1/sessions/{session}/messages", json={"text": text, "key": key, **more})


async def test_a_session_is_created_once_per_request_key(api: Api) -> None:
    first = await api.create(key="same-key")
    second = await api.create(key="same-key")
    other = await api.create(key="other-key")
    assert first == second != other
    assert sorted(path.name for path in api.home.workspaces.iterdir()) == sorted([first, other])
    assert api.woken == [first, first, other]


async def test_two_creations_of_one_key_at_once_make_one(api: Api) -> None:
    made = await asyncio.gather(*(api.create(key="same-key") for _ in range(8)))
    assert len(set(made)) == 1
    assert len(api.store.sessions()) == 1


BAD_BODIES: list[tuple[str, dict[str, Any], str]] = [
    ("empty", {"instruction": ""}, "empty"),
    ("blank", {"instruction": " \n\t"}, "empty"),
    ("100 kB", {"instruction": "train " * 20_000}, "at most 32,000"),
    ("NUL", {"instruction": "train\0it"}, "not text"),
    ("a lone surrogate", {"instruction": "train \ud800"}, "not text"),
    ("no text", {"instruction": 7}, "instruction"),
    ("none", {}, "instruction"),
    ("unknown field", {"instruction": "x", "aprove": True}, "aprove"),
    ("negative sum", {"instruction": "x", "approve_up_to": -1}, "approve_up_to"),
    ("sum without end", {"instruction": "x", "approve_up_to": "inf"}, "approve_up_to"),
    ("bad account", {"instruction": "x", "account": "../x"}, "account"),
    ("http elsewhere", {"instruction": "x", "platform_url": "http://example.com"}, "address of a platform"),
    ("no address", {"instruction": "x", "platform_url": "nonsense"}, "address of a platform"),
    ("password inside", {"instruction": "x", "platform_url": "https://u:p@h"}, "address of a platform"),
    ("short key", {"instruction": "x", "request_key": "1"}, "request_key"),
]


@pytest.mark.parametrize(("body", "words"), [case[1:] for case in BAD_BODIES], ids=[case[0] for case in BAD_BODIES])
async def test_a_bad_session_is_refused_in_words_and_leaves_nothing(api: Api, body: dict[str, Any], words: str) -> None:
    content = json.dumps({"request_key": "k" * 8, **body})
    answer = await api.http.post("/v1/sessions", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert words in error["message"]
    assert error["owner"] == "yours"
    assert error["next_step"]
    assert api.store.sessions() == []
    assert list(api.home.workspaces.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'"text"', b"null"])
async def test_what_is_not_json_is_refused_in_words(api: Api, content: bytes) -> None:
    answer = await api.http.post("/v1/sessions", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/sessions/1-ffff"),
        ("GET", "/v1/sessions/1-ffff/events"),
        ("POST", "/v1/sessions/1-ffff:cancel"),
        ("DELETE", "/v1/sessions/1-ffff"),
        ("POST", "/v1/sessions/1-ffff/messages"),
        ("GET", "/v1/sessions/%2e%2e%2fetc"),
        ("GET", "/v1/nothing"),
    ],
)
async def test_what_is_not_there_is_a_404_in_words(api: Api, method: str, path: str) -> None:
    body = {"text": "Approved, proceed.", "key": "a" * 8} if path.endswith("messages") else None
    answer = await api.http.request(method, path, json=body)
    assert answer.status_code == 404
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize(("second", "named"), [("Yes, go ahead.", False), ("Use 2 epochs.", True), ("No.", True)])
async def test_the_second_of_two_different_answers_gets_a_conflict_that_shows_the_first(
    api: Api, second: str, named: bool
) -> None:
    session = await api.create()
    digest = api.ask(session)
    both = await asyncio.gather(
        say(api, session, "Approved, proceed.", key="first-key"),
        say(api, session, second, key="second-key", gate=digest if named else ""),
    )
    assert [answer.status_code for answer in both] == [200, 409]
    told = both[1].json()["error"]["message"]
    assert "answered first" in told
    assert "Approved, proceed." in told
    assert len(answers(api, session)) == 1


async def test_a_repeated_delivery_of_one_answer_is_taken_once(api: Api) -> None:
    session = await api.create()
    api.ask(session)
    assert (await say(api, session, "Approved, proceed.", key="same-key")).json()["reading"]["label"] == "approve"
    again = await say(api, session, "Approved, proceed.", key="same-key")
    assert again.json()["reading"]["label"] == "approve"
    assert len([r for r in api.store.records(session) if isinstance(r.event, UserMessage)]) == 1
    assert len(answers(api, session)) == 1


async def test_a_yes_to_nothing_approves_nothing(api: Api) -> None:
    session = await api.create()
    answer = await say(api, session, "Approved, proceed.")
    assert answer.status_code == 409
    assert "nothing is waiting" in answer.json()["error"]["message"]
    assert answers(api, session) == []


async def test_a_gate_that_is_named_must_be_the_open_one(api: Api) -> None:
    session = await api.create()
    digest = api.ask(session)
    assert (await say(api, session, "Approved, proceed.", gate="f" * 64)).status_code == 409
    assert (await say(api, session, "Approved, proceed.", gate=digest)).status_code == 200


@pytest.mark.parametrize("text", ["", "  ", "x" * 40_000, "yes\0"])
async def test_an_answer_that_is_no_text_is_refused(api: Api, text: str) -> None:
    session = await api.create()
    api.ask(session)
    answer = await say(api, session, text)
    assert answer.status_code == 400
    assert answers(api, session) == []


async def test_an_ended_session_takes_no_yes_and_no_cancel_and_says_so(api: Api) -> None:
    session = await api.create()
    api.end(session)
    for answer in (
        await say(api, session, "Approved, proceed."),
        await api.http.post(f"/v1/sessions/{session}:cancel"),
    ):
        assert answer.status_code == 409
        assert "succeeded" in answer.json()["error"]["message"]


async def test_a_wish_to_an_ended_session_opens_it_and_a_question_does_not(api: Api) -> None:
    session = await api.create("Fine-tune tiny-a on rows.")
    api.end(session)
    asked = (await say(api, session, "How much did we spend?", key="question")).json()
    assert (asked["status"], asked["reading"]["label"]) == ("succeeded", "ask")
    path = f"/v1/sessions/{session}/events?format=json&until_settled=1"
    reading = asyncio.create_task(api.http.get(path, headers={"Accept": "text/event-stream"}))
    await asyncio.sleep(0.05)
    assert not reading.done(), "the answer is still to come"
    api.store.append(session, ("said", AgentSaid(text="Nothing.", about=asked["seq"])))
    assert "Nothing." in (await reading).text
    assert (await say(api, session, "Now run SFT with 3 epochs", key="follow-up")).json()["status"] == "running"
    found = (await api.http.get(f"/v1/sessions/{session}")).json()
    assert found["request"]["epochs"] == [3] and [run["ended"] for run in found["earlier"]] == ["succeeded"]
    assert (await api.http.delete(f"/v1/sessions/{session}")).status_code == 409
    assert (await api.http.post(f"/v1/sessions/{session}:cancel")).status_code == 200


async def test_cancel_is_taken_once_and_delete_needs_an_end(api: Api) -> None:
    session = await api.create()
    assert (await api.http.delete(f"/v1/sessions/{session}")).status_code == 409
    for _ in range(2):
        assert (await api.http.post(f"/v1/sessions/{session}:cancel")).json()["status"] == "running"
    assert [r.event.type for r in api.store.records(session)].count("session.cancelling") == 1
    api.end(session, "cancelled")
    assert (await api.http.delete(f"/v1/sessions/{session}")).status_code == 200
    assert (await api.http.get(f"/v1/sessions/{session}")).status_code == 404
    assert not (api.home.workspaces / session).exists()


async def test_the_document_has_what_the_contract_names(api: Api) -> None:
    session = await api.create("Fine-tune tiny-a on rows.")
    digest = api.ask(session)
    found = (await api.http.get(f"/v1/sessions/{session}")).json()
    contract = {
        "session_id", "status", "phase", "workflow", "workspace", "gate", "request", "plan", "jobs", "cost",
        "deployment", "last_seq",
    }  # fmt: skip
    assert contract <= set(found)
    assert found["status"] == "waiting"
    assert found["gate"] == {"kind": "plan", "digest": digest, "question": "Shall I?", "asks_for": []}
    assert {"estimated_usd", "actual_usd"} <= set(found["cost"])
    assert found["last_seq"] == 2


async def test_events_come_since_a_number_as_json_and_as_text(api: Api) -> None:
    session = await api.create()
    api.ask(session)
    seen = JobSeen(
        item="sweep-1", attempt=1, resource="accounts/a/supervisedFineTuningJobs/j", state="JOB_STATE_RUNNING"
    )
    api.store.append(session, ("seen", Observed(facts=(seen,))))
    path = f"/v1/sessions/{session}/events"
    every = (await api.http.get(path)).json()["events"]
    assert [event["seq"] for event in every] == [1, 2, 3]
    assert {"seq", "at", "type", "data"} <= set(every[0])
    later = (await api.http.get(path, params={"since": 2})).json()["events"]
    assert later == every[2:]
    text = (await api.http.get(path, params={"format": "text"})).text
    assert "JOB_STATE_RUNNING" in text
    assert text.endswith("[done] session status: waiting\n")
    assert (await api.http.get(path, params={"since": -1})).status_code == 400


async def test_a_stream_continues_after_the_last_event_and_ends_when_settled(api: Api) -> None:
    session = await api.create()
    path = f"/v1/sessions/{session}/events?format=json&until_settled=1"
    reading = asyncio.create_task(api.http.get(path, headers={"Accept": "text/event-stream", "Last-Event-ID": "1"}))
    await asyncio.sleep(0.05)
    assert not reading.done()
    api.ask(session)
    frames = [dict(line.split(": ", 1) for line in f.split("\n")) for f in (await reading).text.strip().split("\n\n")]
    assert [frame["event"] for frame in frames] == ["event", "done"]
    assert frames[0]["id"] == "2"
    assert json.loads(frames[1]["data"])["status"] == "waiting"


async def test_progress_is_passed_on_and_not_stored(api: Api) -> None:
    session = await api.create()
    path = f"/v1/sessions/{session}/events?format=text&until_settled=1"
    reading = asyncio.create_task(api.http.get(path, headers={"Accept": "text/event-stream"}))
    await asyncio.sleep(0.05)
    await api.feed.progress(session, "step 3 of 9")
    await asyncio.sleep(0)
    api.end(session)
    assert "event: progress\ndata: step 3 of 9\n" in (await reading).text
    assert api.store.state(session).last_seq == 2


async def test_streams_end_with_the_server_and_with_a_deleted_session(api: Api) -> None:
    stopped, deleted = await api.create(key="first-key"), await api.create(key="second-key")
    headers = {"Accept": "text/event-stream"}
    reading = [
        asyncio.create_task(api.http.get(f"/v1/sessions/{s}/events", headers=headers)) for s in (stopped, deleted)
    ]
    await asyncio.sleep(0.05)
    api.end(deleted)
    assert '"status": "succeeded"' in (await reading[1]).text
    api.feed.close()
    assert "event: stopped" in (await reading[0]).text


async def test_a_key_stays_in_its_file(api: Api) -> None:
    secret = "fw_canary_1234567890"
    session = await api.create(api_key=secret, account="acme")
    path = api.home.credentials
    assert path.stat().st_mode & 0o777 == 0o600
    assert secret in path.read_text()
    shown = (await api.http.get(f"/v1/sessions/{session}")).text
    events = (await api.http.get(f"/v1/sessions/{session}/events")).text
    bad = await api.http.post("/v1/sessions", json={"instruction": 1, "api_key": secret * 40, "request_key": "k" * 8})
    for text in (
        shown,
        events,
        bad.text,
        *(p.read_bytes().decode("latin-1") for p in api.home.path.glob("sessions.db*")),
    ):
        assert secret not in text


async def test_a_key_that_is_gone_is_taken_from_the_next_answer(api: Api) -> None:
    session = await api.create(api_key="fw_first_key", account="acme")
    created = api.store.state(session).created
    assert created is not None
    api.home.credentials.unlink()
    api.ask(session)
    await say(api, session, "What is the plan?", key="first-key", api_key="fw_second_key")
    own = own_alias(created.credential, session)
    assert json.loads(api.home.credentials.read_text()) == {own: "fw_second_key"}
    await say(api, session, "What is the plan now?", key="second-key", api_key="fw_third_key")
    assert "fw_third_key" not in api.home.credentials.read_text()
    await say(api, session, "And now?", key="third-key", api_key="fw_third_key", replace_key=True)
    assert json.loads(api.home.credentials.read_text()) == {own: "fw_third_key"}


async def test_a_key_replaced_in_one_session_is_not_replaced_in_another(api: Api) -> None:
    one = await api.create(api_key="fw_shared_key", account="acme", key="first-key")
    two = await api.create(api_key="fw_shared_key", account="acme", key="second-key")
    alias = api.store.state(one).created.credential  # type: ignore[union-attr]
    await say(api, one, "And now?", key="third-key", api_key="fw_other_key", replace_key=True)
    credentials = Credentials(api.home)
    assert credentials.get(own_alias(alias, one), alias) == "fw_other_key"
    assert credentials.get(own_alias(alias, two), alias) == "fw_shared_key"
    api.end(one)
    assert (await api.http.delete(f"/v1/sessions/{one}")).status_code == 200
    assert "fw_other_key" not in api.home.credentials.read_text()


async def test_a_deletion_that_a_kill_cut_off_is_ended_at_the_next_start(api: Api) -> None:
    cut, alive = await api.create(key="first-key"), await api.create(key="second-key")
    api.end(cut)
    for session in (cut, alive):
        (api.home.workspaces / f".deleting-{session}").touch()
    api.store.delete(cut)
    Sessions(api.home, api.store, Credentials(api.home), api.woken.append, {}).sweep()
    assert [path.name for path in api.home.workspaces.iterdir()] == [alive]


@pytest.mark.parametrize(("cause", "status"), [("database or disk is full", 507), ("database is locked", 503)])
async def test_a_log_that_cant_be_written_is_said_and_nothing_is_taken(
    api: Api, monkeypatch: pytest.MonkeyPatch, cause: str, status: int
) -> None:
    session = await api.create()
    api.ask(session)

    def fail(*_: Any) -> Any:
        raise StoreError(f"the session log can't be used now: {cause}")

    monkeypatch.setattr(api.store, "transact", fail)
    answer = await say(api, session, "Approved, proceed.")
    assert answer.status_code == status
    assert cause in answer.json()["error"]["message"]
    assert answers(api, session) == []


async def test_a_bug_of_ours_is_told_without_its_detail(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    session = await api.create()

    def fail(*_: Any) -> Any:
        raise RuntimeError("detail")

    monkeypatch.setattr(api.store, "state", fail)
    answer = await api.http.get(f"/v1/sessions/{session}")
    assert answer.status_code == 500
    assert "bug of its own" in answer.json()["error"]["message"]
    assert "detail" not in answer.text


async def test_the_list_is_filtered_ordered_and_paged(api: Api) -> None:
    made = [await api.create(key=f"request-{i}") for i in range(5)]
    api.ask(made[2])
    waiting = (await api.http.get("/v1/sessions", params={"filter": "status=waiting"})).json()
    assert [row["session_id"] for row in waiting["sessions"]] == [made[2]]
    first = (await api.http.get("/v1/sessions", params={"page_size": 3, "order_by": "create_time desc"})).json()
    token = first["next_page_token"]
    query = {"page_size": 3, "order_by": "create_time desc", "page_token": token}
    second = (await api.http.get("/v1/sessions", params=query)).json()
    ids = [row["session_id"] for page in (first, second) for row in page["sessions"]]
    assert sorted(ids) == sorted(made)
    assert second["next_page_token"] == ""
    for bad in ({"filter": "color=red"}, {"order_by": "size"}, {"page_size": 201}, {"page_size": -1}, {"page_token": "?"},
                {"page_token": token}, {"filter": "status"}, {"page_size": "many"}):  # fmt: skip
        answer = await api.http.get("/v1/sessions", params=bad)
        assert answer.status_code == 400, bad
        assert answer.json()["error"]["next_step"]
