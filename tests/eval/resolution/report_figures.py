#!/usr/bin/env python3
"""Counts from the labels what a report on a labelled set must say; nothing of the program is used.

The figures that tests/it/reports/labelled.rs expects are the output of `python3 report_figures.py`. Of each row that
asks for support and names its question, the labels say the question's first message, whether it was resolved, by
which messages, and whether the asker accepted it. The last answer settles it. Times are those of the messages.
"""
import json
import statistics
from datetime import datetime
from pathlib import Path

HOUR = 3600.0


def figures(path):
    asked = answered = confirmed = 0
    askers, within, waits = set(), [0, 0, 0], []
    for line in path.read_text().splitlines():
        row = json.loads(line)
        if row["question"] != "support" or not row["question_ids"]:
            continue
        latest, times = None, {}
        for message in row["messages"]:
            time = datetime.fromisoformat(message["t"])
            latest = time if latest is None else max(latest, time)
            times[message["i"]] = (latest, message["u"])
        first, asker = times[row["question_ids"][0]]
        asked += 1
        askers.add(asker)
        replies = [t for i, (t, who) in times.items() if i > row["question_ids"][0] and who != asker]
        if replies:
            waits.append((min(replies) - first).total_seconds())
        if row["resolved"] == "yes" and row["answer_ids"]:
            answered += 1
            confirmed += row["accepted"]
            took = (times[row["answer_ids"][-1]][0] - first).total_seconds()
            within = [count + (took <= hours * HOUR) for count, hours in zip(within, (1, 4, 24))]
    median = int(statistics.median(waits) * 1000)
    return asked, len(askers), answered, confirmed, asked - answered, within, median


for name in ("irc-dev", "gitter", "demo-ubuntu"):
    print(name, *figures(Path(__file__).parent / f"{name}.jsonl"))
