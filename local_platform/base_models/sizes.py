"""The models of the family: architecture and recipe of each."""

from dataclasses import dataclass

from transformers import Qwen3Config

from .tokenizer import END, PAD, SPECIAL, VOCABULARY


@dataclass(frozen=True)
class Size:
    """One model: its shape, and how it is pretrained.

    `tokens` counts positions trained on. The last `long_share` of the steps use rows of the whole context instead of
    rows of 256, so that positions up to the context are trained.
    """

    name: str
    hidden: int
    layers: int
    heads: int
    key_value_heads: int
    feed_forward: int
    tokens: int
    batch_tokens: int
    matrix_rate: float
    embedding_rate: float
    seed: int
    context: int = 1024
    long_share: float = 0.08

    def config(self) -> Qwen3Config:
        """The Qwen3 configuration of this size."""
        return Qwen3Config(
            vocab_size=VOCABULARY,
            hidden_size=self.hidden,
            intermediate_size=self.feed_forward,
            num_hidden_layers=self.layers,
            num_attention_heads=self.heads,
            num_key_value_heads=self.key_value_heads,
            head_dim=32,
            max_position_embeddings=self.context,
            rope_parameters={"rope_type": "default", "rope_theta": 10_000.0},
            tie_word_embeddings=True,
            initializer_range=0.02,
            pad_token_id=SPECIAL.index(PAD),
            eos_token_id=SPECIAL.index(END),
            bos_token_id=None,
            dtype="bfloat16",
        )


SIZES = {
    size.name: size
    for size in (
        Size("ember-1m", 128, 4, 4, 4, 448, 10_000_000, 4096, 0.02, 5e-3, 1),
        Size("ember-5m", 256, 5, 8, 4, 768, 6_000_000, 6144, 0.02, 4e-3, 5),
    )
}
