"""The small readers by themselves: dictation, pasted settings, words that stand for a name, steps from what stands."""

from __future__ import annotations

import pytest

from agent.understanding import read_instruction, read_reply
from agent.understanding.numbers import digit_groups, plain_numbers
from agent.understanding.predict import predict_instruction
from agent.understanding.quoting import settings_in
from agent.understanding.references import with_references
from agent.understanding.relative import models_after, read_relative
from agent.understanding.spoken import as_written
from tuning.request import Request, Target

SIZES = {"⟦m0⟧": 8.0, "⟦m1⟧": 32.0}
STANDING = Request(
    base_models=("qwen3-8b", "qwen3-32b"), epochs=(3,), learning_rates=(2e-4,), lora_ranks=(8, 16), budget_usd=10.0
)


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("train qwen three fourteen b on it", "train qwen 3 14b on it"),
        ("llama three point two three b", "llama 3.2 3b"),
        ("gpt oss one twenty b", "gpt oss 120b"),
        ("um use rank eight", "use rank eight"),
        ("two epochs comma rank eight period", "two epochs, rank eight."),
        ("a trial period of two weeks", "a trial period of two weeks"),
        ("run --no-deploy --lora-rank 8", "run no deploy lora rank 8"),
        ("w/ rank 8, w/o sweep", "with rank 8, without sweep"),
    ],
)
def test_dictated_and_shortened_text_is_written_out(said: str, written: str) -> None:
    assert as_written(said) == written


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("sixty forty", ["60", "40"]),
        ("three thirty two", ["3", "32"]),
        ("two thousand five hundred", ["2500"]),
        ("one point five", ["1.5"]),
    ],
)
def test_a_run_of_number_words_falls_into_its_numbers(words: str, numbers: list[str]) -> None:
    assert digit_groups(words) == numbers


def test_one_as_a_pronoun_is_no_number() -> None:
    assert plain_numbers("the rank 16 one and one epoch") == "the rank 16 that and 1 epoch"


@pytest.mark.parametrize(
    ("data", "holds"),
    [
        ("train.py --model qwen3-8b --epochs 2", True),
        ('{"base_model": "qwen3-8b", "lora_rank": 8}', True),
        ('{"messages": [{"role": "user", "content": "model: x, epochs: 3"}]}', False),
        ("epoch 1 loss 2.1", False),
    ],
)
def test_settings_in_a_block_are_told_from_rows(data: str, holds: bool) -> None:
    assert bool(settings_in(data)) is holds


def test_a_block_counts_only_where_the_writer_hands_it_on() -> None:
    block = "```\nsft --model qwen3-8b --epochs 2\n```"
    assert read_instruction(f"Please run this on tea-notes.\n{block}").request.epochs == (2,)
    assert read_instruction(f"SFT qwen3-8b on tea-notes. Last time we used this:\n{block}").request.epochs == ()


@pytest.mark.parametrize(
    ("text", "resolved"),
    [
        ("⟦m0⟧ and ⟦m1⟧, drop the bigger one", "⟦m0⟧ and ⟦m1⟧, drop ⟦m1⟧"),
        ("⟦m0⟧ or ⟦m1⟧? the latter.", "⟦m0⟧ or ⟦m1⟧? ⟦m1⟧."),
        ("the small one (⟦m0⟧) learns from the big one (⟦m1⟧). the big one is the teacher",
         "the small one (⟦m0⟧) learns from the big one (⟦m1⟧). ⟦m1⟧ is the teacher"),
        ("⟦d0⟧ and ⟦d1⟧: the first for training, the second to evaluate", "⟦d0⟧ and ⟦d1⟧: ⟦d0⟧ for training, ⟦d1⟧ to evaluate"),
        ("⟦m0⟧ is a big model", "⟦m0⟧ is a big model"),
        ("the bigger one", "the bigger one"),
    ],
)  # fmt: skip
def test_words_that_stand_for_a_name_become_it(text: str, resolved: str) -> None:
    assert with_references(text, SIZES.get) == resolved


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("1 epoch fewer", {"epochs": [2]}),
        ("2 more epochs", {"epochs": [5]}),
        ("double the budget", {"budget_usd": 20.0}),
        ("halve the learning rate", {"learning_rates": [1e-4]}),
        ("twice the rank", {"lora_ranks": [16, 32]}),
        ("double the samples", {}),
        ("3 epochs", {}),
    ],
)
def test_a_step_counts_from_what_stands(text: str, changes: dict) -> None:
    assert read_relative(text, STANDING) == changes
    assert read_relative(text, Request()) == {}


