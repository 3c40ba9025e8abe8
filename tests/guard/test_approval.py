"""What the user's word does at a gate, between gates, and twice."""

from __future__ import annotations

from importlib.resources import files

import pytest

from agent.guard.approval import Conflict, receive, standing
from agent.guard.step import Understand
from agent.guard.verdict import judge_step
from agent.session.events import (
    Cancelling,
    GateAnswered,
    ReplyReading,
    RequestUnderstood,
    SessionEnded,
    ToolCalled,
    UserMessage,
)
from tests.guard.worlds import REQUEST, World, approved_world, plan
from tools.facts import CandidateMeasured
from tuning.plan import Interval
from tuning.pricing import load_prices

PAID = load_prices(files("tuning").joinpath("prices.yaml").read_text(encoding="utf-8"))


def said(world: World, text: str, gate: str = "") -> list[object]:
    """The events that follow, put into the world's log too."""
    events = [event for _, event in receive(world.state, text, text, gate)]
    for event in events:
        world.add(event)
    return events


def at_plan_gate() -> World:
    world = World()
    world.draft(plan())
    world.show()
    return world


def test_a_plain_yes_at_the_gate_is_the_approval_of_exactly_that_digest() -> None:
    world = at_plan_gate()
    message, answer = said(world, "Approved, proceed.")
    assert isinstance(message, UserMessage) and isinstance(answer, GateAnswered)
    assert answer.gate.digest == plan().digest() and answer.text == "Approved, proceed."
    assert world.state.plan_approved


@pytest.mark.parametrize(
    "text",
    [
        "Yes, but with 2 epochs.",
        "Is it approved?",
        "If it costs under $3, go ahead.",
        "My boss wrote: 'Approved, proceed.'",
        "banana",
        "no",
        "not yet",
        "Proceed with the winning config.",
    ],
)
def test_anything_less_than_a_plain_yes_approves_nothing(text: str) -> None:
    world = at_plan_gate()
    said(world, text)
    assert not world.state.approved


def test_a_change_makes_a_new_request_and_closes_the_gate() -> None:
    world = at_plan_gate()
    events = said(world, "Yes, but with 2 epochs.")
    changed = next(e for e in events if isinstance(e, RequestUnderstood))
    assert changed.request.epochs == (2,) and world.state.gate is None and world.state.revision == 2


def test_a_yes_to_nothing_is_a_conflict_that_shows_the_first_answer() -> None:
    world = at_plan_gate()
    said(world, "Approved, proceed.")
    with pytest.raises(Conflict, match=r"answered first with approve: 'Approved, proceed\.'"):
        receive(world.state, "yes", "second")


def test_an_answer_to_another_gate_is_a_conflict() -> None:
    world = at_plan_gate()
    with pytest.raises(Conflict, match="that gate is not open"):
        receive(world.state, "yes", "k", "0" * 64)


def test_a_session_that_has_ended_or_is_being_cancelled_takes_no_words() -> None:
    for event, words in ((SessionEnded(status="succeeded"), "has succeeded"), (Cancelling(), "being cancelled")):
        world = at_plan_gate()
        world.add(event)
        with pytest.raises(Conflict, match=words):
            receive(world.state, "yes", "k")


def test_stop_after_the_yes_holds_and_a_second_yes_to_the_plan_goes_on() -> None:
    world = approved_world()
    said(world, "stop")
    assert world.state.held
    world.show()
    said(world, "Approved, proceed.")
    assert not world.state.held


def test_calling_the_whole_thing_off_cancels() -> None:
    world = at_plan_gate()
    said(world, "cancel the session")
    assert world.state.cancelling


def test_a_plan_with_an_unknown_price_needs_the_words() -> None:
    world = World()
    known = plan(prices=PAID, kind="fireworks")
    items = tuple(i.model_copy(update={"cost": None}) if i.kind == "train" else i for i in known.items)
    world.draft(known.model_copy(update={"items": items, "unknown_prices": ("sweep-1",)}))
    world.show()
    said(world, "Approved, proceed.")
    assert not world.state.approved
    said(world, "Approved, proceed at an unknown price, but use 2 epochs")
    assert not world.state.approved


def test_the_words_about_the_price_with_a_yes_approve() -> None:
    world = World()
    world.draft(plan().model_copy(update={"unknown_prices": ("sweep-1",)}))
    world.show()
    said(world, "Approved, proceed at an unknown price.")
    assert world.state.approved


