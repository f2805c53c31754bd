"""spark-submit entry point: compare_tokenizers."""

import sys

from corpus_pipeline.run.job import main

if __name__ == "__main__":
    sys.exit(main("compare_tokenizers"))