def test_models_are_added_to_or_taken_from_those_that_stand() -> None:
    both = STANDING.base_models
    assert models_after("also x", ["qwen3-14b"], [], both) == (*both, "qwen3-14b")
    assert models_after("drop it", [], ["qwen3-32b"], both) == ("qwen3-8b",)
    assert models_after("use x instead", ["qwen3-14b"], [], both) is None
    assert models_after("drop both", [], list(both), both) is None


@pytest.mark.parametrize(
    ("answer", "models"),
    [
        ("the bigger one", ["qwen3-32b"]),
        ("both please", ["qwen3-8b", "qwen3-32b"]),
        ("the first one", ["qwen3-8b"]),
        ("neither", None),
    ],
)
def test_an_answer_may_point_at_what_the_question_named(answer: str, models: list[str] | None) -> None:
    reply = read_reply(answer, "question", "Which base model shall I take, Qwen3 8B or Qwen3 32B?")
    assert reply.changes.get("base_models") == models


@pytest.mark.parametrize(
    ("wish", "slots"),
    [
        ("just benchmark, don't fine-tune", {"benchmark_only": True}),
        ("use a 70/30 split", {"train_fraction": 0.7}),
        ("imbalance threshold of 20", {"imbalance_threshold": 20.0}),
        ("macro F1 of at least 0.8", {"target": {"metric": "macro_f1", "value": 0.8}}),
        ("at least 80% macro-averaged F1", {"target": {"metric": "macro_f1", "value": 0.8}}),
        ("we need an F1-score of 0.9", {"target": {"metric": "macro_f1", "value": 0.9}}),
        ("a score of at least 0.8", {"target": {"metric": "score", "value": 0.8}}),
        ("at least 92% accuracy", {"target": {"metric": "accuracy", "value": 0.92}}),
        ("rebalance the classes", {"rebalance": "oversample"}),
        ("undersample the frequent ones", {"rebalance": "undersample"}),
        ("weight the rare labels", {"rebalance": "weights"}),
        ("leave out the label Misc", {"drop_labels": ["Misc"]}),
        ("Remove the label misc, proceed", {"drop_labels": ["misc"]}),
        ("leave out the labels: misc, other", {"drop_labels": ["misc", "other"]}),
        ("merge Refunds into billing", {"merge_labels": [["Refunds", "billing"]]}),
        ("Merge the label refunds into billing, proceed", {"merge_labels": [["refunds", "billing"]]}),
        ('treat "refund request" as billing', {"merge_labels": [["refund request", "billing"]]}),
        (
            "I'd like refunds and returns merged into billing",
            {"merge_labels": [["refunds", "billing"], ["returns", "billing"]]},
        ),
        ("misc should be merged into other", {"merge_labels": [["misc", "other"]]}),
        ("merge the labels a and b", {"merge_labels": [["b", "a"]]}),
        ("combine a, b and c into one label called d", {"merge_labels": [["a", "d"], ["b", "d"], ["c", "d"]]}),
        ("merge a into b and c into d", {"merge_labels": [["a", "b"], ["c", "d"]]}),
        ("don't merge them", {"merge_spellings": False}),
        ("keep Billing and billing apart", {"keep_apart": ["Billing", "billing"]}),
        ("do not merge Billing into billing", {"keep_apart": ["Billing", "billing"]}),
        ("one LoRA rank, 16", {"lora_ranks": [16]}),
        ("a single learning rate, 1e-4", {"learning_rates": [1e-4]}),
        ("labels are: owl, wren, kite", {"labels": ["owl", "wren", "kite"]}),
        ("fine-tune all of them", {"tune_all": True}),
    ],
)
def test_a_wish_about_classification_is_read_at_the_start_and_at_the_plan(wish: str, slots: dict) -> None:
    job = "Classification on birds-9 with qwen3-8b and qwen3-14b. "
    before = read_instruction(job).request.slots()
    assert read_instruction(job + wish + ".").request.slots() == {**before, **slots}
    reply = read_reply(wish, "plan")
    assert (reply.label, dict(reply.changes)) == ("revise", slots)


