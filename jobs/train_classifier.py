"""spark-submit entry point: train_classifier."""

import sys

from corpus_pipeline.run.job import main

if __name__ == "__main__":
    sys.exit(main("train_classifier"))
