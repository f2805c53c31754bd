"""Entry point: train_hate."""

import sys

from corpus_pipeline.run.profanity_training import main

if __name__ == "__main__":
    sys.exit(main("train_hate"))
