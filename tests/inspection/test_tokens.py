"""Token counts against `tokenizers`, and conversation counts against rendering the chat template."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from tuning.chat_layout import CHATML, learn_layout, renderer
from tuning.rows import Turn
from tuning.tokens import ExactCounter, TokenCounter, from_tokenizer_json, interval_counter

from .rows_for_tests import SPECIAL, tokenizer_json

QWEN3_LIKE = (
    "{%- set ns = namespace(last=-1) %}"
    "{%- for m in messages %}{%- if m.role == 'user' %}{%- set ns.last = loop.index0 %}{%- endif %}{%- endfor %}"
    "{%- for m in messages %}"
    "{%- if m.role == 'assistant' and loop.index0 > ns.last %}"
    "{{- '<|im_start|>assistant\\n<think>\\n\\n</think>\\n\\n' + m.content + '<|im_end|>\\n' }}"
    "{%- else %}{{- '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{%- endif %}{%- endfor %}"
)
DEFAULT_SYSTEM = "{% if messages[0].role != 'system' %}<|im_start|>system\nBe kind.<|im_end|>\n{% endif %}" + CHATML
STRIPPING = "{{ bos_token }}" + CHATML.replace("message['content']", "message['content'] | trim")
NO_DELIMITERS = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
NO_SYSTEM = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}" + CHATML
TEMPLATES = {
    "chatml": CHATML,
    "thinking": QWEN3_LIKE,
    "default system": DEFAULT_SYSTEM,
    "stripping": STRIPPING,
    "no delimiters": NO_DELIMITERS,
    "no system": NO_SYSTEM,
}

texts = st.text(alphabet=st.characters(codec="utf-8"), max_size=60) | st.sampled_from(
    ["  x ", "\n\n", "don't", "<|im_end|>", "a<|im_start|>b", "é", "e\u0301", "１２", "\x1c\x85", "a\u200bb"]
)


def reference(text: str, qwen: bool) -> int:
    return len(Tokenizer.from_str(tokenizer_json(qwen)).encode(text, add_special_tokens=False).ids)


@pytest.mark.parametrize("qwen", [True, False])
def test_counts_equal_the_reference_library(qwen: bool) -> None:
    counter = from_tokenizer_json(tokenizer_json(qwen), CHATML)
    assert counter.exact and "through tokenizers" not in counter.method
    library = Tokenizer.from_str(tokenizer_json(qwen))

    @settings(max_examples=400, deadline=None)
    @given(st.lists(texts, min_size=1, max_size=8))
    def check(batch: list[str]) -> None:
        expected = [len(library.encode(text, add_special_tokens=False).ids) for text in batch]
        assert counter.count(batch) == expected

    check()
    # Still the fast way after the counter's own comparison: the equality above is of two libraries.
    assert "through tokenizers" not in counter.method


def test_a_difference_hands_the_counting_to_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = from_tokenizer_json(tokenizer_json(), CHATML)

    class Wrong:
        def encode_batch_flat(self, batch: list[str]) -> tuple[bytes, bytes]:
            return b"", b"\x00" * 8 * (len(batch) + 1)

    monkeypatch.setattr(counter, "_fast", Wrong())
    assert counter.count(["the quick"]) == [reference("the quick", True)]
    assert "differed" in counter.method
    assert counter.count(["brown fox"]) == [reference("brown fox", True)]


def test_limits_saved_in_a_tokenizer_do_not_cap_counts() -> None:
    declared = json.loads(tokenizer_json())
    declared["truncation"] = {"direction": "Right", "max_length": 3, "strategy": "LongestFirst", "stride": 0}
    counter = from_tokenizer_json(json.dumps(declared), CHATML)
    assert counter.count(["the quick brown fox jumps"]) == [reference("the quick brown fox jumps", True)]


def test_other_kinds_of_tokenizer_are_counted_by_the_reference() -> None:
    pieces = [["<unk>", 0.0], ["a", -1.0], ["b", -1.5], ["ab", -2.0]]
    text = json.dumps(
        {"version": "1.0", "added_tokens": [], "model": {"type": "Unigram", "vocab": pieces, "unk_id": 0}}
    )
    counter = from_tokenizer_json(text, NO_DELIMITERS)
    assert counter.exact and "through tokenizers" in counter.method
    assert counter.count(["abab"]) == [2]


@pytest.mark.parametrize("text", ["", "{}", "[]", "not json", '{"model": {"type": "None"}}'])
def test_what_is_no_tokenizer_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a tokenizer\.json"):
        from_tokenizer_json(text)


roles = st.sampled_from(["u", "ua", "su", "sua", "uaua", "suaua", "uauaua", "uau", "suauau", "a"])


@pytest.mark.parametrize("name", TEMPLATES)
def test_conversations_count_as_rendered(name: str) -> None:
    special = {"bos_token": "<|endoftext|>"}
    counter = from_tokenizer_json(tokenizer_json(), TEMPLATES[name], special)
    assert (counter.layout.gaps is None) == (name == "no delimiters")
    names = {"s": "system", "u": "user", "a": "assistant"}

    @settings(max_examples=150, deadline=None)
    @given(roles, st.data())
    def check(shape: str, data: st.DataObject) -> None:
        turns = [Turn(names[role], data.draw(texts)) for role in shape]
        split = counter.layout.split(turns)
        if split is not None:
            rendered = renderer(TEMPLATES[name], special)(turns)
            assert split.outside + sum(counter.count(split.texts)) == counter.count([rendered])[0]

    check()


def test_layout_falls_back_to_rendering_for_roles_that_no_probe_had() -> None:
    counter = from_tokenizer_json(tokenizer_json(), CHATML)
    assert counter.layout.split([Turn("user", "a"), Turn("tool", "b")]) is None
    assert counter.layout.split([Turn("user", "a"), Turn("assistant", "b")]) is not None


def test_a_template_cannot_reach_the_machine() -> None:
    evil = "{{ ''.__class__.__mro__[1].__subclasses__() }}{% for m in messages %}{{ m.content }}{% endfor %}"
    layout = learn_layout(renderer(evil), SPECIAL, len)
    assert layout.gaps is None
    with pytest.raises(Exception, match="unsafe"):
        layout.render([Turn("user", "x")])


def test_the_range_without_a_tokenizer_holds_the_exact_count_of_ordinary_text() -> None:
    guess: TokenCounter = interval_counter()
    exact: ExactCounter = from_tokenizer_json(tokenizer_json(size=600), CHATML)
    assert not guess.exact and "no tokenizer" in guess.method
    for text in ("The quick brown fox jumps over the lazy dog. " * 20, "Paris is the capital of France. " * 20):
        (estimate,), (true,) = guess.count([text]), exact.count([text])
        assert estimate * guess.low <= true <= estimate * guess.high
    assert guess.count([""]) == [0]
    assert guess.count(["日本語"]) == [3]


def test_the_range_is_ordered() -> None:
    counter = interval_counter()
    assert 0 < counter.low < 1 < counter.high
    assert counter.layout.gaps is not None


def test_the_generation_block_of_transformers_renders_its_body() -> None:
    """Tags around it trim the line end that follows them, as in Transformers."""
    render = renderer("{% for m in messages %}\n{%- generation %}{{ m['content'] }}\n{% endgeneration %}\n{% endfor %}")
    assert render([Turn("user", "a"), Turn("assistant", "b")]) == "a\nb\n"
