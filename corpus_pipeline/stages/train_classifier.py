"""documents -> classifier: train the quality model, encyclopedia and news against what people type freely.

What it learns is the register of edited text, as in HyperCLOVA's and GPT-3's classifiers. That is a bias: plain
speech scores low because it is speech. So the model file also holds, for each document type, how its documents score:
a rank within the type is what to decide by (kernels/fasttext_model.py). Nothing is deleted by a score alone.

Where documents carry their service's own verdict, a second model of the same make learns spam and promotion against
clean; where too few do, it is not made and the card says so.

Training happens on the driver, when the transform is called (stages/classifier_fit.py), on a sample chosen by a keyed
hash of doc_id: classes of equal size, and within a class types of equal size as far as they reach. Another hash splits
it into train, validation (for the calibration alone) and test (for the figures alone). The driver holds at the very
most 2 * max_documents_per_class texts of 6,000 characters. Only ids and hashes are shuffled.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from corpus_pipeline.errors import ContractError
from corpus_pipeline.kernels.fasttext_model import Floats, Folded, logits, sigmoid
from corpus_pipeline.kernels.hashed_ngrams import pieces
from corpus_pipeline.stages.arrow import ddl, map_batches, struct_of
from corpus_pipeline.stages.classifier_fit import (
    Example,
    Fitting,
    auc,
    calibrate,
    fold,
    left_out,
    model_file,
    quantiles,
)
from corpus_pipeline.stages.params import Params as BaseParams
from corpus_pipeline.stages.params import Seed

MIN_DOCUMENTS = 20  # own choice: below it a held-out tenth is empty
PARTS = ("train", "validation", "test")


class Params(BaseParams):
    """Settings of train_classifier; the first line of each group says where its values come from."""

    # HyperCLOVA and GPT-3: encyclopedia against crawled web; here everything people type freely stands for the web.
    positive: tuple[str, ...] = ("encyclopedia", "news")
    negative: tuple[str, ...] = ("web", "blog", "cafe", "comment", "review", "petition", "dialogue", "spoken")
    max_documents_per_class: int = Field(10_000, ge=MIN_DOCUMENTS)  # own choice
    min_chars: int = Field(20, ge=1)  # own choice: a shorter text teaches its topic, not its quality
    validation_share: float = Field(0.1, gt=0, lt=0.5)  # own choice
    test_share: float = Field(0.1, gt=0, lt=0.5)  # own choice
    seed: Seed = 20210525  # any number
    fold_documents_per_class: int = Field(3_000, ge=0)  # own choice; 0: no leave-one-source-out
    rank_documents: int = Field(1_000, ge=100)  # of each type, for its ranks; own choice: a rank is good to 0.02
    min_rank_documents: int = Field(50, ge=1)  # own choice: a type of fewer is ranked among all documents
    min_verdicts: int = Field(200, ge=MIN_DOCUMENTS)  # spam or promotion, and clean; own choice
    # AUC on unseen sources, measured: dim 4 costs 0.001, 3 epochs 0.002, a count of 1 0.004, of 5 0.001
    dim: int = Field(16, ge=2)
    min_count: int = Field(10, ge=1)
    epochs: int = Field(5, ge=1)
    learning_rate: float = Field(0.2, gt=0)

    def fitting(self) -> Fitting:
        return Fitting(self.dim, self.min_count, self.epochs, self.learning_rate, self.seed)


def transform(tables: Mapping[str, DataFrame], params: Params) -> dict[str, DataFrame]:
    """tables["documents"] -> {"classifier"}: rows quality.json, card.json, and spam.json where verdicts allow it.

    Raises ContractError when a class has too few documents.
    """
    documents = tables["documents"].where(F.length("text") >= params.min_chars)
    files: dict[str, bytes] = {}
    card: dict[str, Any] = {"params": params.model_dump(mode="json")}
    labelled = documents.where(F.col("doc_type").isin([*params.positive, *params.negative]))
    labelled = labelled.withColumn("high", F.col("doc_type").isin([*params.positive]))
    sizes = _sizes(labelled)
    _refuse_few(sizes, params)
    files["quality.json"], card["quality"] = _train(documents, labelled, sizes, params)
    if "service_verdict" in documents.columns:
        labelled = documents.where(F.col("service_verdict").isNotNull())
        labelled = labelled.withColumn("high", F.col("service_verdict") != "clean")
        sizes = _sizes(labelled)
        card["spam"] = {"verdicts": {name: sum(types.values()) for name, types in _named(sizes).items()}}
        if min(sum(types.values()) for types in sizes.values()) >= params.min_verdicts:
            files["spam.json"], figures = _train(documents, labelled, sizes, params)
            card["spam"].update(figures)
    card.setdefault("spam", {"verdicts": {"high": 0, "low": 0}})
    if "spam.json" not in files:
        card["spam"]["not_trained"] = f"under {params.min_verdicts} verdicts of a class (min_verdicts)"
    files["card.json"] = json.dumps(card, ensure_ascii=False, indent=2).encode() + b"\n"
    session = tables["documents"].sparkSession
    return {"classifier": session.createDataFrame(sorted(files.items()), struct_of("classifier"))}


Sizes = dict[bool, dict[str, int]]


def _sizes(labelled: DataFrame) -> Sizes:
    """Class -> doc_type -> documents."""
    sizes: Sizes = {True: {}, False: {}}
    for high, doc_type, count in labelled.groupBy("high", "doc_type").count().collect():  # a row a type
        sizes[bool(high)][str(doc_type)] = int(count)
    return sizes


def _named(sizes: Sizes) -> dict[str, dict[str, int]]:
    return {"high" if high else "low": dict(sorted(types.items())) for high, types in sizes.items()}


def _refuse_few(sizes: Sizes, params: Params) -> None:
    for high, names in ((True, params.positive), (False, params.negative)):
        if sum(sizes[high].values()) < MIN_DOCUMENTS:
            raise ContractError(
                f"documents: doc_type in {list(names)}",
                f"at least {MIN_DOCUMENTS} documents of {params.min_chars} characters",
                f"{sum(sizes[high].values())}",
                f"Set train_classifier.{'positive' if high else 'negative'} to types that the table has.",
            )


def _train(documents: DataFrame, labelled: DataFrame, sizes: Sizes, params: Params) -> tuple[bytes, dict[str, Any]]:
    """The model file, and its part of the card."""
    examples = _sample(labelled, sizes, params)
    parts = {part: [e for e in examples if e.part == part] for part in PARTS}
    folded = fold(parts["train"], params.fitting())
    slope, bias = calibrate(*_judged(folded, parts["validation"]))
    ranked = _ranked(documents, labelled, folded, params)
    content = model_file(folded, slope, bias, quantiles(*ranked, params.min_rank_documents))
    card: dict[str, Any] = {
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "documents": {part: _counts(parts[part]) for part in PARTS},
        "held_out": _figures(folded, slope, bias, parts["test"]),
        "ranked": dict(sorted(Counter(ranked[1]).items())),
    }
    if params.fold_documents_per_class:
        folds = left_out(examples, params.fitting(), params.fold_documents_per_class, MIN_DOCUMENTS)
        card["sources_left_out"] = folds
        card["mean_auc_of_left_out"] = round(float(np.mean([f["auc"] for f in folds])), 4) if folds else None
    return content, card


def _sample(labelled: DataFrame, sizes: Sizes, params: Params) -> list[Example]:
    """The chosen documents of both classes, in the order of their hash."""
    room = min(params.max_documents_per_class, *(sum(types.values()) for types in sizes.values()))
    quotas = {(high, name): count for high, types in sizes.items() for name, count in fill(types, room).items()}
    stratum = F.concat_ws(" ", F.col("high").cast("int").cast("string"), "doc_type")
    quota = F.create_map([F.lit(x) for (high, name), n in quotas.items() for x in (f"{int(high)} {name}", n)])
    rank = F.row_number().over(Window.partitionBy("stratum").orderBy("hash", "doc_id"))
    ids = (
        labelled.select("doc_id", stratum.alias("stratum"), F.xxhash64(F.lit(params.seed), "doc_id").alias("hash"))
        .withColumn("rank", rank)
        .where(F.col("rank") <= quota[F.col("stratum")])
        .select("doc_id", "hash")
    )
    texts = labelled.select("doc_id", "doc_type", "source", "high", _part(params).alias("part"), "text")
    chosen = texts.join(F.broadcast(ids), on="doc_id", how="inner")
    columns = ["doc_type", "source", "high", "part", "text"]
    result = ddl("hash long, doc_id string, doc_type string, source string, high boolean, part string, text string")
    rows = map_batches(chosen, _cut, ["hash", "doc_id", *columns], result).orderBy("hash", "doc_id").collect()
    return [Example(*(row[name] for name in columns)) for row in rows]


def fill(sizes: Mapping[str, int], room: int) -> dict[str, int]:
    """Share `room` equally; what a small type leaves goes to the larger ones.

    >>> fill({"review": 100, "web": 3, "spoken": 9}, 30)
    {'web': 3, 'spoken': 9, 'review': 18}
    """
    taken: dict[str, int] = {}
    for name, size in sorted(sizes.items(), key=lambda item: (item[1], item[0])):
        taken[name] = min(size, (room - sum(taken.values())) // (len(sizes) - len(taken)))
    return taken


def _part(params: Params) -> Column:
    """train, validation or test, by a hash of doc_id that has nothing to do with the sample's."""
    place = F.pmod(F.xxhash64(F.lit(params.seed), F.lit("part"), "doc_id"), F.lit(10_000))
    test, held = params.test_share * 10_000, (params.test_share + params.validation_share) * 10_000
    return F.when(place < test, "test").when(place < held, "validation").otherwise("train")


