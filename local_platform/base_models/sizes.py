"""The models of the family: architecture and recipe of each."""

from collections.abc import Mapping
from dataclasses import dataclass

from transformers import Qwen3Config

from .corpus.mix import FIRST_MIX, LABELS_MIX, LARGER_MIX, LONG_MIX, MIX, Task
from .tokenizer import END, PAD, SPECIAL, VOCABULARY

CONTEXT = 1024
WARMUP_STEPS = 40


@dataclass(frozen=True)
class Stage:
    """A part of a run: how many tokens, the mix of tasks, tokens a row, tokens a step.

    With `joined` a row's conversations see one another, so that distances as long as the row are trained.
    """

    tokens: int
    mix: Mapping[Task, float]
    row: int
    batch_tokens: int
    joined: bool = False


@dataclass(frozen=True)
class Size:
    """One model: its shape, and how it is pretrained.

    The rates stay at their peak and go down to almost 0 over the last `decay_share` of the run.
    `grown_from` names the half as wide model that this one starts from (growth.py); without it the
    start is random.
    """

    name: str
    hidden: int
    layers: int
    heads: int
    feed_forward: int
    stages: tuple[Stage, ...]
    decay_share: float
    matrix_rate: float
    embedding_rate: float
    seed: int
    grown_from: str = ""

    def rate_factor(self, step: int) -> float:
        """Warm up, stay, go down linearly to almost 0: the share of the peak rate at `step`."""
        length = len(self.steps())
        decay_steps = max(1, round(length * self.decay_share))
        return min(1.0, (step + 1) / WARMUP_STEPS, max(0.01, (length - step) / decay_steps))

    def steps(self) -> list[Stage]:
        """The stage of every step of the run."""
        return [stage for stage in self.stages for _ in range(round(stage.tokens / stage.batch_tokens))]

    def config(self) -> Qwen3Config:
        """The Qwen3 configuration of this size."""
        return Qwen3Config(
            vocab_size=VOCABULARY,
            hidden_size=self.hidden,
            intermediate_size=self.feed_forward,
            num_hidden_layers=self.layers,
            num_attention_heads=self.heads,
            num_key_value_heads=self.heads,
            head_dim=32,
            max_position_embeddings=CONTEXT,
            rope_parameters={"rope_type": "default", "rope_theta": 10_000.0},
            tie_word_embeddings=True,
            initializer_range=0.02,
            pad_token_id=SPECIAL.index(PAD),
            eos_token_id=SPECIAL.index(END),
            bos_token_id=None,
            dtype="bfloat16",
        )


_COPYING = Stage(1_000_000, FIRST_MIX, 128, 2048)
# Rows of the whole context end each run, so that every position is trained.
_ONE_MILLION = (_COPYING, Stage(5_900_000, MIX, 256, 4096), Stage(300_000, MIX, CONTEXT, 4096, joined=True))
_FIVE_MILLION = (
    Stage(450_000, LARGER_MIX, 256, 4096),
    Stage(1_050_000, LABELS_MIX, 256, 4096),
    Stage(6_600_000, LONG_MIX, 256, 4096),
    Stage(100_000, LONG_MIX, CONTEXT, 4096, joined=True),
)

SIZES = {
    size.name: size
    for size in (
        Size("ember-1m", 128, 4, 4, 448, _ONE_MILLION, 0.3, 0.03, 6e-3, 1),
        Size("ember-5m", 256, 4, 8, 896, _FIVE_MILLION, 0.45, 0.015, 3e-3, 5, grown_from="ember-1m"),
    )
}
