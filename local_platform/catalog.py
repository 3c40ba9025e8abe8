"""The base models on offer: catalog.yaml read into values, and each as the API's model document."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from local_platform.settings import ACCOUNT

RELEASED = "2026-11-01T00:00:00.000000Z"
"""Create time of every catalogue model: they came with the platform, so they predate whatever a user makes."""


class LoraConfig(BaseModel):
    """A LoRA rank and the learning rate that works with it on this model."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    rank: int
    learning_rate: float


class Recommended(BaseModel):
    """Settings that work for a model; tokens_per_second is training speed on two CPU cores."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    lora: tuple[LoraConfig, ...]
    batch_size: int
    tokens_per_second: float


class CatalogModel(BaseModel):
    """One entry of catalog.yaml; `path` is absolute once loaded."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str = Field(pattern=r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$")
    display_name: str
    path: Path
    parameter_count: int
    context_length: int
    tunable: bool
    recommended: Recommended

    @property
    def name(self) -> str:
        return f"{ACCOUNT}/models/{self.id}"

    def learning_rate(self, rank: int) -> float:
        """The recommended rate of the nearest recommended rank."""
        return min(self.recommended.lora, key=lambda config: abs(config.rank - rank)).learning_rate

    def document(self) -> dict[str, Any]:
        """The model as the API shows it. `recommendedTuning` is an extension of this platform."""
        recommended = self.recommended
        return {
            "name": self.name,
            "displayName": self.display_name,
            "createTime": RELEASED,
            "updateTime": RELEASED,
            "state": "READY",
            "status": {"code": "OK", "message": ""},
            "kind": "HF_BASE_MODEL",
            "public": True,
            "tunable": self.tunable,
            "rlTunable": self.tunable,
            "supportsLora": True,
            "supportsServerless": True,
            "contextLength": self.context_length,
            "trainingContextLength": self.context_length,
            "baseModelDetails": {
                "parameterCount": str(self.parameter_count),
                "tunable": self.tunable,
                "moe": False,
                "checkpointFormat": "HUGGINGFACE",
            },
            "recommendedTuning": {
                "loraConfigs": [{"rank": c.rank, "learningRate": c.learning_rate} for c in recommended.lora],
                "batchSizeSamples": recommended.batch_size,
                "tokensPerSecond": recommended.tokens_per_second,
            },
        }


def load_catalog(path: Path) -> dict[str, CatalogModel]:
    """The models whose weights are on disk, by full name. Raises pydantic's ValidationError for a malformed entry."""
    entries = yaml.safe_load(path.read_text()) or {}
    models = [CatalogModel.model_validate(entry) for entry in entries.get("models", [])]
    models = [model.model_copy(update={"path": (path.parent / model.path).resolve()}) for model in models]
    return {model.name: model for model in models if (model.path / "config.json").is_file()}
