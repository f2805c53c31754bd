"""documents -> classifier: train the fastText quality model, encyclopedia against ordinary web text.

What it learns is the register of an encyclopedia, as in HyperCLOVA's and GPT-3's classifiers. That is a bias:
plain speech scores low because it is speech. Scores rank documents of one type; they delete nothing.

Training happens on the driver, when the transform is called, on a sample bounded by
2 * max_documents_per_class * MAX_CHARS characters (at the defaults 200 MB of text at the very most), chosen by a
keyed hash of doc_id: classes of equal size, and within a class types of equal size as far as they reach. Only
ids and hashes are shuffled; the text of the chosen documents is fetched by a broadcast join. fastText runs on one
thread, so equal documents and Params give equal bytes on one platform. Its training file is temporary and deleted.

The stage refuses when a class has fewer than MIN_DOCUMENTS documents.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from corpus_pipeline.errors import ContractError
from corpus_pipeline.kernels.fasttext_model import HIGH, LOW, MAX_CHARS, normalise, probabilities
from corpus_pipeline.stages.arrow import struct_of
from corpus_pipeline.stages.params import Params as BaseParams

MIN_DOCUMENTS = 20  # own choice: below it a held-out tenth is empty
MAX_QUANTISED_LOSS = 0.005  # own choice: AUC that quantisation may cost


class Params(BaseParams):
    """Settings of train_classifier; the first line of each group says where its values come from."""

    # HyperCLOVA and GPT-3: encyclopedia against crawled web; here everything people type freely stands for the web.
    positive: tuple[str, ...] = ("encyclopedia",)
    negative: tuple[str, ...] = ("web", "blog", "cafe", "comment", "review", "petition", "dialogue", "spoken")
    max_documents_per_class: int = Field(20_000, ge=MIN_DOCUMENTS)  # own choice
    min_chars: int = Field(20, ge=1)  # own choice: a shorter text teaches its topic, not its quality
    test_share: float = Field(0.1, gt=0, lt=1)  # own choice
    seed: int = 20210525  # any number
    # fastText's defaults are dim 100, minn 0, bucket 2,000,000; these keep a model of Korean under 2 MB.
    dim: int = Field(16, ge=2)
    minn: int = Field(2, ge=0)  # Korean: a stem or an ending is seldom longer than 4 syllables
    maxn: int = Field(4, ge=0)
    bucket: int = Field(60_000, ge=1_000)
    min_count: int = Field(10, ge=1)
    epochs: int = Field(5, ge=1)
    learning_rate: float = Field(0.2, gt=0)
    quantise: bool = True  # kept only when it costs at most MAX_QUANTISED_LOSS of AUC


class Example(NamedTuple):
    """A document prepared for training."""

    doc_id: str
    doc_type: str
    high: bool
    line: str


def transform(tables: Mapping[str, DataFrame], params: Params) -> dict[str, DataFrame]:
    """tables["documents"] -> {"classifier"}: rows quality.ftz (or quality.bin) and card.json. Trains at once.

    Raises ContractError when a class has too few documents.
    """
    train, test = _split(_sample(tables["documents"], params), params)
    files = _fit(train, test, params)
    session = tables["documents"].sparkSession
    return {"classifier": session.createDataFrame(list(files.items()), struct_of("classifier"))}


def _sample(documents: DataFrame, params: Params) -> list[Example]:
    """The chosen documents of both classes, in the order of their hash."""
    usable = documents.where(
        F.col("doc_type").isin([*params.positive, *params.negative]) & (F.length("text") >= params.min_chars)
    )
    sizes = {str(row[0]): int(row[1]) for row in usable.groupBy("doc_type").count().collect()}
    quota = F.create_map([F.lit(item) for pair in _quotas(sizes, params).items() for item in pair])
    rank = F.row_number().over(Window.partitionBy("doc_type").orderBy("hash", "doc_id"))
    ids = (
        usable.select("doc_id", "doc_type", F.xxhash64(F.lit(params.seed), "doc_id").alias("hash"))
        .withColumn("rank", rank)
        .where(F.col("rank") <= quota[F.col("doc_type")])
        .select("doc_id", "hash")
    )
    texts = documents.select("doc_id", "doc_type", F.substring("text", 1, MAX_CHARS).alias("text"))
    rows = texts.join(F.broadcast(ids), on="doc_id", how="inner").orderBy("hash", "doc_id").collect()
    examples = [Example(r.doc_id, r.doc_type, r.doc_type in params.positive, normalise(r.text)) for r in rows]
    return [example for example in examples if example.line]


def _quotas(sizes: Mapping[str, int], params: Params) -> dict[str, int]:
    """Documents to take of each type: equal classes, and within a class equal types as far as they reach."""
    classes = {high: {n: c for n, c in sizes.items() if (n in params.positive) == high} for high in (True, False)}
    for high, names in ((True, params.positive), (False, params.negative)):
        if sum(classes[high].values()) < MIN_DOCUMENTS:
            raise ContractError(
                f"documents: doc_type in {list(names)}",
                f"at least {MIN_DOCUMENTS} documents of {params.min_chars} characters",
                f"{sum(classes[high].values())}",
                f"Set train_classifier.{'positive' if high else 'negative'} to types that the table has.",
            )
    room = min(params.max_documents_per_class, *(sum(types.values()) for types in classes.values()))
    return {name: count for types in classes.values() for name, count in fill(types, room).items()}


def fill(sizes: Mapping[str, int], room: int) -> dict[str, int]:
    """Share `room` equally; what a small type leaves goes to the larger ones.

    >>> fill({"review": 100, "web": 3, "spoken": 9}, 30)
    {'web': 3, 'spoken': 9, 'review': 18}
    """
    taken: dict[str, int] = {}
    for name, size in sorted(sizes.items(), key=lambda item: (item[1], item[0])):
        taken[name] = min(size, (room - sum(taken.values())) // (len(sizes) - len(taken)))
    return taken


def _split(examples: Sequence[Example], params: Params) -> tuple[list[Example], list[Example]]:
    """Train and test, by a hash of doc_id that has nothing to do with the sample's."""
    parts: tuple[list[Example], list[Example]] = ([], [])
    for example in examples:
        digest = hashlib.blake2b(f"test {params.seed} {example.doc_id}".encode(), digest_size=8).digest()
        parts[int.from_bytes(digest, "big") < params.test_share * 2**64].append(example)
    return parts


