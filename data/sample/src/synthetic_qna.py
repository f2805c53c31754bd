"""The synthetic question-and-answer file: hand-written topics, numbered and dated here."""

from __future__ import annotations

import json
import random
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from data.sample.src.archives import SEED, Item

_MARKS = re.compile(r"(?P<marks>[ae]*) ?(?P<reputation>\d+)\|(?P<body>.+)", re.DOTALL)
_FIRST = datetime(2021, 1, 4, 9, 0)


def qna(archives: Path) -> list[Item]:
    """One question a line; `archives` is not read."""
    topics: list[Any] = yaml.safe_load(Path(__file__).with_name("qna.yaml").read_text(encoding="utf-8"))
    lines = [json.dumps(_question(i, *topic), ensure_ascii=False) + "\n" for i, topic in enumerate(topics, 1)]
    return [Item("qna/qna_synthetic.jsonl", "data/sample/src/qna.yaml", "".join(lines).encode("utf-8"))]


def _question(number: int, category: str, title: str, body: str, answers: list[str]) -> dict[str, Any]:
    chance = random.Random(f"{SEED}/qna/{number}")
    asked = _FIRST + timedelta(days=3 * number, minutes=chance.randrange(800))
    question_id = f"q{number:04d}"
    return {
        "question_id": question_id,
        "title": title,
        "body": body,
        "category": category.rstrip("!"),
        "asked_at": asked.isoformat(),
        "url": f"https://qna.example.com/question/{question_id}",
        "searchable": not category.endswith("!"),
        "answers": [_answer(f"{question_id}-a{i}", text, asked, chance) for i, text in enumerate(answers, 1)],
        "synthetic": True,
    }


def _answer(answer_id: str, text: str, asked: datetime, chance: random.Random) -> dict[str, Any]:
    match = _MARKS.fullmatch(text)
    if match is None:
        raise ValueError(f"{answer_id}: an answer in qna.yaml must be 'marks reputation|text'")
    return {
        "answer_id": answer_id,
        "body": match["body"],
        "adopted": "a" in match["marks"],
        "expert": "e" in match["marks"],
        "reputation": int(match["reputation"]),
        "answered_at": (asked + timedelta(minutes=chance.randrange(5, 3000))).isoformat(),
    }
