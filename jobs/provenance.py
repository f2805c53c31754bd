"""spark-submit entry point: provenance."""

import sys

from corpus_pipeline.run.provenance import main

if __name__ == "__main__":
    sys.exit(main())