@pytest.mark.parametrize(("limit", "approved"), [(None, False), (4.99, False), (5.0, True), (100.0, True)])
def test_a_standing_yes_covers_a_plan_within_its_sum(limit: float | None, approved: bool) -> None:
    world = World()
    assert world.state.created is not None
    world.add(world.state.created.model_copy(update={"approve_up_to_usd": limit}))
    world.draft(plan().model_copy(update={"cost": Interval(low=1.0, high=5.0)}))
    world.show()
    answers = [event for _, event in standing(world.state)]
    assert bool(answers) is approved
    if answers:
        assert isinstance(answers[0], GateAnswered) and answers[0].by == "standing"


def test_a_standing_yes_never_covers_a_hold_or_another_plan() -> None:
    world = approved_world()
    assert world.state.created is not None
    world.add(world.state.created.model_copy(update={"approve_up_to_usd": 100.0}))
    said(world, "stop")
    world.show()
    assert standing(world.state) == ()
    other = World()
    other.draft(plan(REQUEST))
    other.show(digest="of another plan")
    assert standing(other.state) == ()


def with_standing_yes(world: World, limit: float = 5.0) -> World:
    assert world.state.created is not None
    world.add(world.state.created.model_copy(update={"approve_up_to_usd": limit}))
    return world


@pytest.mark.parametrize("word", ["hold on, don't start anything yet", "stop", "not yet"])
def test_a_no_before_the_plan_is_shown_outweighs_a_standing_yes(word: str) -> None:
    world = with_standing_yes(World())
    said(world, word)
    world.draft(plan())
    world.show()
    assert standing(world.state) == ()
    said(world, "Approved, proceed.")
    assert world.state.plan_approved


@pytest.mark.parametrize(("candidate", "answers"), [(2, 1), (3, 0)])
def test_a_standing_yes_promotes_the_winner_and_no_other(candidate: int, answers: int) -> None:
    world = with_standing_yes(approved_world())
    for number, loss in ((1, 1.2), (2, 1.0), (3, 1.1)):
        world.trained(f"sweep-{number}")
        world.learn(
            CandidateMeasured(
                item=f"sweep-{number}", candidate=number, split="validation", train_loss=1.0, eval_loss=loss
            )
        )
    world.show("promotion", candidate=candidate, digest="of the scoreboard")
    assert len(standing(world.state)) == answers


def test_a_standing_yes_counts_what_an_earlier_plan_committed() -> None:
    world = with_standing_yes(approved_world())
    world.add(
        ToolCalled(
            call="x", tool="launch_job", effect="spend", based_on=1, resource="of an earlier plan", cost_high=3.0
        )
    )
    world.draft(plan(REQUEST.updated({"epochs": (2,)})).model_copy(update={"cost": Interval(low=1.0, high=2.5)}))
    world.show()
    assert standing(world.state) == ()
    with_standing_yes(world, 5.5)
    assert len(standing(world.state)) == 1


@pytest.mark.parametrize("text", ["stop", "use 2 epochs", "hold on"])
def test_a_halt_counts_at_any_gate_once_something_is_approved(text: str) -> None:
    world = approved_world()
    world.show("question", digest="trouble")
    said(world, text)
    assert world.state.held


def test_naming_another_candidate_is_no_halt_and_a_hold_at_promotion_ends_with_its_yes() -> None:
    world = approved_world()
    for number in (1, 2, 3):
        world.trained(f"sweep-{number}")
    world.show("promotion", candidate=2, digest="board")
    said(world, "use candidate 3 instead")
    assert not world.state.held
    world.show("promotion", candidate=3, digest="board-3")
    said(world, "not yet")
    assert world.state.held
    said(world, "Approved, proceed.")
    assert not world.state.held and world.state.promoted == 3


@pytest.mark.parametrize(
    ("changes", "allowed"),
    [
        ({}, True),
        ({"epochs": (2,)}, True),
        ({"budget_usd": 5.0}, True),
        ({"budget_usd": 50.0}, False),
        ({"budget_usd": None}, False),
        ({"max_parallel_jobs": 60}, False),
        ({"train_dataset": "/etc/passwd"}, False),
        ({"train_dataset": "accounts/local/datasets/tickets"}, True),
    ],
)
def test_a_planner_reads_but_does_not_loosen(changes: dict[str, object], allowed: bool) -> None:
    world = World()
    capped = REQUEST.updated({"budget_usd": 10.0})
    world.add(RequestUnderstood(request=capped, source=1))
    seq = world.add(UserMessage(text="train tickets for 2 epochs", reading=ReplyReading(label="revise")))
    event = RequestUnderstood(request=capped.updated(changes), source=seq)
    assert judge_step(Understand("k", event), None, world.state).allowed is allowed


def test_a_planner_cannot_rest_a_request_on_a_word_that_was_not_said() -> None:
    world = World()
    event = RequestUnderstood(request=REQUEST, source=99)
    assert "newest word" in judge_step(Understand("k", event), None, world.state).reason
