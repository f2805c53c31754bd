"""Entry point: train_region_model."""

import sys

from corpus_pipeline.run.region_training import main

if __name__ == "__main__":
    sys.exit(main())
