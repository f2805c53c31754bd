"""The table at the end of a run, from the manifests alone."""

from __future__ import annotations

from corpus_pipeline.run import manifest
from corpus_pipeline.run.config import Config
from corpus_pipeline.run.storage import Storage

_COLUMNS = ("source", "records", "rejected", "documents", "kept", "dropped", "MB kept", "tokens")


def summary(storage: Storage, config: Config) -> str:
    """Records in, documents kept, dropped by reason, bytes and tokens by source; shards. Plain text."""
    tables = {
        t: manifest.read(storage, config.root(t), t)
        for t in ("raw_documents", "rejected_records", "mixture", "shard_documents", "shard_index")
    }
    if any(one is None for one in tables.values()):
        return "The chain is not complete: run `make corpus`."
    figures = {name: one.metrics for name, one in tables.items() if one}

    def value(table: str, part: str, metric: str) -> float:
        return figures[table].get(f"{part}/{metric}", 0.0)

    lines: list[tuple[str, ...]] = [_COLUMNS]
    for name, part in [*((s, f"source={s}") for s in sorted(config.sources)), ("all", "all")]:
        kept, rejected = value("raw_documents", part, "documents"), value("rejected_records", part, "rejected")
        lines.append(
            (
                name,
                f"{value('raw_documents', part, 'records') + rejected:,.0f}",
                f"{rejected:,.0f}",
                f"{kept:,.0f}",
                f"{value('mixture', part, 'kept'):,.0f}",
                f"{value('mixture', part, 'dropped'):,.0f}",
                f"{value('mixture', part, 'text_bytes_kept') / 1e6:,.2f}",
                f"{value('shard_documents', part, 'tokens'):,.0f}",
            )
        )
    reasons = _reasons(figures["rejected_records"], "reason") | _reasons(figures["mixture"], "drop_reason")
    total = ", ".join(
        f"{reason} {n:,.0f}" for reason, n in sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    )
    shards, size = value("shard_index", "all", "shards"), value("shard_index", "all", "bytes")
    return "\n".join(
        [
            _table(lines),
            "",
            f"not kept, by reason: {total}",
            f"shards: {shards:,.0f} in {config.output}/shards, {size / 1e6:,.1f} MB",
        ]
    )


def _reasons(metrics: dict[str, float], column: str) -> dict[str, float]:
    """Rows per reason, over all sources."""
    found: dict[str, float] = {}
    for key, value in metrics.items():
        part, _, metric = key.rpartition("/")
        if metric == "rows" and f"{column}=" in part:
            reason = part.split(f"{column}=", 1)[1]
            found[reason] = found.get(reason, 0.0) + value
    return found


def _table(lines: list[tuple[str, ...]]) -> str:
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    rows = [
        "  ".join(
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    ]
    rule = "-" * len(rows[0])
    return "\n".join([rows[0], rule, *rows[1:-1], rule, rows[-1]])
