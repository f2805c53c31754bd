"""The five errors. A message says where, what was expected, what came, and what to do.

No field may hold text of a document: errors are printed and logged, documents are not.
"""

from __future__ import annotations


class CorpusError(Exception):
    """Base of every error a user can meet.

    where     the file, table, column or config key
    expected  what should have been there
    got       what was there (never document text)
    todo      the next thing to do
    """

    def __init__(self, where: str, expected: str, got: str, todo: str) -> None:
        super().__init__(where, expected, got, todo)
        self.where, self.expected, self.got, self.todo = where, expected, got, todo

    def __str__(self) -> str:
        """
        >>> str(ConfigError("conf/a.yaml: mix.budgte", "a known key", "'budgte'", "Did you mean 'budget'?"))
        "conf/a.yaml: mix.budgte: expected a known key, got 'budgte'. Did you mean 'budget'?"
        """
        return f"{self.where}: expected {self.expected}, got {self.got}. {self.todo}"


class ConfigError(CorpusError):
    """The configuration cannot be used."""


class ContractError(CorpusError):
    """A table does not keep its contract (schemas/<table>.json)."""


class ResourceError(CorpusError):
    """Something outside the program is missing or unreadable: a file, a model, Java, disk."""


class ConservationError(CorpusError):
    """Documents were lost or invented between two tables."""
