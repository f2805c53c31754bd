"""Peers from PyPI in environments of their own, so that none of them becomes a dependency of the project."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ENVIRONMENTS = {
    "classify": [
        "--no-binary=kiwipiepy_model",  # its data has no wheel
        # datatrove asks Kiwi for its skip-bigram model, which later releases lack
        *["datatrove==0.10.1", "kiwipiepy==0.21.0", "kiwipiepy_model==0.21.0", "orjson==3.13.0"],
        *["regex==2026.11.15", "spacy==3.8.18", "tokenizers==0.23.3", "numpy==2.4.6"],
    ],
    "collect": [
        # readability-lxml asks for lxml[html-clean] twice, on which pip breaks: so each package by name
        "--no-deps",
        *["resiliparse==2.0.1", "fastwarc==2.0.1", "readability-lxml==0.9", "lxml==6.1.3", "lxml-html-clean==0.4.6"],
        *["cssselect==1.6.0", "chardet==7.7.0", "tqdm==4.70.1", "click==8.5.1", "brotli==1.2.1"],
    ],
    "encoders": [
        "gigatoken==0.10.0",
        "kitoken==0.11.1",
        "tiktoken==0.14.0",
        "tokie==0.1.4",
        "tokenizers==0.23.3",
        "numpy==2.4.6",
    ],
    "datatrove": ["datatrove==0.10.1", "orjson==3.11.4", "tokenizers==0.23.3"],
    "dedup_datatrove": [
        "datatrove==0.10.1",
        "orjson==3.13.0",
        "regex==2026.11.15",
        "spacy==3.8.18",
        "tokenizers==0.23.3",
        "xxhash==3.6.0",  # 4 hashes no str, which datatrove gives it
        "numpy==2.4.6",
    ],
    "dedup_text_dedup": [
        # text-dedup also asks for pyspark, fire, unisim: no wheels, or a gigabyte; its minhash imports none of them
        "--no-deps",
        *["text-dedup==0.4.0", "datasets==5.2.0", "numpy==2.4.6", "scipy==1.17.1", "pyarrow==26.0.1", "pandas==3.1.1"],
        *[
            "click==8.5.1",
            "click-option-group==0.5.9",
            "ftfy==6.3.1",
            "wcwidth==0.9.4",
            "rich==13.9.4",
            "pygments==2.21.0",
        ],
        *[
            "markdown-it-py==4.3.0",
            "mdurl==0.1.2",
            "regex==2026.11.15",
            "tqdm==4.70.1",
            "xxhash==4.1.0",
            "psutil==7.2.2",
        ],
        *["dill==0.4.1", "multiprocess==0.70.19", "filelock==4.2.11", "fsspec==2026.9.0", "huggingface_hub==2.4.0"],
        *["packaging==26.3", "pyyaml==6.0.3", "python-dateutil==4.0.0", "tzdata==2026.6", "typing_extensions==4.16.0"],
        *["httpx2==2.16.2", "httpcore2==2.16.2", "h11==0.16.0", "anyio==4.16.0", "idna==3.20", "truststore==0.10.5"],
        *["hf-xet==1.8.0", "urllib3==1.26.20", "zstandard==0.25.0", "bitarray==3.12.3"],
    ],
    "dedup_sketches": ["datasketch==2.0.0", "rensa==0.5.0", "numpy==2.4.6", "scipy==1.17.1"],
    "end_to_end": [  # as for dedup_datatrove and classify
        *["--no-binary=kiwipiepy_model", "datatrove==0.10.1", "kiwipiepy==0.21.0", "kiwipiepy_model==0.21.0"],
        *["orjson==3.13.0", "regex==2026.11.15", "spacy==3.8.18", "tokenizers==0.23.3", "xxhash==3.6.0"],
        "numpy==2.4.6",
    ],
    "scrub_presidio": [
        "presidio-analyzer==2.2.366",
        "spacy==3.8.18",
        "phonenumbers==9.0.43",
        "tldextract==5.4.0",
        "numpy==2.4.6",
    ],
    "scrub_korean": ["ko-pii==1.22.15", "korean-pii==0.2.0"],
}


def python_of(name: str, folder: Path) -> Path:
    """The interpreter of an environment, made in `folder` unless it is there with the same packages.

    Wheels only: nothing is built. Raises CalledProcessError when pip cannot install them.
    """
    place = (folder / name).absolute()
    python, ready = place / "bin" / "python", place / ".ready"
    wanted = "\n".join(ENVIRONMENTS[name])
    if not ready.exists() or ready.read_text(encoding="utf-8") != wanted:
        print(f"making the environment {name}: {', '.join(ENVIRONMENTS[name])}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
        own = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}  # pip would see this project
        subprocess.run([*pip, *ENVIRONMENTS[name]], check=True, env=own)
        ready.write_text(wanted, encoding="utf-8")
    return python
