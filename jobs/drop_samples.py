"""spark-submit entry point: drop_samples."""

import sys

from corpus_pipeline.run.job import main

if __name__ == "__main__":
    sys.exit(main("drop_samples"))
