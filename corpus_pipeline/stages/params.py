"""The model every stage's `Params` is made of: frozen, and strict about keys."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Params(BaseModel):
    """Frozen settings; an unknown key or a wrong type is an error (run/config.py turns it into a ConfigError)."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
