"""sample: the subset of the mixture that the tokenizer is trained on, in the mixture's own proportions.

A fraction of the volume of every document type, exact to some bytes (stages/drawing.py). Of the last document of a
type only the leading `sampled_bytes` belong to the sample, cut before a character that is not whole.
Word frequencies follow Zipf's law: a small part of a large corpus has nearly the same frequent morphemes. How small is
either given, or measured: with `fraction: auto` tokenizers are trained on samples of all `fractions` (stages/curve.py),
and the smallest fraction whose tokenizer meets the `rule` is taken. What was measured is in tokenizer_curve.
Cost: five passes over narrow columns of the mixture, and no text; auto adds what curve.py says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import Field, field_validator
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from corpus_pipeline.schemas import ALL, contract
from corpus_pipeline.stages.arrow import struct_of
from corpus_pipeline.stages.curve import Figures, Settings, measure
from corpus_pipeline.stages.drawing import draw, find_edges
from corpus_pipeline.stages.params import Params as StageParams

_YES = "1 = yes"
_UNITS = {
    "bytes_asked": "bytes", "bytes": "bytes", "documents": "documents", "pieces": "pieces", "distinct_pieces": "pieces",
    "vocab_size": "tokens", "fertility": "tokens per eojeol", "zipf_slope": "exponent", "heaps_exponent": "exponent",
    "meets_vocabulary": _YES, "meets_overlap": _YES, "meets_fertility": _YES, "meets_source_fertility": _YES,
    "rule_met": _YES, "chosen": _YES,
}  # fmt: skip


class Rule(StageParams):
    """What the tokenizer of a fraction must come to. Its vocabulary must be full, too.

    weighted_overlap         share of the mixture's tokens, as the largest fraction's tokenizer encodes it, that it has
                             too, at least
    fertility_within         relative difference to that tokenizer in tokens per eojeol of all text, at most
    source_fertility_within  the same for every source
    against_floor            weighted_overlap need not be above what two samples of the largest fraction below 1 have
                             in common: that much is noise of sampling, no lack of text. Not what two samples of the
                             fraction itself have: that falls with the fraction as fast as the overlap does, and
                             any might pass (measured on data/sample, 1,500 tokens: 10, 25 and 50 % all do).
    """

    weighted_overlap: float = Field(default=0.99, gt=0, le=1)
    fertility_within: float = Field(default=0.01, ge=0)
    source_fertility_within: float = Field(default=0.02, ge=0)
    against_floor: bool = True


class Params(Settings):
    """fraction: of the kept volume of each document type, or auto. The original system used 1 % of 1.96 TB.

    All others but `seed` are for auto alone.
    """

    fraction: float | Literal["auto"] = 0.01
    rule: Rule = Rule()

    @field_validator("fraction")
    @classmethod
    def _share(cls, value: float | str) -> float | str:
        if isinstance(value, float) and not 0 < value <= 1:
            raise ValueError("above 0 and at most 1, or auto")
        return value


def transform(tables: Mapping[str, DataFrame], params: Params) -> dict[str, DataFrame]:
    """documents, mixture -> tokenizer_sample, tokenizer_curve."""
    kept = tables["mixture"].where((F.col("copies") > 0) & (F.col("text_bytes") > 0))
    kept = kept.select("doc_id", "source", "doc_type", "text_bytes", "copies")
    figures: Figures = {}
    if params.fraction == "auto":
        figures = measure(tables["documents"], kept, params)
        fraction, verdicts = choose(figures, params)
        figures |= verdicts
    else:
        fraction = params.fraction
    figures[fraction, params.seed, ALL, "chosen"] = 1
    edges = find_edges(kept, (fraction,), params.seed)
    sampled = draw(kept, edges, params.seed).withColumn("sampled_bytes", F.col("taken")[0])
    sampled = sampled.where("sampled_bytes > 0").select(*contract("tokenizer_sample").columns)
    figures |= _asked_and_got(edges, sampled, (fraction, params.seed))
    rows = [(*key, float(value), _UNITS.get(key[3], "share")) for key, value in figures.items()]
    return {
        "tokenizer_sample": sampled,
        "tokenizer_curve": kept.sparkSession.createDataFrame(rows, struct_of("tokenizer_curve")),
    }


def choose(figures: Figures, params: Params) -> tuple[float, Figures]:
    """The smallest fraction that meets the rule, and the verdicts (0 or 1) on each.

    Where none does, it is the largest, and `rule_met` is 0. overlap_needed: the least weighted overlap, by the rule.
    """
    rule, seed = params.rule, params.seed
    fractions = sorted(params.fractions)
    largest = fractions[-1]
    floors = [figures.get((f, params.second_seed, ALL, "floor_weighted_overlap")) for f in fractions]
    floor = next((one for one in reversed(floors) if one is not None), 1.0) if rule.against_floor else 1.0
    needed = min(rule.weighted_overlap, floor)
    parts = sorted(key[2] for key in figures if key[0] == largest and key[3] == "fertility")
    verdicts: Figures = {(largest, seed, ALL, "overlap_needed"): needed}
    met: list[float] = []
    for fraction in fractions:
        off = {
            part: abs(figures[fraction, seed, part, "fertility"] / figures[largest, seed, part, "fertility"] - 1)
            for part in parts
        }
        held = {
            "meets_vocabulary": figures[fraction, seed, ALL, "vocab_size"] == params.vocab_size,
            "meets_overlap": figures[fraction, seed, ALL, "weighted_overlap"] >= needed,
            "meets_fertility": off.pop(ALL) <= rule.fertility_within,
            "meets_source_fertility": max(off.values()) <= rule.source_fertility_within,
        }
        verdicts |= {(fraction, seed, ALL, name): holds for name, holds in held.items()}
        met += [fraction] if all(held.values()) else []
    chosen = met[0] if met else largest
    return chosen, verdicts | {(chosen, seed, ALL, "rule_met"): bool(met)}


def _asked_and_got(edges: Sequence[Row], sampled: DataFrame, key: tuple[float, int]) -> Figures:
    asked = {edge["doc_type"]: edge["target"] for edge in edges}
    sums = sampled.groupBy("doc_type").agg(
        F.sum(F.col("sampled_bytes") * F.col("copies")).alias("bytes"), F.count(F.lit(1)).alias("documents")
    )
    got = {row["doc_type"]: row for row in sums.collect()}  # document types
    found: Figures = {}
    for doc_type in sorted(asked):
        part = f"doc_type={doc_type}"
        found[*key, part, "bytes_asked"] = asked[doc_type]
        found |= {(*key, part, metric): got[doc_type][metric] for metric in ("bytes", "documents")}
    for metric in ("bytes_asked", "bytes", "documents"):
        found[*key, ALL, metric] = sum(value for at, value in found.items() if at[3] == metric)
    return {at: float(value) for at, value in found.items()}