def _fit(train: Sequence[Example], test: Sequence[Example], params: Params) -> dict[str, bytes]:
    """File name -> content."""
    import fasttext

    with tempfile.TemporaryDirectory(prefix="classifier-") as folder:
        source = Path(folder) / "train.txt"
        source.write_text("".join(f"{HIGH if e.high else LOW} {e.line}\n" for e in train), "utf-8")
        model = fasttext.train_supervised(
            input=str(source),
            dim=params.dim,
            minn=params.minn,
            maxn=params.maxn,
            bucket=params.bucket,
            minCount=params.min_count,
            epoch=params.epochs,
            lr=params.learning_rate,
            seed=params.seed,
            thread=1,  # more threads race, and the bytes differ
            verbose=0,
        )
        name, plain = "quality.bin", _save(model, folder, "quality.bin")
        figures = _figures(model, test)
        if params.quantise:
            model.quantize(qnorm=True)  # without retraining, which would need more than one pass over the file
            small = _save(model, folder, "quality.ftz")
            quantised = _figures(model, test)
            if figures["auc"] - quantised["auc"] <= MAX_QUANTISED_LOSS:
                name, plain, figures = "quality.ftz", small, {**quantised, "auc_before_quantising": figures["auc"]}
    card = {
        "model": name,
        "bytes": len(plain),
        "sha256": hashlib.sha256(plain).hexdigest(),
        "labels": {"high": HIGH, "low": LOW},
        "train": dict(sorted(Counter(e.doc_type for e in train).items())),
        "test": dict(sorted(Counter(e.doc_type for e in test).items())),
        "held_out": figures,
        "params": params.model_dump(mode="json"),
    }
    return {name: plain, "card.json": json.dumps(card, ensure_ascii=False, indent=2).encode() + b"\n"}


def _save(model: Any, folder: str, name: str) -> bytes:
    path = Path(folder) / name
    model.save_model(str(path))
    return path.read_bytes()


def _figures(model: Any, test: Sequence[Example]) -> dict[str, Any]:
    """AUC on `test`: overall, and each doc_type against the other class."""
    values = probabilities(model, [example.line for example in test])
    high = np.array([example.high for example in test], bool)
    kinds = np.array([example.doc_type for example in test], object)
    by_type = {
        str(kind): round(auc(values[mask], high[mask]), 5)
        for kind in sorted(set(kinds))
        for mask in [(kinds == kind) | (high != high[kinds == kind][0])]
    }
    return {"auc": round(auc(values, high), 5), "auc_by_doc_type": by_type}


def auc(values: NDArray[np.float64], high: NDArray[np.bool_]) -> float:
    """Probability that a random high document scores above a random low one, ties half; 0.5 without both classes.

    >>> auc(np.array([0.1, 0.4, 0.4, 0.9]), np.array([False, False, True, True]))
    0.875
    """
    positives, negatives = int(high.sum()), int((~high).sum())
    if not positives or not negatives:
        return 0.5
    ordered = np.sort(values)
    below, up_to = (np.searchsorted(ordered, values[high], side=side) for side in ("left", "right"))
    ranks = (below + up_to + 1).sum() / 2  # the mean rank of equal values
    return float((ranks - positives * (positives + 1) / 2) / (positives * negatives))
