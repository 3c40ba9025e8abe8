"""What a chat row becomes: labels on the assistant's tokens alone."""

from typing import Any

import pytest

from local_platform.job_folder import JobError
from tests.micro_model import write_tokenizer

pytestmark = pytest.mark.training
transformers = pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("tokenizer")
    write_tokenizer(folder)
    return transformers.PreTrainedTokenizerFast.from_pretrained(folder)


def learned(tokenizer: Any, messages: list[dict[str, Any]], max_length: int = 200, **row: Any) -> str:
    """The text that carries labels."""
    from local_platform.training.samples import IGNORED, encode_rows

    sample = encode_rows([{"messages": messages, **row}], tokenizer, max_length)[0]
    assert len(sample["input_ids"]) == len(sample["labels"]) <= max_length
    return str(tokenizer.decode([label for label in sample["labels"] if label != IGNORED]))


def chat(*turns: tuple[str, str]) -> list[dict[str, Any]]:
    return [{"role": role, "content": content} for role, content in turns]


def test_only_what_the_assistant_says_is_learned(tokenizer: Any) -> None:
    messages = chat(
        ("system", "be short"), ("user", "one?"), ("assistant", "uno"), ("user", "two?"), ("assistant", "dos")
    )
    assert learned(tokenizer, messages) == "uno<|im_end|>dos<|im_end|>"


def test_a_message_of_weight_zero_is_not_learned(tokenizer: Any) -> None:
    messages = chat(("user", "one?"), ("assistant", "uno"), ("user", "two?"), ("assistant", "dos"))
    messages[1]["weight"] = 0
    assert learned(tokenizer, messages) == "dos<|im_end|>"


def test_text_parts_count_as_text(tokenizer: Any) -> None:
    messages = [*chat(("user", "one?")), {"role": "assistant", "content": [{"type": "text", "text": "uno"}]}]
    assert learned(tokenizer, messages) == "uno<|im_end|>"


def test_a_long_row_loses_its_end(tokenizer: Any) -> None:
    assert learned(tokenizer, chat(("user", "long " * 100), ("assistant", "uno")), max_length=50) == ""


@pytest.mark.parametrize("messages", [[], [{"role": "nobody", "content": "x"}], ["text"]])
def test_a_row_that_is_no_chat_is_refused_by_number(tokenizer: Any, messages: list[Any]) -> None:
    with pytest.raises(JobError, match="row 1"):
        learned(tokenizer, messages)


def test_row_weights_are_refused_rather_than_ignored(tokenizer: Any) -> None:
    with pytest.raises(JobError, match="row weight"):
        learned(tokenizer, chat(("user", "a"), ("assistant", "b")), weight=0.5)
