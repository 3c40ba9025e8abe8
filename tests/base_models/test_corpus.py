"""The generator: deterministic, and its two sides share no wording, name or domain."""

import itertools
import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_platform.base_models.corpus import choice, composed, copying, names, reading, transcripts, words
from local_platform.base_models.corpus.mix import LABELS_MIX, conversations
from local_platform.base_models.corpus.wording import Side, asked, data, expand, is_held_out, of_side, say, wordings


def test_same_seed_same_stream() -> None:
    first, again, other = (list(itertools.islice(conversations(seed), 50)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


@given(st.lists(st.text(), min_size=5, max_size=40, unique=True))
def test_sides_divide_wordings(wordings: list[str]) -> None:
    train, test = of_side(tuple(wordings), Side.TRAIN), of_side(tuple(wordings), Side.TEST)
    assert train and test
    assert sorted((*train, *test)) == sorted(wordings)


def test_too_few_wordings_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 5"):
        of_side(("a", "b", "c", "d"), Side.TRAIN)


def test_sides_share_no_domain() -> None:
    train, test = choice.domains(Side.TRAIN), choice.domains(Side.TEST)
    assert len(test) >= 5
    assert not set(train) & set(test)


def test_every_task_and_relation_has_wordings_on_both_sides() -> None:
    tuples = [wordings(task) for task in data("wordings") if task != "fragments"]
    tuples += [part for relation in reading.relations().values() for part in (relation.tell, relation.ask)]
    for choices in tuples:
        train, test = (of_side(choices, side) for side in Side)
        assert train and test and not set(train) & set(test)


@given(st.integers(0, 10_000))
def test_composed_domains_use_no_held_out_label(seed: int) -> None:
    _, labels = composed.domain(random.Random(seed), choice.held_out_labels())
    assert len(labels) >= 4
    assert not set(labels) & choice.held_out_labels()
    assert all(phrase and "{" not in phrase for phrases in labels.values() for phrase in phrases)


@given(st.integers(0, 10_000), st.sampled_from(list(Side)))
def test_asked_keeps_what_is_filled_in(seed: int, side: Side) -> None:
    value = "Zoran B. Petrikov"
    for task in ("repeat", "introduce"):
        assert value in asked(random.Random(seed), side, wordings(task), x=value)


@given(st.integers(0, 10_000), st.sampled_from(list(Side)))
def test_names_and_numbers_keep_to_their_side(seed: int, side: Side) -> None:
    rng = random.Random(seed)
    for make in (names.surname, names.place, names.code, names.number, names.amount, names.email):
        assert is_held_out(make(rng, side)) is (side is Side.TEST)


def test_expand_takes_every_alternative() -> None:
    rng = random.Random(0)
    assert {expand(rng, "(a|b (c|d)|)x") for _ in range(100)} == {"ax", "b cx", "b dx", "x"}


def test_say_fills_slots_and_tidies_spaces() -> None:
    wordings = ("(please |)  give {x} .",) * 5
    assert say(random.Random(1), Side.TRAIN, wordings, x="(1)").endswith("give (1).")


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("task", LABELS_MIX, ids=lambda task: task.__name__)
def test_every_task_ends_with_an_answer(task: object, side: Side) -> None:
    rng = random.Random(3)
    for _ in range(40):
        made = task(rng, side)  # type: ignore[operator]
        assert made[-1]["role"] == "assistant"
        assert all(turn["content"] and "{" + "x}" not in turn["content"] for turn in made)


def test_answers_stand_in_the_prompt() -> None:
    rng = random.Random(4)
    for task in (copying.repeat, copying.extract_field, words.echo, words.odd_one_out, choice.by_examples):
        for _ in range(50):
            prompt, answer = task(rng, Side.TRAIN)[-2:]
            asked = task.__name__ != "extract_field"
            assert not asked or answer["content"] in prompt["content"]


def test_extracted_json_is_json_of_the_facts() -> None:
    rng = random.Random(5)
    for _ in range(50):
        prompt, answer = copying.extract_json(rng, Side.TRAIN)
        said = prompt["content"].lower()
        assert all(value.lower() in said for value in json.loads(answer["content"]).values())


def test_transcripts_finish_with_something_observed() -> None:
    rng = random.Random(6)
    for _ in range(100):
        turns = transcripts.transcript(rng, Side.TEST)
        final = turns[-1]["content"].split("finish[")[1].removesuffix("]")
        observed = " ".join(turn["content"] for turn in turns[2:] if turn["role"] == "user")
        assert final == "I don't know" or final in observed
