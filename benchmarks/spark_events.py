"""What Spark counted, by stage of ours: sums over an event log, whose jobs carry the stage's name as their group.

Bytes are Spark's own meters: `read` from files, `shuffled` as written for a shuffle (compressed), `written` to files,
`spilled` to disk. Seconds are of tasks: `task` by the clock, `cpu` of Java's threads (Python's are in `task` alone).
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

# Spark's name of an accumulable -> ours, and what one of ours is in its unit
METERS = {
    "internal.metrics.input.bytesRead": ("read", 1.0),
    "internal.metrics.shuffle.write.bytesWritten": ("shuffled", 1.0),
    "internal.metrics.output.bytesWritten": ("written", 1.0),
    "internal.metrics.diskBytesSpilled": ("spilled", 1.0),
    "internal.metrics.executorRunTime": ("task_seconds", 1e-3),
    "internal.metrics.executorCpuTime": ("cpu_seconds", 1e-9),
    "internal.metrics.jvmGCTime": ("gc_seconds", 1e-3),
}
NAMES = tuple(name for name, _ in METERS.values())
OTHER = "other"  # jobs without a group

SETTINGS = {
    "spark.eventLog.enabled": True,
    "spark.eventLog.rolling.enabled": False,
    "spark.eventLog.compress": False,
}


def by_stage(folder: Path) -> dict[str, dict[str, float]]:
    """Our stage -> meter -> sum, over all event logs in `folder`, in the order in which the stages began."""
    found: dict[str, dict[str, float]] = defaultdict(lambda: dict.fromkeys(NAMES, 0.0))
    for log in sorted(folder.iterdir()):
        groups: dict[int, str] = {}
        with log.open(encoding="utf-8") as lines:
            for line in lines:
                if '"SparkListenerStage' in line[:60]:
                    _count(json.loads(line), groups, found)
    return {stage: {name: round(value, 3) for name, value in meters.items()} for stage, meters in found.items()}


def _count(event: dict[str, Any], groups: dict[int, str], found: dict[str, dict[str, float]]) -> None:
    info = event["Stage Info"]
    if event["Event"] == "SparkListenerStageSubmitted":
        group = (event.get("Properties") or {}).get("spark.jobGroup.id") or OTHER
        groups[info["Stage ID"]] = group
        return
    if event["Event"] != "SparkListenerStageCompleted":
        return
    meters = found[groups.get(info["Stage ID"], OTHER)]
    for one in info["Accumulables"]:
        name, unit = METERS.get(one.get("Name"), ("", 0.0))
        if name:
            meters[name] += float(one["Value"]) * unit
