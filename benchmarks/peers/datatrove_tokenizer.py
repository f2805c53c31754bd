"""datatrove's own steps, one task and one worker: TOKENIZER FOLDER MegatronDocumentTokenizer|DocumentTokenizer.

JsonlReader -> the tokenizer step with its defaults. Each section is a run of its own, as in a job of theirs; loading
the tokenizer (about 0.1 s) is part of it.
"""

from __future__ import annotations

import shutil
import sys
from importlib import import_module
from pathlib import Path

from benchmarks.peers.worker import Writer, serve

EOD = "<|endoftext|>"


def load() -> Writer:
    tokens = import_module("datatrove.pipeline.tokens")
    readers = import_module("datatrove.pipeline.readers")
    executor = import_module("datatrove.executor")
    import_module("loguru").logger.remove()
    step = getattr(tokens, sys.argv[3])

    def write(section: Path, folder: Path) -> int:
        out = folder / sys.argv[3]
        shutil.rmtree(out, ignore_errors=True)
        executor.LocalPipelineExecutor(
            pipeline=[
                readers.JsonlReader(str(section.parent), glob_pattern=section.name),
                step(str(out / "tokens"), tokenizer_name_or_path=sys.argv[1], eos_token=EOD),
            ],
            tasks=1,
            workers=1,
            logging_dir=str(out / "logs"),
        ).run()
        written = [path for path in (out / "tokens").iterdir() if path.suffix in (".bin", ".ds")]
        return sum(path.stat().st_size for path in written) // 2

    return Writer(write)


if __name__ == "__main__":
    serve(load, Path(sys.argv[2]))
