"""The model every stage's `Params` is made of: frozen, and strict about keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

Seed = Annotated[int, Field(ge=0, lt=1 << 62)]  # of a keyed hash, whose key is a long of Java


def once(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """A validator: no value twice."""
    if len(set(values)) < len(values):
        raise ValueError("the same value twice")
    return values


class Params(BaseModel):
    """Frozen settings; an unknown key or a wrong type is an error (run/config.py turns it into a ConfigError)."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _no_truth_for_a_number(cls, section: object) -> object:
        for key, value in section.items() if isinstance(section, Mapping) else ():
            kind = cls.model_fields[key].annotation if key in cls.model_fields else bool
            if _holds_truth(value) and not _speaks_of_truth(kind):
                raise refused(str(key), "something else than true or false", "Correct it.")
        return section


def _holds_truth(value: object) -> bool:
    """Whether there is a boolean in plain values."""
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return isinstance(value, bool) or any(map(_holds_truth, inner))


def _speaks_of_truth(kind: Any) -> bool:
    """Whether a type is, or holds, a boolean, or a section that looks for itself."""
    section = isinstance(kind, type) and issubclass(kind, BaseModel)
    return kind in (bool, Any) or section or any(map(_speaks_of_truth, get_args(kind)))


def refused(key: str, expected: str, todo: str) -> PydanticCustomError:
    """The error for a value of `key` that no type tells (run/config_file.py makes a ConfigError of it)."""
    facts = {"key": key, "expected": expected, "todo": todo}
    return PydanticCustomError("refused", "{key}: expected {expected}. {todo}", facts)
