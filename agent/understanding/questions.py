"""What is missing, and the plain-English questions that ask for it."""

from __future__ import annotations

from agent.understanding.result import UnknownModel
from tuning.models import load_models
from tuning.request import Request

_NEEDS_MODELS = ("sft", "classification")
_NEEDS_NO_DATASET = ("question", "unsupported", None)


def missing_inputs(request: Request) -> tuple[str, ...]:
    """The required inputs that a request lacks, in the order in which they are asked for."""
    missing = []
    has_data = request.train_dataset or (request.workflow == "trajectories" and request.tasks)
    if request.workflow not in _NEEDS_NO_DATASET and not has_data:
        missing.append("train_dataset")
    if request.workflow in _NEEDS_MODELS and not request.base_models:
        missing.append("base_models")
    if request.workflow == "rft" and not request.evaluator and request.evaluation not in ("generated", "rubric"):
        missing.append("evaluator")
    return tuple(missing)


def questions_for(request: Request, missing: tuple[str, ...], unknown: tuple[UnknownModel, ...]) -> tuple[str, ...]:
    """One question for each thing that only the user can say."""
    asked = [_unknown_model(model) for model in unknown]
    if request.workflow is None:
        asked.append("What shall I do? I can fine-tune on examples (SFT), and train a classifier and measure it.")
    if "train_dataset" in missing:
        asked.append(
            "Which dataset shall I use? Its id (for example accounts/you/datasets/tickets) or a file is enough."
        )
    if "base_models" in missing and not unknown:
        asked.append(f"Which base model(s) shall I take? Tunable now are, among others: {_some_models()}.")
    if "evaluator" in missing:
        asked.append("How shall outputs be scored? Name an evaluator, or say what a good output is and I write one.")
    return tuple(asked)


def _unknown_model(model: UnknownModel) -> str:
    offered = f" Did you mean {_either(model.nearest)}?" if model.nearest else ""
    return f'I do not know exactly which model "{model.written}" is.{offered}'


def _either(ids: tuple[str, ...]) -> str:
    return ids[0] if len(ids) == 1 else f"{', '.join(ids[:-1])} or {ids[-1]}"


def _some_models(limit: int = 8) -> str:
    """The first tunable models of the catalogue, smallest first, with the context length where it is known."""
    tunable = [m for m in load_models() if "sft" in m.tunable][:limit]
    return ", ".join(f"{m.id} (context {m.context:,})" if m.context else m.id for m in tunable)
