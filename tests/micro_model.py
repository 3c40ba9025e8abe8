"""A random causal model of a few thousand weights with a real tokenizer: everything a checkpoint has, in a second."""

import functools
import json
from pathlib import Path

import yaml
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' }}"
    "{% if message['role'] == 'assistant' %}{% generation %}{{ message['content'] + '<|im_end|>' }}{% endgeneration %}"
    "{{ '\n' }}{% else %}{{ message['content'] + '<|im_end|>\n' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
_TEXT = [
    "What do you want to know about my order, please? I was charged twice for the card and want a refund.",
    "billing account shipping technical other yes no red green blue one two three four five six seven",
]
_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


@functools.cache
def _tokenizer_json(vocabulary: int) -> str:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_TEXT, trainer)
    return str(tokenizer.to_str(pretty=True))


def write_tokenizer(folder: Path, vocabulary: int = 384) -> None:
    """A byte-level BPE tokenizer (Qwen's kind) with the three chat tokens, as Hugging Face files."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_text(_tokenizer_json(vocabulary))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": "<|im_end|>",
        "pad_token": "<|endoftext|>",
        "clean_up_tokenization_spaces": False,
        "model_max_length": 256,
        "chat_template": CHAT_TEMPLATE,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


def write_micro_model(folder: Path) -> None:
    """A random two-layer Qwen3 of hidden size 32 in `folder` (imports torch)."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    write_tokenizer(folder)
    torch.manual_seed(0)
    vocabulary = Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab_size()
    config = Qwen3Config(
        vocab_size=vocabulary,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        max_position_embeddings=256,
        tie_word_embeddings=True,
        initializer_range=0.2,
        eos_token_id=2,
        pad_token_id=0,
        bos_token_id=None,
    )
    Qwen3ForCausalLM(config).save_pretrained(folder)


def catalog_entry(model_id: str, parameters: int = 20_000, context: int = 256) -> dict[str, object]:
    """An entry of catalog.yaml for a model in the folder `model_id` beside the catalogue."""
    rates = [{"rank": 8, "learning_rate": 5e-3}, {"rank": 16, "learning_rate": 3e-3}]
    return {
        "id": model_id,
        "display_name": model_id,
        "path": model_id,
        "parameter_count": parameters,
        "context_length": context,
        "tunable": True,
        "recommended": {"lora": rates, "batch_size": 4, "tokens_per_second": 5000},
    }


def write_catalog(folder: Path, entries: list[dict[str, object]]) -> Path:
    """catalog.yaml in `folder`."""
    path = folder / "catalog.yaml"
    path.write_text(yaml.safe_dump({"models": entries}))
    return path
