"""The config is checked strictly, and its errors say where, expected, got and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from corpus_pipeline.errors import ConfigError
from corpus_pipeline.run.config import check, load

GOOD: dict[str, Any] = {
    "name": "t",
    "output": "out/t",
    "sources": {
        "a": {
            "format": "text",
            "path": "x/*.txt",
            "doc_type": "web",
            "licence": "CC0-1.0",
            "columns": {"record_id": "sha2(value, 256)", "text": "value"},
        }
    },
}
DOCUMENTS = "Did you mean 'min_documents'?"


def test_defaults_fill_every_section() -> None:
    config = check(GOOD, "c.yaml")
    assert config.stages["dedup"].threshold == 0.8
    assert config.sources["a"].path == ("x/*.txt",)


@pytest.mark.parametrize(
    ("change", "where", "hint"),
    [
        ({"mxi": {}}, "c.yaml.mxi", "Did you mean 'mix'?"),
        ({"mix": {"budget_token": 5}}, "c.yaml: mix.budget_token", "Did you mean 'budget_tokens'?"),
        ({"dedup": {"treshold": 0.9}}, "c.yaml: dedup.treshold", "Did you mean 'threshold'?"),
        ({"spark": {"masters": "x"}}, "c.yaml: spark.masters", "Did you mean 'master'?"),
        ({"serialize": {"headers": {"wbe": ["x"]}}}, "c.yaml: serialize.headers.wbe", "Did you mean 'web'?"),
        ({"mix": {"min_quality_score": {"wbe": 0.1}}}, "c.yaml: mix.min_quality_score.wbe", "Did you mean 'web'?"),
        ({"mix": {"source_tiers": {"b": 1}}}, "c.yaml: mix.source_tiers.b", "Known keys: a."),
        ({"mix": {"removed_sources": ["b"]}}, "c.yaml: mix.removed_sources.b", "Known keys: a."),
        ({"mix": {"min_quality_rank": {"wbe": 0.1}}}, "c.yaml: mix.min_quality_rank.wbe", "Did you mean 'web'?"),
        (
            {"classify": {"limits_by_type": {"wbe": {}}}},
            "c.yaml: classify.limits_by_type.wbe",
            "Did you mean 'web'?",
        ),
        ({"scrub": {"boilerplate": {"remove": {"b": 0.1}}}}, "c.yaml: scrub.boilerplate.remove.b", "Known keys: a."),
        (
            {"sources": {"a": {**GOOD["sources"]["a"], "doctype": "x"}}},
            "c.yaml: sources.a.doctype",
            "Did you mean 'doc_type'?",
        ),
        (
            {"sources": {"a": {**GOOD["sources"]["a"], "shape": {"kind": "thread", "key": "k", "oder": "n"}}}},
            "c.yaml: sources.a.shape.thread.oder",
            "Did you mean 'order'?",
        ),
        ({"scrub": {"boilerplate": {"min_document": 5}}}, "c.yaml: scrub.boilerplate.min_document", DOCUMENTS),
    ],
)
def test_an_unknown_key_names_the_nearest(change: dict[str, Any], where: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check({**GOOD, **change}, "c.yaml")
    assert (caught.value.where, caught.value.todo) == (where, hint)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"mix": {"epoch_cap": -1}}, "c.yaml: mix.epoch_cap"),
        ({"sample": {"fraction": 1.5}}, "c.yaml: sample.fraction"),
        ({"scrub": {"kinds": ["fax"]}}, "c.yaml: scrub.kinds"),
        ({"scrub": {"boilerplate": {"share": 0}}}, "c.yaml: scrub.boilerplate.share"),
        ({"scrub": {"boilerplate": {"remove": {"a": 2}}}}, "c.yaml: scrub.boilerplate.remove.a"),
        ({"mix": {"drop_rules": ["symbol"]}}, "c.yaml: mix.drop_rules"),
        ({"mix": {"drop_rules": "most"}}, "c.yaml: mix.drop_rules"),
        ({"mix": {"survivor": ["tier", "tier"]}}, "c.yaml: mix.survivor"),
        ({"mix": {"survivor": ["age"]}}, "c.yaml: mix.survivor.0"),
        ({"mix": {"duplicates": "near"}}, "c.yaml: mix.duplicates"),
        ({"mix": {"cluster_weights": {0: 1}}}, "c.yaml: mix.cluster_weights.0.[key]"),
        ({"mix": {"cluster_weights": {2: 2}, "duplicates": "keep"}}, "c.yaml: mix"),
        ({"serialize": {"headers": {"default": ["{author}: "]}}}, "c.yaml: serialize"),
        ({"serialize": {"formats": ["parquet", "parquet"]}}, "c.yaml: serialize.formats"),
        ({"train_tokenizer": {"max_digits": 4}}, "c.yaml: train_tokenizer.max_digits"),
        ({"train_tokenizer": {"vocab_size": 2**21 + 1}}, "c.yaml: train_tokenizer.vocab_size"),
        ({"sample": {"vocab_size": 2**21 + 1}}, "c.yaml: sample.vocab_size"),
        ({"compare_tokenizers": {"sizes": [8000, 2**21 + 1]}}, "c.yaml: compare_tokenizers.sizes.1"),
        ({"train_tokenizer": {"eos_token": "<|end|>"}}, "c.yaml: train_tokenizer"),
        ({"sample": {"fraction": "auto", "vocab_size": 9000}}, "c.yaml: sample.vocab_size"),
        ({"sample": {"fraction": "auto"}, "train_tokenizer": {"mode": "character"}}, "c.yaml: sample.mode"),
        ({"mix": {"languages": ["korean"]}}, "c.yaml: mix.languages"),
        ({"mix": {"strategy": "fixed"}}, "c.yaml: mix.weights"),
        ({"collect": {"sources": {}}}, "c.yaml: collect.sources"),
        ({"sources": {}}, "c.yaml: sources"),
        ({"mix": []}, "c.yaml: mix"),
        ({"mix": False}, "c.yaml: mix"),
        ({"earlier": ["out/t/"]}, "c.yaml: earlier"),
        ({"earlier": ["out/a", "out/a/"]}, "c.yaml: earlier"),
        ({"name": None}, "c.yaml.name"),
        ({"lease_minutes": 1e12}, "c.yaml.lease_minutes"),
        ({"output": ""}, "c.yaml.output"),
        ({"raw_output": " "}, "c.yaml.raw_output"),
        ({"dedup": {"threshold": True}}, "c.yaml: dedup.threshold"),
        ({"mix": {"budget_tokens": True}}, "c.yaml: mix.budget_tokens"),
        ({"mix": {"budget_tokens": 10**16}}, "c.yaml: mix.budget_tokens"),
        ({"mix": {"weights": {"web": True}}}, "c.yaml: mix.weights"),
        ({"mix": {"what_if_ranks": [0.5, True]}}, "c.yaml: mix.what_if_ranks"),
        ({"sample": {"seed": 2**63}}, "c.yaml: sample.seed"),
        ({"mix": {"seed": -1}}, "c.yaml: mix.seed"),
        ({"mix": {"source_tiers": {"a": 10**30}}}, "c.yaml: mix.source_tiers.a"),
        ({"mix": {"what_if_similarities": [0.7, 0.9]}}, "c.yaml: mix.what_if_similarities"),
        ({"mix": {"min_quality_score": {"web": 2}}}, "c.yaml: mix.min_quality_score.web"),
    ],
)
def test_a_wrong_value_names_its_key(change: dict[str, Any], where: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check({**GOOD, **change}, "c.yaml")
    assert caught.value.where == where


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"encoding": "cp949"}, "encoding"),
        ({"format": "json", "fields": "a string", "encoding": "cp949"}, "encoding"),
        ({"format": "xlsx", "encoding": "cp949"}, "encoding"),
        ({"extractor": "trafilatura"}, "extractor"),
        ({"format": "html", "fields": "a string"}, "fields"),
        ({"format": "html", "explode": "a"}, "explode"),
        ({"explode": "a", "shape": {"kind": "qna", "answers": "a", "answer": "item"}}, "explode"),
        ({"format": "html", "shape": {"kind": "qna", "answers": "a", "answer": "item"}}, "shape"),
        ({"shape": {"kind": "dialogue", "turns": "a"}}, "columns.text"),
        ({"options": {"multiline": "yes please"}}, "options.multiline"),
        ({"columns": {"text": "value"}}, "columns.record_id"),
        ({"columns": {"record_id": "value", "text": "value", "body": "value"}}, "columns.body"),
        ({"columns": {"record_id": "value"}}, "columns.text"),
        ({"columns": {"text": "value"}, "shape": {"kind": "dialogue", "turns": "a"}}, "columns.text"),
        ({"columns": {}, "shape": {"kind": "qna", "answers": "a", "answer": "item"}}, "columns.record_id"),
    ],
)
def test_a_setting_without_effect_or_a_source_without_documents_is_an_error_that_says_what_to_do(
    change: dict[str, Any], key: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        check({**GOOD, "sources": {"a": {**GOOD["sources"]["a"], **change}}}, "c.yaml")
    assert caught.value.where == f"c.yaml: sources.a.{key}"
    assert caught.value.todo


@pytest.mark.parametrize(
    "source",
    [
        {"format": "html"},
        {"format": "xlsx", "columns": {"text": "front['body']"}},
        {"columns": {"record_id": "value"}, "shape": {"kind": "dialogue", "turns": "a"}},
    ],
)
def test_what_a_source_need_not_say(source: dict[str, Any]) -> None:
    plain = {"path": "x", "doc_type": "web", "licence": "CC0-1.0", "format": "text"}
    assert check({**GOOD, "sources": {"a": {**plain, **source}}}, "c.yaml").sources["a"].columns == source.get(
        "columns", {}
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"mix": {"languages": "ko"}}, "a list, such as [a, b]"),
        ({"scrub": {"styles": "token"}}, "a section of keys and values"),
        ({"sources": {"a": "x.jsonl"}}, "a section of keys and values"),
        ({"dedup": {"threshold": "high"}}, "a number"),
        ({"mix": {"seed": "first"}}, "a whole number"),
        ({"output": None}, "a text"),
    ],
)
def test_what_is_expected_is_said_in_the_words_of_yaml(change: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check({**GOOD, **change}, "c.yaml")
    assert caught.value.expected == expected


def test_a_missing_key_and_a_config_in_another_charset(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        check({key: value for key, value in GOOD.items() if key != "output"}, "c.yaml")
    assert (caught.value.where, caught.value.got) == ("c.yaml.output", "none")
    (tmp_path / "c.yaml").write_bytes("name: 말뭉치".encode("cp949"))
    with pytest.raises(ConfigError, match="UTF-8"):
        load(str(tmp_path / "c.yaml"))


def test_what_if_asks_about_similarities_that_dedup_verified() -> None:
    asked = [check({**GOOD, "dedup": {"threshold": t}}, "c").stages["mix"].what_if_similarities for t in (0.8, 0.9, 1)]
    assert asked == [(0.85, 0.9, 0.95), (0.95,), ()]


def test_a_setting_of_memory_runs_nothing_again() -> None:
    shown = check({**GOOD, "serialize": {"worker_memory_mib": 700}}, "c").stages["serialize"]
    assert shown.worker_memory_mib == 700
    assert shown.model_dump() == check(GOOD, "c").stages["serialize"].model_dump()


def test_a_key_stands_once_and_a_large_number_is_one(tmp_path: Path) -> None:
    """Of two sources of one name the first would be lost."""
    path = tmp_path / "c.yaml"
    source = "{format: text, path: x, doc_type: web, licence: MIT, columns: {record_id: value, text: value}}"
    head = "name: t\noutput: out\nmix: {budget_tokens: 560e9}\nsources:\n"
    path.write_text(f"{head}  a: &a {source}\n  b: {{<<: *a, path: y}}\n", encoding="utf-8")
    config = load(str(path), ["mix.epoch_cap=1e1"])
    assert (config.stages["mix"].budget_tokens, config.stages["mix"].epoch_cap) == (560_000_000_000, 10)
    assert [one.path for one in config.sources.values()] == [("x",), ("y",)]
    path.write_text(f"{head}  a: {source}\n  b: {source}\n  a: {source}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="the key 'a' a second time") as caught:
        load(str(path))
    assert caught.value.where == f"{path}:7"


def test_files_that_are_no_config(tmp_path: Path) -> None:
    for content in (b"- a\n- b\n", b"a: [\n", b"\xff\xfe\x00", b""):
        path = tmp_path / "c.yaml"
        path.write_bytes(content)
        with pytest.raises(ConfigError):
            load(str(path))
    with pytest.raises(ConfigError) as caught:
        load(str(tmp_path / "none.yaml"))
    assert caught.value.got == "FileNotFoundError"


def test_set_changes_one_value_and_is_checked(tmp_path: Path) -> None:
    import yaml

    path = tmp_path / "c.yaml"
    path.write_text(yaml.safe_dump(GOOD), encoding="utf-8")
    assert load(str(path), ["dedup.threshold=0.9", "spark.partitions=3"]).stages["dedup"].threshold == 0.9
    with pytest.raises(ConfigError):
        load(str(path), ["dedup.threshold"])
    with pytest.raises(ConfigError):
        load(str(path), ["name.x=1"])
    with pytest.raises(ConfigError):
        load(str(path), ["name=2020-13-45"])  # no such month


def test_auto_tries_out_the_tokenizer_that_is_trained() -> None:
    settings = {"vocab_size": 9000, "mode": "byte", "max_token_bytes": 30}
    both = check({**GOOD, "sample": {"fraction": "auto"}, "train_tokenizer": settings}, "c.yaml").stages["sample"]
    assert {name: getattr(both, name) for name in settings} == settings
    fixed = check({**GOOD, "train_tokenizer": settings}, "c.yaml").stages["sample"]
    assert fixed.vocab_size == 32_000  # of no account, so no reason to sample anew


def test_headers_of_one_type_leave_the_others_theirs() -> None:
    headers = check({**GOOD, "serialize": {"headers": {"web": ["x"]}}}, "c.yaml").stages["serialize"].headers
    assert set(headers) == {"web", "default"}
