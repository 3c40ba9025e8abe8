"""A model of twice the width that computes the same: the start of the larger model.

Every matrix is repeated in both directions and halved where inputs are summed, so that each half of the hidden state
carries the small model's. Training then lets the halves part. (The idea: Samragh et al., "Scaling Smart: Accelerating
Large Language Model Pre-training with Small Model Initialization", 2024.) On a CPU the larger model gets in a few
million tokens what it would need tens of millions for from random weights.
"""

import torch
from transformers import Qwen3ForCausalLM

# Equal halves have equal gradients; a little noise lets them part at once.
_NOISE = 0.02


def grown(small: dict[str, torch.Tensor], large: Qwen3ForCausalLM, seed: int) -> dict[str, torch.Tensor]:
    """Weights for `large` from a model of half its width, heads and feed-forward, and as many layers.

    Raises:
        ValueError: a weight of the large model is not twice the small one's.
    """
    generator = torch.Generator().manual_seed(seed)
    made = {}
    for name, target in large.state_dict().items():
        weight = small[name]
        if weight.ndim == 1:
            made[name] = weight.clone() if "q_norm" in name or "k_norm" in name else weight.repeat(2)
            if name == "model.norm.weight":
                made[name] = made[name] / 2  # the tied output layer sums over twice the width
        elif "embed_tokens" in name or name == "lm_head.weight":
            made[name] = weight.repeat(1, 2)
        else:
            doubled = weight.repeat(2, 2) / 2
            noise = torch.randn(doubled.shape, generator=generator) * doubled.std() * _NOISE
            made[name] = doubled + noise
        if made[name].shape != target.shape:
            raise ValueError(f"{name}: {tuple(weight.shape)} cannot grow to {tuple(target.shape)}")
    return made
