"""The job train_plausibility: a folder of corpora -> the model of plausible text, and the limits of its junk score."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence

from corpus_pipeline.run.bad_texts import SENTENCE, bad_texts
from corpus_pipeline.run.job import say
from corpus_pipeline.run.plain_texts import Text, plain_texts
from corpus_pipeline.run.training import training_parser, write_model

PARTS = 6  # of the texts, by their hash; 0 and 3, a third, are kept for benchmarks/quality_evaluation.py
LANGUAGE, NETWORK, TEST = (1, 2), (4, 5), (0, 3)
LONG, SHORTEST = 24, 3  # sentences of a text that has a passage, and of the passage; own choice
UNSEEN = frozenset({"wikipedia_korquad_dev", "news_sci50"})  # sources kept for the test: the first may not be changed


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and write the model; print the limits as JSON. -> exit code."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy: sums in one order, so the same bytes
    from corpus_pipeline.stages import plausibility

    parser = training_parser("train_plausibility", __doc__, "plausibility.npz")
    parser.add_argument("--characters", type=int, default=6_000_000, help="of each source, at most")
    parser.add_argument("--clean", type=int, default=4_500, help="texts of a type for the network, at most")
    parser.add_argument("--bad", type=int, default=250, help="texts of a kind and type, at most")
    options = parser.parse_args(arguments)

    texts = [text for text in plain_texts(options.data, options.characters) if text.source not in UNSEEN]
    language = [text.text for text in texts if text.part(PARTS) in LANGUAGE]
    chosen = [text for text in texts if text.part(PARTS) in NETWORK]
    clean = capped([*chosen, *filter(None, map(passage, chosen))], options.clean)
    bad = [text for _, text in bad_texts(capped(clean, 2 * options.bad), 0, False, options.bad)]
    say(f"{len(language)} texts of {sum(map(len, language))} characters; {len(clean)} clean, {len(bad)} bad")
    trained = plausibility.train(
        language,
        [plausibility.Sample(text.doc_type, text.text) for text in clean],
        [plausibility.Sample(text.doc_type, text.text) for text in bad],
    )
    write_model(options.out, trained.model)
    print(json.dumps(trained.limits, indent=1))
    return 0


def passage(text: Text) -> Text | None:
    """A run of sentences of a long text, told by its hash, for pages also come in pieces; None for a short text.

    >>> short, long = (Text("a", "news", "그는 갔다. " * many) for many in (5, 50))
    >>> passage(short), passage(long).text.count("갔다.")
    (None, 9)
    """
    borders = [match.span() for match in SENTENCE.finditer(text.text)]
    if len(borders) < LONG:
        return None
    chance = text.part(2**60)
    many = SHORTEST + chance % (LONG // 2 - SHORTEST)
    first = chance // LONG % (len(borders) - many)
    return text._replace(text=text.text[borders[first][0] : borders[first + many - 1][1]].strip())


def capped(texts: Sequence[Text], most: int) -> list[Text]:
    """At most `most` texts of each type: those whose hashes come first, so that sources share in proportion."""
    seen: Counter[str] = Counter()
    found = []
    for text in sorted(texts, key=lambda one: one.part(2**62)):
        seen[text.doc_type] += 1
        if seen[text.doc_type] <= most:
            found.append(text)
    return found
