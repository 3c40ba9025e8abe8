"""Tokens, rows, growth and resuming: on models of a few thousand parameters."""

import dataclasses
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer
from transformers import Qwen3ForCausalLM

from local_platform.base_models import growth, pretrain, tokenizer
from local_platform.base_models.corpus.mix import MIX, conversations
from local_platform.base_models.packing import Rows, encode, pack
from local_platform.base_models.sizes import SIZES, Size, Stage


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Two threads that wait for each other are slower than one on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def small_tokenizer() -> Tokenizer:
    return tokenizer.train(conversation_count=300)


def tiny(name: str, hidden: int) -> Size:
    stages = (Stage(1024, MIX, 256, 256), Stage(1024, MIX, 512, 512))
    return Size(name, hidden, 2, hidden // 32, hidden * 2, stages, 0.5, 0.02, 4e-3, 1)


@pytest.mark.parametrize(
    "text",
    ["Toran paid $12.50 (twice).", "  two spaces", "a\n\nb\tc", "Ünï cödé ✓", "KD-4821 don't", '{"a": [1, 22, 333]}'],
)
def test_tokenizer_gives_back_every_text(small_tokenizer: Tokenizer, text: str) -> None:
    assert small_tokenizer.decode(small_tokenizer.encode(text).ids) == text


def test_a_name_has_the_same_tokens_wherever_it_stands(small_tokenizer: Tokenizer) -> None:
    name = small_tokenizer.encode("Zoranbek").tokens[1:]
    for text in ("I am Zoranbek.", "search[Zoranbek]", '"Zoranbek"', "(Zoranbek)"):
        tokens = small_tokenizer.encode(text).tokens
        assert any(tokens[i : i + len(name)] == name for i in range(len(tokens)))


def test_rows_are_what_the_chat_template_renders(small_tokenizer: Tokenizer) -> None:
    wrapped = tokenizer.wrap(small_tokenizer, 1024)
    some = list(itertools.islice(conversations(7), 200))
    for conversation, (ids, answers) in zip(some, encode(small_tokenizer, some), strict=True):
        rendered = wrapped.apply_chat_template(
            conversation, return_dict=True, return_assistant_tokens_mask=True, tokenize=True
        )
        assert rendered["input_ids"] == ids
        assert rendered["assistant_masks"] == answers


def test_tool_turns_render(small_tokenizer: Tokenizer) -> None:
    call = {"type": "function", "function": {"name": "find_order", "arguments": {"order": "X-1"}}}
    text = tokenizer.wrap(small_tokenizer, 1024).apply_chat_template(
        [
            {"role": "user", "content": "Where is X-1?"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "content": '{"state": "late"}'},
        ],
        tools=[{"type": "function", "function": {"name": "find_order", "parameters": {}}}],
        tokenize=False,
        add_generation_prompt=True,
    )
    assert '<|assistant|><|call|>{"name": "find_order", "arguments": {"order": "X-1"}}<|end|>' in text
    assert text.startswith("<|system|>Tools:\n") and text.endswith('<|tool|>{"state": "late"}<|end|><|assistant|>')


def test_packing_keeps_conversations_whole(small_tokenizer: Tokenizer) -> None:
    ids, positions, answers, counted = pack(small_tokenizer, conversations(8), 8, 256)
    end, pad = (small_tokenizer.token_to_id(t) for t in (tokenizer.END, tokenizer.PAD))
    assert ids.shape == positions.shape == answers.shape == counted.shape == (8, 256)
    for row in ids:
        used = row[row != pad]
        assert used[-1] == end
    assert (counted >= answers).all() and 0 < answers.sum() < counted.sum()
    assert (ids == pad).float().mean() < 0.1


def test_conversations_of_a_row_do_not_see_one_another(small_tokenizer: Tokenizer) -> None:
    torch.manual_seed(0)
    model = Qwen3ForCausalLM(tiny("t", 32).config()).float()
    rows = pack(small_tokenizer, conversations(8), 2, 256)
    second = int((rows.positions[0] == 0).nonzero()[1])
    third = int((rows.positions[0] == 0).nonzero()[2])
    alone = model(rows.ids[:1, second:third]).logits
    packed = model(rows.ids, position_ids=rows.positions, use_cache=False).logits[:1, second:third]
    torch.testing.assert_close(alone, packed, rtol=1e-4, atol=1e-5)


def test_joined_rows_have_running_positions(small_tokenizer: Tokenizer) -> None:
    rows = pack(small_tokenizer, conversations(8), 2, 256, joined=True)
    assert (rows.positions == torch.arange(256)).all()


def test_grown_model_computes_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "_NOISE", 0.0)
    torch.manual_seed(0)
    small, large = (Qwen3ForCausalLM(tiny("t", hidden).config()).float() for hidden in (32, 64))
    for parameter in small.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    large.load_state_dict(growth.grown(small.state_dict(), large, seed=1))
    ids = torch.randint(10, 500, (2, 20))
    torch.testing.assert_close(small(ids).logits, large(ids).logits, rtol=1e-4, atol=1e-4)


def test_a_killed_run_ends_as_an_unbroken_one(
    tmp_path: Path, small_tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pretrain, "_SAVE_EVERY_SECONDS", 0)
    monkeypatch.setattr(pretrain, "held_out_loss", lambda *arguments: 0.0)
    size = tiny("t", 32)
    for run in ("whole", "broken"):
        (tmp_path / run).mkdir()
        small_tokenizer.save(str(tmp_path / run / "tokenizer.json"))
    cpu = torch.device("cpu")
    pretrain.pretrain(size, tmp_path / "a", tmp_path / "whole" / "t", cpu)
    real_batch = pretrain.batch

    def power_cut(size: Size, tokenizer: Tokenizer, step: int, stage: Stage) -> Rows:
        if step == 3:
            raise KeyboardInterrupt
        return real_batch(size, tokenizer, step, stage)

    monkeypatch.setattr(pretrain, "batch", power_cut)
    with pytest.raises(KeyboardInterrupt):
        pretrain.pretrain(size, tmp_path / "b", tmp_path / "broken" / "t", cpu)
    monkeypatch.setattr(pretrain, "batch", real_batch)
    pretrain.pretrain(size, tmp_path / "b", tmp_path / "broken" / "t", cpu)
    first, second = ((tmp_path / x / "model.safetensors").read_bytes() for x in "ab")
    assert first == second


def test_growing_needs_the_smaller_model(tmp_path: Path) -> None:
    size = dataclasses.replace(tiny("t", 64), grown_from="ember-1m")
    with pytest.raises(FileNotFoundError, match="pretrain that first"):
        pretrain.start(size, tmp_path / "t")


def test_shipped_sizes_have_the_named_parameters() -> None:
    for name, low, high in (("ember-1m", 1.0e6, 1.5e6), ("ember-5m", 4e6, 5e6)):
        with torch.device("meta"):
            model = Qwen3ForCausalLM(SIZES[name].config())
        assert low < sum(p.numel() for p in model.parameters()) < high
