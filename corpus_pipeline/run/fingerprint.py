"""What a stage's result depends on, as one hash: code, settings, contracts, inputs, resources, library versions.

The code is the stage's module and everything it imports from this package, so that a change in one stage
makes only that stage and those after it run again.
"""

from __future__ import annotations

import ast
import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from corpus_pipeline import schemas
from corpus_pipeline.errors import ResourceError
from corpus_pipeline.pipeline import Stage
from corpus_pipeline.stages.params import Params

PACKAGE = "corpus_pipeline"
# code of run/ that shapes a stage's result, and contracts it fills beside those it reads and writes
_RUN_CODE = {
    "collect": (f"{PACKAGE}.run.sources",),
    "tag": (f"{PACKAGE}.run.evaluation",),
    "serialize": (f"{PACKAGE}.run.shards",),
}
_ALSO = {"collect": ("records",)}
LIBRARIES = (  # those that can change a byte of a result
    "pyspark", "pyarrow", "numpy", "regex", "mecab-python3", "python-mecab-ko-dic", "tokenizers",
    "fasttext-community", "py3langid", "pyyaml", "scipy",
    "trafilatura", "lxml", "htmldate", "courlan", "justext", "fastwarc", "mwparserfromhell",
)  # fmt: skip
OPTIONAL = ("python-calamine",)  # of an extra


def fingerprint(stage: Stage, params: Params, inputs: dict[str, str]) -> str:
    """Hex SHA-256. inputs: table or source -> digest of its content."""
    parts: dict[str, Any] = {
        "stage": stage.name,
        "code": [code_digest(module) for module in (stage.transform.__module__, *_RUN_CODE.get(stage.name, ()))],
        "contracts": {
            t: asdict(schemas.contract(t)) for t in (*stage.reads, *stage.writes, *_ALSO.get(stage.name, ()))
        },
        "params": params.model_dump(mode="json"),
        "files": {name: _file_digest(getattr(params, name)) for name in stage.files},
        "inputs": inputs,
        "versions": versions(),
    }
    return digest(parts)


def shown(params: Params) -> dict[str, Any]:
    """The settings for a manifest; options of sources, which can hold passwords, as digests."""
    found = params.model_dump(mode="json")
    for source in found.get("sources", {}).values():
        source["options"] = digest(source["options"])
    return found


def digest(value: Any) -> str:
    """Hex SHA-256 of a JSON value, independent of the order of keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def files_digest(contents: Mapping[str, bytes]) -> str:
    """Hex SHA-256 of a table of files, name -> content."""
    return digest({name: content.hex() for name, content in contents.items()})


@cache
def versions() -> dict[str, str]:
    """Versions of Python and of LIBRARIES."""
    return {
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        **{name: version(name) for name in LIBRARIES},
        **{name: _version_or_none(name) for name in OPTIONAL},
    }


def _version_or_none(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"


@cache
def code_digest(module: str) -> str:
    """Hash of `module`, of what it imports from the package, and of all resources."""
    sources: dict[str, str] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in sources:
            sources[name] = source_of(name)
            waiting += imports_of(sources[name])
    return digest({"modules": sources, "resources": _resources()})


@cache
def imports_of(source: str) -> tuple[str, ...]:
    """Modules of this package that a module's source imports."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            submodules = [f"{node.module}.{alias.name}" for alias in node.names]
            found += [name for name in submodules if name.startswith(PACKAGE) and find_spec_or_none(name)] or [
                node.module
            ]
    return tuple(sorted({name for name in found if name.split(".")[0] == PACKAGE}))


def source_of(module: str) -> str:
    """Source text of a module, also inside a zip."""
    spec = find_spec(module)
    loader: Any = spec.loader if spec else None
    return str(loader.get_source(module) or "")


def find_spec_or_none(name: str) -> object | None:
    """As importlib's find_spec, None where a parent is no package."""
    try:
        return find_spec(name)
    except ModuleNotFoundError:
        return None


def _resources() -> dict[str, str]:
    found: dict[str, str] = {}
    waiting: list[tuple[str, Any]] = [("", files(f"{PACKAGE}.resources"))]
    while waiting:
        prefix, folder = waiting.pop()
        for entry in folder.iterdir():
            name = f"{prefix}/{entry.name}"
            if entry.is_dir():
                waiting.append((name, entry))
            elif not name.endswith((".pyc", ".py")):
                found[name] = hashlib.sha256(entry.read_bytes()).hexdigest()
    return found


def _file_digest(path: str | None) -> str | None:
    if path is None:
        return None
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError as error:
        raise ResourceError(path, "a readable file", type(error).__name__, "Check the setting that names it.") from None