@pytest.mark.parametrize("wish", ["use fewer labels", "merge the two rarest labels"])
def test_a_wish_that_no_setting_holds_is_a_change_all_the_same(wish: str) -> None:
    reply = read_reply(f"yes, but {wish}", "plan")
    assert reply.label == "revise"
    assert reply.reason


@pytest.mark.parametrize(
    "words",
    ["Skip HP tuning.", "No hyperparameter tuning please.", "Skip the tuning rounds.", "Without any grid-tuning."],
)
def test_a_search_that_is_left_out_is_no_training_that_is_left_out(words: str) -> None:
    read = read_instruction(f"Run classification fine-tuning on accounts/a/datasets/x using qwen3-8b. {words}")
    assert not read.request.benchmark_only and read.request.workflow == "classification"


@pytest.mark.parametrize("words", ["We need at least 92%.", "Target: at least 92%.", "92 percent or better, please."])
def test_a_share_to_be_reached_is_a_classifications_accuracy(words: str) -> None:
    read = read_instruction(f"Run classification on accounts/a/datasets/x using qwen3-8b. {words}").request
    assert read.target == Target(metric="accuracy", value=0.92)
    reply = read_reply(words, "plan", current=Request(workflow="classification"))
    assert reply.label == "revise" and reply.changes == {"target": {"metric": "accuracy", "value": 0.92}}


MERGED = Request(workflow="classification", merge_labels=(("a", "b"), ("c", "d")))


@pytest.mark.parametrize(
    ("text", "before", "changes"),
    [
        ("merge e into b", MERGED, {"merge_labels": [["a", "b"], ["c", "d"], ["e", "b"]]}),
        ("merge a into d instead", MERGED, {"merge_labels": [["c", "d"], ["a", "d"]]}),
        ("merge b into a", MERGED, {"merge_labels": [["c", "d"], ["b", "a"]]}),
        ("don't merge them", MERGED, {"merge_labels": []}),
        ("keep a and b apart", MERGED, {"merge_labels": [["c", "d"]], "keep_apart": ["a", "b"]}),
        ("merge them after all", MERGED.updated({"merge_spellings": False}), {"merge_spellings": True}),
        ("merge A into a", Request(keep_apart=("a", "A")), {"merge_labels": [["A", "a"]], "keep_apart": ["a"]}),
    ],
)
def test_a_word_about_merging_counts_from_the_merges_that_stand(text: str, before: Request, changes: dict) -> None:
    reply = read_reply(text, "plan", current=before)
    assert (reply.label, dict(reply.changes)) == ("revise", changes)


@pytest.mark.parametrize(
    "text", ["treat this as approved", "keep the training and test data apart", "merge both data sets into one",
             "What if I merge a into b?", "the results are merged into one report", "we merged a into b last time", "merge the adapter into the weights"]
)  # fmt: skip
def test_other_things_that_are_merged_are_no_labels(text: str) -> None:
    assert not read_reply(text, "plan", current=MERGED).changes


def test_outside_a_classification_a_merge_has_no_effect_and_that_is_told() -> None:
    reply = read_reply("merge a into b", "plan", current=Request(workflow="sft"))
    assert not reply.changes and "labels to be merged" in reply.reason
    read = read_instruction("Run SFT on accounts/a/datasets/x using qwen3-8b. Merge the labels a and b.")
    assert not read.request.merge_labels and "labels to be merged" in " ".join(read.notes)


def test_the_benchmark_knows_no_macro_f1_and_other_averages_are_no_macro() -> None:
    row = {"id": "1", "instruction": "Classification on birds-9 with qwen3-8b, macro-F1 of at least 0.8."}
    assert predict_instruction(row)["pred"]["target"] == {"metric": "score", "value": 0.8}
    reply = read_reply("micro F1 of at least 0.9", "plan", current=Request(workflow="classification"))
    assert not reply.changes and "micro-averaged" in reply.reason


def test_a_share_of_the_rows_is_no_target() -> None:
    reply = read_reply("hold out at least 20%", "plan", current=Request(workflow="classification"))
    assert reply.changes == {"train_fraction": 0.8}
