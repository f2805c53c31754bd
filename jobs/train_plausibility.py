"""Entry point: train_plausibility."""

import sys

from corpus_pipeline.run.plausibility_training import main

if __name__ == "__main__":
    sys.exit(main())
