"""The map: every stage of the corpus, in order. Start reading here.

collect -> scrub -> dedup, classify, tag -> mix -> drop_samples, sample -> train_tokenizer -> serialize

A stage turns tables into tables (`transform`), by its settings (`params`, the section of the config with the
stage's name). It neither reads nor writes: corpus_pipeline/run does, and it knows from this map what a stage
needs and what depends on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame

from corpus_pipeline.stages import (
    classify,
    collect,
    compare_tokenizers,
    dedup,
    drop_samples,
    mix,
    sample,
    scrub,
    serialize,
    tag,
    train_classifier,
    train_tokenizer,
)
from corpus_pipeline.stages.params import Params

Tables = Mapping[str, DataFrame]


@dataclass(frozen=True)
class Stage:
    """One step of the chain.

    name       of the stage, its config section, its job, its test and its make target
    transform  (tables by name, params) -> tables by name; lazy
    params     the model of its settings
    reads      tables it needs; () means the sources of the config
    writes     tables it publishes
    files      settings that name a file whose content decides the result
    earlier    tables of the config's earlier runs that it reads, each as earlier_<table>, when there are such runs
    """

    name: str
    transform: Callable[[Tables, Any], dict[str, DataFrame]]
    params: type[Params]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    files: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()


PIPELINE = (
    Stage("collect", collect.transform, collect.Params, (), ("raw_documents", "rejected_records"), ("id_key_file",)),
    Stage("scrub", scrub.transform, scrub.Params, ("raw_documents",), ("documents", "boilerplate_lines")),
    Stage(
        "dedup",
        dedup.transform,
        dedup.Params,
        ("documents",),
        ("duplicates", "duplicate_pairs", "signatures", "duplicate_summary", "duplicate_samples", "earlier_duplicates"),
        earlier=("signatures", "documents", "duplicate_pairs"),
    ),
    Stage("classify", classify.transform, classify.Params, ("documents",), ("quality",), files=("model", "spam_model")),
    Stage("tag", tag.transform, tag.Params, ("documents",), ("tags",), files=("tokenizer", "tokenizer_card")),
    Stage(
        "mix",
        mix.transform,
        mix.Params,
        ("tags", "quality", "duplicates", "duplicate_pairs"),
        ("mixture", "mixture_plan", "mixture_what_if"),
        files=("removed_ids",),
    ),
    Stage(
        "drop_samples",
        drop_samples.transform,
        drop_samples.Params,
        ("documents", "tags", "quality", "mixture"),
        ("drop_samples",),
    ),
    Stage("sample", sample.transform, sample.Params, ("documents", "mixture"), ("tokenizer_sample", "tokenizer_curve")),
    Stage(
        "train_tokenizer",
        train_tokenizer.transform,
        train_tokenizer.Params,
        ("documents", "tokenizer_sample", "mixture"),
        ("tokenizer",),
    ),
    Stage(
        "serialize",
        serialize.transform,
        serialize.Params,
        ("documents", "mixture", "tokenizer"),
        ("shards", "shard_index", "shard_documents"),
    ),
)

# Not part of the chain: makes the model that classify reads; compares tokenizers, to choose one.
AUXILIARY = (
    Stage("train_classifier", train_classifier.transform, train_classifier.Params, ("documents",), ("classifier",)),
    Stage(
        "compare_tokenizers",
        compare_tokenizers.transform,
        compare_tokenizers.Params,
        ("documents", "mixture"),
        ("tokenizer_comparison",),
    ),
)

STAGES = {stage.name: stage for stage in (*PIPELINE, *AUXILIARY)}
