"""Spark jobs that turn raw Korean-first documents into language-model training shards."""

__version__ = "0.1.0"
