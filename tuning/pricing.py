"""What things cost, from a dated table. An unknown price is None and never a guess."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import yaml

from tuning.plan import ZERO, Interval


@dataclass(frozen=True)
class Band:
    """Prices for models of up to so many parameters."""

    up_to_parameters: float
    values: dict[str, Any]


@dataclass(frozen=True)
class Prices:
    """One price table. `free` is the local platform's: every price is 0."""

    version: str
    free: bool = False
    training: tuple[Band, ...] = ()
    gpu_hour: tuple[tuple[str, float], ...] = ()
    gpus: tuple[Band, ...] = ()

    def training_cost(self, parameters: int | None, tokens: Interval, method: str = "sft") -> Interval | None:
        """USD for `tokens` trained tokens (data set tokens x epochs). None: no price is known for such a model."""
        if self.free:
            return ZERO
        band = _band(self.training, parameters)
        rate = None if band is None else band.values.get(method)
        return None if rate is None else tokens.times(float(rate) / 1e6)

    def deployment_hour(self, parameters: int | None) -> Interval | None:
        """USD for one hour of a dedicated deployment of one replica. None: unknown."""
        if self.free:
            return ZERO
        band = _band(self.gpus, parameters)
        if band is None:
            return None
        rate = dict(self.gpu_hour).get(str(band.values["gpu"]))
        if rate is None:
            return None
        return Interval(low=rate * float(band.values["low"]), high=rate * float(band.values["high"]))


LOCAL_PRICES = Prices(version="local-free", free=True)


def load_prices(text: str) -> Prices:
    """Reads a table in the form of prices.yaml. Raises ValueError that says what is wrong with it."""
    try:
        table = yaml.safe_load(text)
        return Prices(
            version=str(table["version"]),
            training=_bands(table["training_per_million_tokens"]),
            gpu_hour=tuple((str(k), _price(v)) for k, v in table["gpu_hour"].items()),
            gpus=_bands(table["deployment_gpus"]),
        )
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"the price table can't be read: {error!r}") from error


def _bands(rows: list[dict[str, Any]]) -> tuple[Band, ...]:
    bands = tuple(
        Band(float(row["up_to_parameters"]), {k: v for k, v in row.items() if k != "up_to_parameters"}) for row in rows
    )
    return tuple(sorted(bands, key=lambda band: band.up_to_parameters))


def _band(bands: tuple[Band, ...], parameters: int | None) -> Band | None:
    if not parameters:
        return None
    return next((band for band in bands if parameters <= band.up_to_parameters), None)


def _price(value: object) -> float:
    number = float(value)  # type: ignore[arg-type]
    if not math.isfinite(number) or number < 0:
        raise ValueError(f"a price must be a number of USD, 0 or more, not {value!r}")
    return number
