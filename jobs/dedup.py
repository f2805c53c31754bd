"""spark-submit entry point: dedup."""

import sys

from corpus_pipeline.run.job import main

if __name__ == "__main__":
    sys.exit(main("dedup"))
