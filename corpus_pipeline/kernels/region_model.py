"""A small network over the blocks of a page: each block's probability to be of the core. NumPy alone, and exact.

Two looks: the first scores a block by its features, the second by those and the first scores around it. Inputs, weights
and layers are rounded to steps of powers of two, so that all sums are exact in float64: no order of additions, so no
BLAS, number of threads or machine, changes a score. Cost: 0.3 ms a page.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from corpus_pipeline.errors import ResourceError
from corpus_pipeline.kernels.page_blocks import Block, Parsed
from corpus_pipeline.kernels.region_features import Matrix, Places, around, features

Array = npt.NDArray[np.float64]
INPUT_STEP, WEIGHT_STEP, LAYER_STEP = 1 / 16, 1 / 256, 1 / 256
INPUT_LIMIT = 6.0  # standard deviations
PAGE_BLOCKS = 20_000  # a page of more is scored in parts of this many, which bounds memory
BEST_TEXT, BEST_SHARE = 200, 0.1  # characters, and share of the page, that must pass for the threshold to stand
_NAME = "models/regions.json"


@dataclass(frozen=True, eq=False)
class Network:
    """mean, scale [inputs]; layers of (weights [inputs, outputs], bias [outputs]), ReLU between them."""

    mean: Array
    scale: Array
    layers: tuple[tuple[Array, Array], ...]

    def rounded(self) -> Network:
        """With weights of whole steps, as the model file has them."""
        layers = tuple((_round(weights, WEIGHT_STEP), _round(bias, WEIGHT_STEP)) for weights, bias in self.layers)
        return Network(self.mean, self.scale, layers)

    def scores(self, inputs: Matrix) -> Array:
        """[rows] probabilities of [rows, inputs]."""
        return self.finished(self.begun(self.known(inputs)))

    def known(self, inputs: Matrix, begin: int = 0) -> Matrix:
        """Inputs from number `begin` on as whole steps of standard deviations, within the limit."""
        columns = slice(begin, begin + inputs.shape[1])
        found = (inputs - self._mean[columns]) * self._scale[columns]
        limit = np.float32(INPUT_LIMIT / INPUT_STEP)
        np.rint(np.minimum(np.maximum(found, -limit, out=found), limit, out=found), out=found)
        return found

    def begun(self, known: Matrix, begin: int = 0) -> Matrix:
        """What they add to the first layer, in its steps: whole numbers under 2**24, exact in float32."""
        return np.asarray(known @ self._steps[begin : begin + known.shape[1]], np.float32)

    def finished(self, steps: Matrix) -> Array:
        """[rows] probabilities, of the whole first layer."""
        found = steps.astype(np.float64) * (INPUT_STEP * WEIGHT_STEP) + self.layers[0][1]
        for weights, bias in self.layers[1:]:
            found = _round(np.minimum(np.maximum(found, 0), 1000), LAYER_STEP) @ weights + bias
        return np.asarray(1 / (1 + np.exp(-np.minimum(np.maximum(found[:, 0], -30), 30))), np.float64)

    @cached_property
    def _mean(self) -> Matrix:
        return self.mean.astype(np.float32)

    @cached_property
    def _scale(self) -> Matrix:
        return (self.scale / INPUT_STEP).astype(np.float32)

    @cached_property
    def _steps(self) -> Matrix:
        return (self.layers[0][0] / WEIGHT_STEP).astype(np.float32)


class Model(NamedTuple):
    """The two networks, and the score from which a block is core. The second begins with the inputs of the first, in
    the same steps."""

    first: Network
    second: Network
    threshold: float


def score(page: Parsed, model: Model) -> Array:
    """[blocks] probabilities in 0..1 of the blocks of a page, in order."""
    count = len(page.blocks)
    if not count:
        return np.zeros(0)
    if count > PAGE_BLOCKS:
        starts = range(0, count, PAGE_BLOCKS)
        return np.concatenate([score(_part(page, start, start + PAGE_BLOCKS), model) for start in starts])
    places = Places(page)
    own = model.first.known(features(page, places))
    first = model.first.finished(model.first.begun(own))
    size = own.shape[1]
    rest = model.second.known(around(first, page, places), size)
    return model.second.finished(model.second.begun(own) + model.second.begun(rest, size))


def _part(page: Parsed, begin: int, end: int) -> Parsed:
    """The blocks `begin` to `end` as a page of their own, with the elements around them alone."""
    blocks = page.blocks[begin:end]
    needed = {0}
    for block in blocks:
        at = block.container
        while at not in needed:
            needed.add(at)
            at = page.parents[at]
    kept = sorted(needed)
    number = {old: new for new, old in enumerate(kept)}
    return Parsed(
        blocks=[block._replace(container=number[block.container]) for block in blocks],
        parents=[number[page.parents[old]] for old in kept],
        first=[max(page.first[old], begin) - begin for old in kept],
        last=[min(page.last[old], begin + len(blocks)) - begin for old in kept],
        own=[page.own[old] for old in kept],
        path=[page.path[old] for old in kept],
        shape=[page.shape[old] for old in kept],
        title=page.title,
    )


def core(page: Parsed, scores: Array, threshold: float) -> list[Block]:
    """The blocks above the threshold, in order. Where even the best of the page are doubtful it falls with them, down
    to a tenth: a page is rather kept than lost, and its quality is judged later.
    """
    if not page.blocks:
        return []
    lengths = np.array([len(block.text) for block in page.blocks])
    order = np.argsort(-scores, kind="stable")
    enough = max(BEST_TEXT, BEST_SHARE * float(lengths.sum()))
    best = scores[order[min(int(np.searchsorted(np.cumsum(lengths[order]), enough)), len(order) - 1)]]
    limit = min(max(threshold * float(best), threshold / 10), threshold)
    return [block for block, one in zip(page.blocks, scores.tolist(), strict=True) if one >= limit]


@cache
def load() -> Model:
    """The bundled model. Raises ResourceError when it is missing or broken."""
    place = files("corpus_pipeline.resources").joinpath("models").joinpath("regions.json")
    try:
        return read(place.read_text(encoding="utf-8"))
    except (OSError, KeyError, ValueError):
        raise ResourceError(
            f"resources/{_NAME}", "the model of regions", "nothing usable", "Reinstall the package."
        ) from None


def read(text: str) -> Model:
    """A model as `write` gives it. Raises ValueError or KeyError for anything else."""
    found = json.loads(text)
    first, second = _network(found["first"]), _network(found["second"])
    size = len(first.mean)
    if not (np.array_equal(first.mean, second.mean[:size]) and np.array_equal(first.scale, second.scale[:size])):
        raise ValueError("the networks differ in the steps of their inputs")
    return Model(first, second, float(found["threshold"]))


def write(model: Model) -> str:
    """JSON: weights in whole steps, sorted keys, so that equal models are equal bytes."""
    body = {"first": _plain(model.first), "second": _plain(model.second), "threshold": model.threshold}
    return json.dumps(body, sort_keys=True, separators=(",", ":")) + "\n"


def _round(values: Array, step: float) -> Array:
    return np.asarray(np.rint(values / step) * step, np.float64)


def _network(found: dict[str, list[list[float]]]) -> Network:
    arrays: Sequence[Array] = [np.array(values, np.float64) * WEIGHT_STEP for values in found["layers"]]
    pairs = tuple(zip(arrays[::2], arrays[1::2], strict=True))
    return Network(np.array(found["mean"]), np.array(found["scale"]), pairs)


def _plain(network: Network) -> dict[str, object]:
    layers = [(array / WEIGHT_STEP).round().astype(int).tolist() for pair in network.layers for array in pair]
    return {"mean": network.mean.tolist(), "scale": network.scale.tolist(), "layers": layers}
