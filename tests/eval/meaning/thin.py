#!/usr/bin/env python3
"""Thins labelled intents to what a help channel looks like: most questions come once, few of them often.

    python3 tests/eval/meaning/thin.py OUT

In sets of intents two questions of a hundred pairs are the same, in a help channel one of two hundred. What is
learned on them as they are joins too much. Writes three samples of each set; the same ones every time.
"""
import json
import random
import sys
from pathlib import Path

EVAL = Path(__file__).parent.parent
# Of the intents, this share is asked at most so often.
SIZES = [(0.55, 1), (0.78, 2), (0.92, 3), (1.0, 5)]


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def banking():
    return lines(EVAL / "clusters/banking77-test.jsonl")


def sofmattress():
    for row in lines(EVAL / "faq/hint3-sofmattress.queries.jsonl"):
        # What is out of scope is asked once.
        cluster = row["label"] or "alone-" + row["qid"]
        yield {"id": row["qid"], "question": row["query"], "cluster": cluster}


def thinned(rows, seed):
    draw = random.Random(seed)
    intents = {}
    for row in rows:
        intents.setdefault(row["cluster"], []).append(row)
    alone = [name for name in intents if name.startswith("alone-")]
    several = [name for name in intents if not name.startswith("alone-")]
    draw.shuffle(several)
    taken = [intents[name][0] for name in alone]
    for at, name in enumerate(several):
        size = next(size for share, size in SIZES if at / len(several) < share)
        taken += draw.sample(intents[name], min(size, len(intents[name])))
    draw.shuffle(taken)
    return taken


def main(out):
    out.mkdir(parents=True, exist_ok=True)
    for name, rows in [("banking", list(banking())), ("sofmattress", list(sofmattress()))]:
        for seed in range(3):
            with open(out / f"{name}-{seed}.jsonl", "w", encoding="utf-8") as file:
                for row in thinned(rows, seed):
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")
        with open(out / f"{name}.jsonl", "w", encoding="utf-8") as file:
            for row in rows:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
