"""Fits rules/weights/pages.toml to pages that somebody read, and says how well it does elsewhere.

    for set in eliza ubuntu; do
      cargo run -p tests --bin page_measures -- tests/eval/pages/$set.jsonl > $set.measures
      sets="$sets tests/eval/pages/$set.jsonl $set.measures"
    done
    python3 tests/eval/pages/fit.py --write rules/weights/pages.toml $sets

Standard library only, no random numbers. A row is a page with the occurrences that it stood on, the message of
the answer that led it, and the verdict of a reader: as-is, small-edit or reject. Figures count what is proposed:
questions of a suitable kind whose answer enough people stand behind, from a score on. The sets are small, so the
weights are drawn towards those in PRIOR, chosen by hand. Every figure comes twice: in sample, and with the
page's community left out of the fit; of one community the months are left out one by one too.
"""
import argparse
import collections
import datetime
import json
import math

PRIOR = dict(
    base=-0.3, two_answerers=0.8, three_answerers=0.4, confirmers=0.8, trusted=0.2, overlap=0.8, agreement=0.6, crowd=0.0, spread=0.2,
    length=0.3, short=-0.5, names=0.8, asks_how=0.5, tells=0.5, points=-0.8, doubts=-0.6, passing=-1.2, hearsay=-0.8,
    personal=-0.5, continues=-0.8, matter=0.4, nearness=0.4, asks=1.5, opens=0.8, reads=0.4, settled=0.4,
)
PULL = 3.0
# Signs that the sets hardly hold: nobody thanks or reacts in one of them, and nobody is trusted in the other.
RARE = {"confirmers", "settled", "trusted"}
RARE_PULL = 15.0


def load(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


class Page:
    def __init__(self, row, measured):
        self.title, self.verdict = row["title"], row["verdict"]
        self.good = row["verdict"] != "reject"
        self.community = row["community"]
        asked = row["cluster"]["occurrences"][0]["question"]["sent"] / 1000
        self.month = datetime.datetime.fromtimestamp(asked, datetime.timezone.utc).strftime("%Y-%m")
        self.measures = measured["measures"]
        # What decides beside the score: the kind of question, and who stands behind the answer.
        self.passes = measured["backed"] and not measured["unsuitable"]


def logistic(score):
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))


def dot(weights, values):
    return sum(weights[key] * value for key, value in values.items())


def solve(matrix, vector):
    size = len(vector)
    rows = [matrix[at][:] + [vector[at]] for at in range(size)]
    for at in range(size):
        pivot = max(range(at, size), key=lambda r: abs(rows[r][at]))
        rows[at], rows[pivot] = rows[pivot], rows[at]
        for other in range(at + 1, size):
            factor = rows[other][at] / rows[at][at]
            for column in range(at, size + 1):
                rows[other][column] -= factor * rows[at][column]
    result = [0.0] * size
    for at in reversed(range(size)):
        rest = sum(rows[at][column] * result[column] for column in range(at + 1, size))
        result[at] = (rows[at][size] - rest) / rows[at][at]
    return result


def fit(pages, rounds=20):
    """Logistic regression, drawn towards PRIOR; the base is free."""
    keys = list(PRIOR)
    pulls = [0.1 if key == "base" else RARE_PULL if key in RARE else PULL for key in keys]
    start = [PRIOR[key] for key in keys]
    weights = start[:]
    # Each community counts alike, whatever its size.
    sizes = collections.Counter(page.community for page in pages)
    scale = {name: len(pages) / len(sizes) / size for name, size in sizes.items()}

    def loss(weights):
        total = sum(pull * (weight - first) ** 2 / 2 for pull, weight, first in zip(pulls, weights, start))
        for page in pages:
            score = sum(w * page.measures[key] for w, key in zip(weights, keys))
            chance = logistic(score if page.good else -score)
            total -= scale[page.community] * math.log(max(chance, 1e-12))
        return total

    for _ in range(rounds):
        gradient = [pull * (weight - first) for pull, weight, first in zip(pulls, weights, start)]
        hessian = [[pulls[r] if r == c else 0.0 for c in range(len(keys))] for r in range(len(keys))]
        for page in pages:
            values = [page.measures[key] for key in keys]
            chance = logistic(sum(w * v for w, v in zip(weights, values)))
            counts = scale[page.community]
            slope, bend = counts * (chance - page.good), counts * max(chance * (1 - chance), 1e-4)
            for at, value in enumerate(values):
                if value:
                    gradient[at] += slope * value
                    for other, number in enumerate(values):
                        hessian[at][other] += bend * value * number
        change = solve(hessian, gradient)
        step, before = 1.0, loss(weights)
        while step > 1e-4 and loss([w - step * c for w, c in zip(weights, change)]) > before:
            step /= 2
        weights = [w - step * c for w, c in zip(weights, change)]
    return dict(zip(keys, weights))


def auc(scored):
    good = [score for score, page in scored if page.good]
    bad = [score for score, page in scored if not page.good]
    wins = sum((one > other) + 0.5 * (one == other) for one in good for other in bad)
    return wins / max(1, len(good) * len(bad))


def describe(name, scored):
    good = sum(page.good for _, page in scored)
    print(f"{name}: {len(scored)} pages, {good} good, AUC of the score {auc(scored):.2f}")
    for least in (0.0, 0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7):
        kept = [page for score, page in scored if score >= least and page.passes]
        right = sum(page.good for page in kept)
        as_is = sum(page.verdict == "as-is" for page in kept)
        print(f"  from {least:.2f}: {len(kept):3} pages, precision {right / max(1, len(kept)):.2f}, "
              f"as they are {as_is / max(1, len(kept)):.2f}, of the good kept {right / max(1, good):.2f}")


def left_out(pages, key):
    scored = []
    for one in sorted({key(page) for page in pages}):
        weights = fit([page for page in pages if key(page) != one])
        scored += [(logistic(dot(weights, page.measures)), page) for page in pages if key(page) == one]
    return scored


def write(path, weights):
    with open(path, "w", encoding="utf-8") as file:
        file.write("# Weights of the page score, fitted by tests/eval/pages/fit.py (how: its first lines). The program\n"
                   "# carries this file: a rules directory does not replace it.\n\n")
        for key, weight in weights.items():
            file.write(f"{key} = {weight:.2f}\n")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--write", metavar="FILE")
    arguments.add_argument("--list", action="store_true", help="print every page with its score, its community left out")
    arguments.add_argument("sets", nargs="+", metavar="PAGES MEASURES")
    given = arguments.parse_args()
    pages = []
    for rows, measured in zip(given.sets[::2], given.sets[1::2]):
        pages += [Page(row, one) for row, one in zip(load(rows), load(measured))]
    weights = fit(pages)
    describe("in sample", [(logistic(dot(weights, page.measures)), page) for page in pages])
    held = left_out(pages, lambda page: page.community)
    describe("community left out", held)
    for name in sorted({page.community for page in pages}):
        describe(f"  {name} left out", [one for one in held if one[1].community == name])
    describe("month left out", left_out(pages, lambda page: (page.community, page.month)))
    if given.list:
        for score, page in sorted(held, key=lambda one: -one[0]):
            print(f"{score:.2f} {page.verdict:10} {page.community:7} {page.title}")
    for key, weight in weights.items():
        print(f"  {key:16} {PRIOR[key]:+.2f} -> {weight:+.2f}")
    if given.write:
        write(given.write, weights)


if __name__ == "__main__":
    main()
