"""Muon for the weight matrices, AdamW for embeddings and norms.

Muon orthogonalises each matrix's momentum (Keller Jordan, "Muon: An optimizer for hidden layers", 2024). At this size
and this few steps it needs clearly fewer tokens than AdamW. torch.optim.Muon works in bfloat16, which a CPU without
bfloat16 units emulates slowly; this one keeps the parameters' type and handles matrices of one shape in one go.
"""

from collections import defaultdict
from collections.abc import Iterable

import torch

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def orthogonalised(matrices: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """Nearest semi-orthogonal matrices (count, rows, columns), by quintic Newton-Schulz iteration."""
    a, b, c = _COEFFICIENTS
    tall = matrices.size(-2) > matrices.size(-1)
    x = matrices.mT if tall else matrices
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):  # type: ignore[misc]
    """Nesterov momentum, orthogonalised; parameters are matrices."""

    def __init__(self, parameters: Iterable[torch.nn.Parameter], lr: float, momentum: float = 0.95):
        super().__init__(parameters, {"lr": lr, "momentum": momentum})

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def step(self, closure: None = None) -> None:
        """One update of every matrix that has a gradient."""
        for group in self.param_groups:
            by_shape: dict[torch.Size, list[torch.nn.Parameter]] = defaultdict(list)
            for parameter in group["params"]:
                if parameter.grad is not None:
                    by_shape[parameter.shape].append(parameter)
            for shape, parameters in by_shape.items():
                updates = orthogonalised(torch.stack([self._momentum(p, group["momentum"]) for p in parameters]))
                scale = -group["lr"] * max(1.0, shape[0] / shape[1]) ** 0.5
                for parameter, update in zip(parameters, updates, strict=True):
                    parameter.add_(update, alpha=scale)

    def _momentum(self, parameter: torch.nn.Parameter, momentum: float) -> torch.Tensor:
        state = self.state[parameter]
        buffer = state.setdefault("momentum", torch.zeros_like(parameter))
        buffer.lerp_(parameter.grad, 1 - momentum)
        return torch.lerp(parameter.grad, buffer, momentum)


def optimizers(model: torch.nn.Module, matrix_rate: float, embedding_rate: float) -> list[torch.optim.Optimizer]:
    """Muon over the layers' matrices and AdamW over all else."""
    inner = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
    outer = [p for name, p in model.named_parameters() if p.ndim != 2 or "embed" in name]
    return [
        Muon(inner, matrix_rate),
        torch.optim.AdamW(outer, embedding_rate, betas=(0.9, 0.95), weight_decay=0.0, fused=True),
    ]
