"""The model every stage's `Params` is made of: frozen, and strict about keys."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


def once(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """A validator: no value twice."""
    if len(set(values)) < len(values):
        raise ValueError("the same value twice")
    return values


class Params(BaseModel):
    """Frozen settings; an unknown key or a wrong type is an error (run/config.py turns it into a ConfigError)."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
