"""A small network over the blocks of a page: each block's probability to be of the core. NumPy alone, and exact.

Two looks: the first scores a block by its features, the second by those and the first scores around it. Inputs, weights
and layers are rounded to steps of powers of two, so that all sums are exact in float64: no order of additions, so no
BLAS, number of threads or machine, changes a score. Cost: 0.2 ms a page of a batch.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from corpus_pipeline.kernels.page_blocks import Block, Element, Parsed
from corpus_pipeline.kernels.region_features import Matrix, around, features
from corpus_pipeline.kernels.region_places import Places
from corpus_pipeline.resources import read_model

Array = npt.NDArray[np.float64]
INPUT_STEP, WEIGHT_STEP, LAYER_STEP = 1 / 16, 1 / 256, 1 / 256
INPUT_LIMIT = 6.0  # standard deviations
PAGE_BLOCKS = 20_000  # a page of more is scored in parts of this many, which bounds memory
BEST_TEXT, BEST_SHARE = 200, 0.1  # characters, and share of the page, that must pass for the threshold to stand


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
        limit = np.float32(INPUT_LIMIT / INPUT_STEP)
        found = inputs - self._mean[columns]
        found *= self._scale[columns]
        np.maximum(found, -limit, out=found)
        np.minimum(found, limit, out=found)
        np.rint(found, out=found)
        return found

    def begun(self, known: Matrix, begin: int = 0) -> Matrix:
        """What they add to the first layer, in its steps: whole numbers under 2**24, exact in float32."""
        return np.asarray(known @ self._steps[begin : begin + known.shape[1]], np.float32)

    def finished(self, steps: Matrix) -> Array:
        """[rows] probabilities, of the whole first layer."""
        found = steps * (INPUT_STEP * WEIGHT_STEP / LAYER_STEP)  # powers of two: exact, and in steps of the layer
        found = found + self.layers[0][1] / LAYER_STEP
        for weights, bias in self.layers[1:]:
            np.maximum(found, 0, out=found)
            np.minimum(found, 1000 / LAYER_STEP, out=found)
            np.rint(found, out=found)
            found = found @ weights
            found += bias / LAYER_STEP
        found *= LAYER_STEP
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


def score(pages: Sequence[Parsed], model: Model) -> list[Array]:
    """Of each page [blocks] probabilities in 0..1, in order, whatever stands beside it. The pages are worked out
    together, so a caller bounds their blocks."""
    whole = [page for page in pages if 0 < len(page.blocks) <= PAGE_BLOCKS]
    found = iter(_together(whole, model))
    return [next(found) if 0 < len(page.blocks) <= PAGE_BLOCKS else _in_parts(page, model) for page in pages]


def _in_parts(page: Parsed, model: Model) -> Array:
    scores = [np.zeros(0)]
    for start in range(0, len(page.blocks), PAGE_BLOCKS):
        scores += _together([_part(page, start, start + PAGE_BLOCKS)], model)
    return np.concatenate(scores)


def _together(pages: Sequence[Parsed], model: Model) -> list[Array]:
    if not pages:
        return []
    places = Places(pages)
    own = model.first.known(features(places))
    first = model.first.finished(model.first.begun(own))
    size = own.shape[1]
    rest = model.second.known(around(first, places), size)
    scores = model.second.finished(model.second.begun(own) + model.second.begun(rest, size))
    return np.split(scores, places.starts[1:])


def _part(page: Parsed, begin: int, end: int) -> Parsed:
    """The blocks `begin` to `end` as a page of their own, with the elements around them alone."""
    blocks = page.blocks[begin:end]
    needed = {0}
    for block in blocks:
        at = block.container
        while at not in needed:
            needed.add(at)
            at = page.elements[at][0]
    kept = sorted(needed)
    number = {old: new for new, old in enumerate(kept)}
    return Parsed(
        blocks=[block._replace(container=number[block.container]) for block in blocks],
        elements=[_moved(page.elements[old], number, begin) for old in kept],
        last=[min(page.last[old], begin + len(blocks)) - begin for old in kept],
        title=page.title,
    )


def _moved(element: Element, number: dict[int, int], begin: int) -> Element:
    parent, first, own, path, shape = element
    return number[parent], max(first - begin, 0), own, path, shape


def core(page: Parsed, scores: Array, threshold: float) -> list[Block]:
    """The blocks above the threshold, in order. Where even the best of the page are doubtful it falls with them, down
    to a tenth: a page is rather kept than lost, and its quality is judged later.
    """
    if not page.blocks:
        return []
    each = scores.tolist()
    lengths = [len(block[0]) for block in page.blocks]
    enough = max(BEST_TEXT, BEST_SHARE * sum(lengths))
    order = sorted(zip(each, lengths, strict=True), reverse=True)
    passed = list(accumulate(length for _, length in order))
    best = order[min(bisect_left(passed, enough), len(order) - 1)][0]
    limit = min(max(threshold * best, threshold / 10), threshold)
    return [block for block, one in zip(page.blocks, each, strict=True) if one >= limit]


@cache
def load() -> Model:
    """The bundled model. Raises ResourceError when it is missing or broken."""
    return read_model("regions.json", lambda path: read(path.read_text(encoding="utf-8")))


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