def _cut(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with what the model sees of its texts."""
    seen = pa.array([pieces(text) for text in batch.column("text").to_pylist()], pa.string())
    return batch.set_column(batch.schema.get_field_index("text"), "text", seen)


def _ranked(documents: DataFrame, labelled: DataFrame, folded: Folded, params: Params) -> tuple[Floats, list[str]]:
    """Logits and types of at most `rank_documents` of each type, none of which were trained on."""
    trained = labelled.select("doc_id").where(_part(params) == "train")
    order = Window.partitionBy("doc_type").orderBy(F.xxhash64(F.lit(params.seed), "doc_id"), "doc_id")
    ids = (
        documents.select("doc_id", "doc_type")
        .join(trained, on="doc_id", how="left_anti")
        .withColumn("rank", F.row_number().over(order))
        .where(F.col("rank") <= params.rank_documents)
        .select("doc_id")
    )
    chosen = documents.select("doc_id", "doc_type", "text").join(F.broadcast(ids), on="doc_id", how="inner")
    result = ddl("doc_type string, logit double")
    rows = map_batches(chosen, partial(_logits, folded=folded), ["doc_type", "text"], result).collect()
    kept = sorted((row.doc_type, row.logit) for row in rows if row.logit is not None)
    return np.array([logit for _, logit in kept]), [doc_type for doc_type, _ in kept]


def _logits(batch: pa.RecordBatch, folded: Folded) -> pa.RecordBatch:
    values = pa.array(logits(batch.column("text").to_pylist(), folded), from_pandas=True)  # nothing seen: null
    return pa.RecordBatch.from_pydict({"doc_type": batch.column("doc_type"), "logit": values})


def _judged(folded: Folded, examples: Sequence[Example]) -> tuple[Floats, NDArray[np.bool_]]:
    """Logits, labels."""
    values = np.nan_to_num(logits([e.text for e in examples], folded))
    return values, np.array([e.high for e in examples], bool)


def _counts(examples: Sequence[Example]) -> dict[str, int]:
    return dict(sorted(Counter(f"{e.doc_type}: {e.source}" for e in examples).items()))


def _figures(folded: Folded, slope: float, bias: float, test: Sequence[Example]) -> dict[str, Any]:
    """On `test`: AUC overall and of each source against the other class; how far the calibration is off."""
    values, high = _judged(folded, test)
    sources = np.array([e.source for e in test], object)
    by_source = {
        str(name): round(auc(values[mask], high[mask]), 4)
        for name in sorted(set(sources))
        for mask in [(sources == name) | (high != high[sources == name][0])]
    }
    brier = float(np.mean((sigmoid(slope * values + bias) - high) ** 2)) if len(test) else None
    return {"auc": round(auc(values, high), 4), "brier": brier and round(brier, 4), "auc_by_source": by_source}
