"""The table at the end of a run, from the manifests alone."""

from __future__ import annotations

from collections import Counter

from corpus_pipeline.run.config import Config
from corpus_pipeline.run.figures import Figures, largest_first
from corpus_pipeline.run.text_table import lay_out

_COLUMNS = ("source", "records", "rejected", "documents", "kept", "dropped", "MB kept", "tokens")
_OF = ("raw_documents", "rejected_records", "mixture", "shard_documents", "shard_index")


def summary(run: Figures, config: Config) -> str:
    """Records in, documents kept, dropped by reason, bytes and tokens by source; shards. Plain text."""
    if run.todo(*_OF):
        return "The chain is not complete: run `make corpus`."

    def value(table: str, metric: str, source: str | None = None) -> float:
        return run.value(table, metric, source) or 0.0

    def line(name: str, source: str | None = None) -> tuple[str, ...]:
        rejected = value("rejected_records", "rejected", source)
        return (
            name,
            f"{value('raw_documents', 'records', source) + rejected:,.0f}",
            f"{rejected:,.0f}",
            f"{value('raw_documents', 'documents', source):,.0f}",
            f"{value('mixture', 'kept', source):,.0f}",
            f"{value('mixture', 'dropped', source):,.0f}",
            f"{value('mixture', 'text_bytes_kept', source) / 1e6:,.2f}",
            f"{value('shard_documents', 'tokens', source):,.0f}",
        )

    reasons: Counter[str] = Counter()
    for (_, _, reason), rows in run.not_kept().items():
        reasons[reason] += rows
    total = ", ".join(f"{reason} {n:,}" for reason, n in sorted(reasons.items(), key=largest_first))
    shards, size = value("shard_index", "shards"), value("shard_index", "bytes")
    return "\n".join(
        [
            lay_out(_COLUMNS, [line(source, source) for source in sorted(config.sources)], [line("all")]),
            "",
            f"not kept, by reason: {total}",
            f"shards: {shards:,.0f} in {config.output}/shards, {size / 1e6:,.1f} MB",
        ]
    )
