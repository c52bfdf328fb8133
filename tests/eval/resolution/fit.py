"""Fits rules/weights/resolution.toml to labelled conversations, and says how well it does elsewhere.

    for set in irc-dev gitter irc-train; do
      cargo run --release -p tests --example resolution_features -- tests/eval/resolution/$set.jsonl > $set.features
      sets="$sets tests/eval/resolution/$set.jsonl $set.features"
    done
    python3 tests/eval/resolution/fit.py --write rules/weights/resolution.toml $sets

demo-ubuntu.jsonl takes no part in any fit: `--aside tests/eval/resolution/demo-ubuntu.jsonl ITS_FEATURES` says how well
the weights do on it. Its 60 conversations were labelled without looking at what any program says of them.

Standard library only, no random numbers. One weighted sum says of each message that could answer how likely it
resolved the question; it is fitted to all of them at once (logistic loss), and to the order of those of one
conversation (softmax loss, times RANKING). The sets are small, so the weights are drawn towards zero; signs that
the sets do not or hardly hold (marks, tags, reactions, trusted people, "it works") are drawn towards the values of
KNOWN.
Every figure comes twice: in sample, and with the conversation's community left out of the fit. Ubuntu's
logs span thirteen years and other people in each, so a year of them counts as a community.
"""
import argparse
import json
import math
import re

KNOWN = {
    "answers.accepted": 4.0, "answers.refused": -4.0, "answers.trusted": 0.5, "answers.insults": -1.0,
    "answers.worked": 0.3, "answers.shown": 1.5,
    "outcome.marked": 6.0, "outcome.tagged": 3.0, "outcome.closed": 0.5,
}
PULL = 30.0
RANKING = 0.5
BASE = "outcome.base"
# What is shown as resolved, by grade, as `[outcome]` of signals.toml has it.
LEAST = {"confirmed": 0.55, "thanked": 0.38, "unconfirmed": 0.5, "silent": 0.23}


def load(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def community(row):
    year = re.search(r"(20\d\d)", row["id"]) if row["domain"] == "ubuntu" else None
    return row["domain"] + (year.group(1) if year else "")


class Row:
    """A labelled conversation that the program finds a question in."""

    def __init__(self, gold, measured):
        self.id, self.community = gold["id"], community(gold)
        self.support = gold["question"] == "support"
        self.resolved = gold["resolved"] if self.support else None
        self.right = set(gold["answer_ids"]) if self.support else set()
        self.asked = measured is not None
        self.answers = measured["answers"] if measured else []
        for answer in self.answers:
            kinds = [("answers", answer["answer"]), ("outcome", answer["outcome"])]
            answer["values"] = {f"{kind}.{key}": value for kind, values in kinds for key, value in values.items()}
            answer["leads"] = answer["grade"] != "unconfirmed" and answer["publishable"]


def dot(weights, values):
    return sum(weights[key] * value for key, value in values.items() if value)


def logistic(score):
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))


def rank(weights, row):
    """The candidates with their scores, best first: what somebody speaks for leads; at equal scores the earlier one."""
    scored = [(answer["leads"], dot(weights, answer["values"]), -answer["i"], at) for at, answer in enumerate(row.answers)]
    return [(score, row.answers[at]) for _, score, _, at in sorted(scored, reverse=True)]


def is_right(row, best):
    return row.resolved == "yes" and best is not None and best["i"] in row.right


def solve(matrix, vector):
    size = len(vector)
    rows = [matrix[at][:] + [vector[at]] for at in range(size)]
    for at in range(size):
        pivot = max(range(at, size), key=lambda r: abs(rows[r][at]))
        rows[at], rows[pivot] = rows[pivot], rows[at]
        for other in range(at + 1, size):
            factor = rows[other][at] / rows[at][at]
            if factor:
                for column in range(at, size + 1):
                    rows[other][column] -= factor * rows[at][column]
    result = [0.0] * size
    for at in reversed(range(size)):
        rest = sum(rows[at][column] * result[column] for column in range(at + 1, size))
        result[at] = (rows[at][size] - rest) / rows[at][at]
    return result


class Losses:
    """The slope and the bend of a sum of losses, over features by key."""

    def __init__(self, keys, prior, pull):
        self.keys, self.place = keys, {key: at for at, key in enumerate(keys)}
        self.prior = [prior.get(key, 0.0) for key in keys]
        self.pull = [1e-3 if key == BASE else pull for key in keys]

    def sparse(self, values):
        return [(self.place[key], value) for key, value in values.items() if value]

    def minimum(self, examples, rankings, rounds=8):
        """Newton's method. `examples` are (values, label); `rankings` are lists of them."""
        examples = [(self.sparse(values), label) for values, label in examples]
        rankings = [[(self.sparse(values), label) for values, label in one] for one in rankings]
        weights = self.prior[:]
        for _ in range(rounds):
            slope = [pull * (weight - first) for pull, weight, first in zip(self.pull, weights, self.prior)]
            bend = [[pull if row == column else 0.0 for column in range(len(weights))] for row, pull in enumerate(self.pull)]
            for values, label in examples:
                chance = logistic(sum(weights[at] * value for at, value in values))
                add(slope, bend, values, chance - label, max(chance * (1 - chance), 1e-4))
            for ranking in rankings:
                self.add_ranking(slope, bend, weights, ranking)
            weights = [weight - change for weight, change in zip(weights, solve(bend, slope))]
        return dict(zip(self.keys, weights))

    def add_ranking(self, slope, bend, weights, ranking):
        scores = [sum(weights[at] * value for at, value in values) for values, _ in ranking]
        top = max(scores)
        mass = [math.exp(score - top) for score in scores]
        whole, good = sum(mass), sum(one for one, (_, right) in zip(mass, ranking) if right)
        mean = {}
        for one, (values, right) in zip(mass, ranking):
            share = one / whole
            add(slope, bend, values, RANKING * (share - (one / good if right else 0.0)), RANKING * share)
            for at, value in values:
                mean[at] = mean.get(at, 0.0) + share * value
        for at, value in mean.items():
            for other, number in mean.items():
                bend[at][other] -= RANKING * value * number


def add(slope, bend, values, by, bending):
    for at, value in values:
        slope[at] += by * value
        row = bend[at]
        for other, number in values:
            row[other] += bending * value * number


def fit(rows):
    answers = [(row, answer) for row in rows for answer in row.answers]
    keys = list(answers[0][1]["values"])
    examples = [(answer["values"], is_right(row, answer)) for row, answer in answers]
    rankings = []
    for row in rows:
        ranking = [(answer["values"], answer["i"] in row.right) for answer in row.answers]
        if 0 < sum(right for _, right in ranking) < len(ranking):
            rankings.append(ranking)
    return Losses(keys, KNOWN, PULL).minimum(examples, rankings)


def judge(rows, weights):
    """(row, score, best candidate, ranked candidates) of each row; the score is None where nobody could answer."""
    judged = []
    for row in rows:
        ranked = rank(weights, row)
        score, best = ranked[0] if ranked else (None, None)
        judged.append((row, score, best, ranked))
    return judged


def platt(judged):
    examples = [({"slope": score, "offset": 1.0}, is_right(row, best)) for row, score, best, _ in judged if best]
    found = Losses(["slope", "offset"], {"slope": 1.0}, 0.5).minimum(examples, [])
    return found["slope"], found["offset"]


def share(flags):
    flags = list(flags)
    return f"{sum(flags) / max(len(flags), 1):.3f} of {len(flags)}"


def grade_of(best, sure):
    """The strictest grade that the signs allow and that is sure enough, as the program grants it."""
    grades = ["certain", "confirmed", "thanked", "unconfirmed"]
    for grade in grades[grades.index(best["grade"]):]:
        loosest = grade == "unconfirmed"
        if loosest and best["outcome"]["last_fails"] and not best["outcome"]["silent"]:
            return None
        limit = "silent" if loosest and best["outcome"]["silent"] else grade
        if sure >= LEAST.get(limit, 0.0):
            return grade
    return None


def report(name, judged, slope, offset):
    chance = {id(row): logistic(slope * score + offset) if best else 0.0 for row, score, best, _ in judged}
    shown = []
    for row, _, best, ranked in judged:
        sure = chance[id(row)]
        grade = grade_of(best, sure) if best and row.asked and best["publishable"] else None
        if grade:
            shown.append((row, best, grade, sure))
    resolved = {id(row) for row, *_ in shown}
    settled = [row for row, *_ in judged if row.resolved in ("yes", "no")]
    print(f"  {name}: resolved accuracy {share((row.resolved == 'yes') == (id(row) in resolved) for row in settled)}")
    answered = [(row, ranked) for row, _, _, ranked in judged if row.resolved == "yes" and row.right]
    hits = lambda most: share(any(one["i"] in row.right for _, one in ranked[:most]) for row, ranked in answered)
    print(f"    answer best 1 {hits(1)}, best 3 {hits(3)}")
    true = sum(1 for row, *_ in judged if row.resolved == "yes")
    good = [is_right(row, best) for row, best, *_ in shown]
    better = [is_right(row, best) for row, best, grade, _ in shown if grade != "unconfirmed"]
    print(f"    shown as resolved: right {share(good)}; thanked or better: right {share(better)},"
          f" {sum(better) / max(true, 1):.2f} of the {true} true;"
          f" 'no' shown {sum(row.resolved == 'no' for row, *_ in shown)} of {sum(row.resolved == 'no' for row, *_ in judged)}")
    for grade in ("confirmed", "thanked", "unconfirmed"):
        print(f"    {grade}: right {share(is_right(row, best) for row, best, one, _ in shown if one == grade)}", end=";")
    print()
    asked = [(chance[id(row)], is_right(row, best)) for row, _, best, _ in judged if row.asked]
    brier = sum((one - right) ** 2 for one, right in asked) / len(asked)
    printed = [(sure, is_right(row, best)) for row, best, _, sure in shown]
    of_shown = sum((one - right) ** 2 for one, right in printed) / max(len(printed), 1)
    print(f"    Brier {brier:.3f} of all {len(asked)}, {of_shown:.3f} of the {len(printed)} shown; reliability:", end="")
    for low in range(0, 10, 2):
        bin_ = [(one, right) for one, right in asked if low / 10 <= one < (low + 2) / 10 + (low == 8)]
        if bin_:
            print(f"  {sum(one for one, _ in bin_) / len(bin_):.2f}->{sum(right for _, right in bin_) / len(bin_):.2f} ({len(bin_)})", end="")
    print()
    return shown


def held_out(rows, group):
    judged = []
    for left in sorted({group(row) for row in rows}):
        weights = fit([row for row in rows if group(row) != left])
        judged += judge([row for row in rows if group(row) == left], weights)
    return judged


def write(path, weights, slope, offset):
    with open(path, "w", encoding="utf-8") as file:
        file.write(
            "# Weights of the verdict on an exchange, fitted by tests/eval/resolution/fit.py (how: its first lines).\n"
            "# A weight under the same key in signals.toml replaces one of these.\n"
        )
        for name in ("answers", "outcome"):
            file.write(f"\n[{name}]\n")
            own = [(key.split(".")[1], weight) for key, weight in weights.items() if key.startswith(name)]
            file.writelines(f"{key} = {weight:.2f}\n" for key, weight in own)
        file.write(
            "\n# The probability is the logistic function of slope * score + offset (Platt), fitted to scores of\n"
            f"# communities that were left out.\n[calibration]\nslope = {slope:.3f}\noffset = {offset:.3f}\n"
        )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--write")
    parser.add_argument("--aside", nargs=2, help="a set that takes no part in the fit, and its features")
    parser.add_argument("--wrong", action="store_true", help="list what is shown wrongly when held out")
    parser.add_argument("files", nargs="+")
    arguments = parser.parse_args()

    def read(gold_path, features_path):
        measured = {row["id"]: row for row in load(features_path)}
        return [Row(gold, measured.get(gold["id"])) for gold in load(gold_path)]

    sets = [read(gold, found) for gold, found in zip(arguments.files[::2], arguments.files[1::2])]
    rows = [row for one in sets for row in one]
    out = held_out(rows, lambda row: row.community)
    slope, offset = platt(out)
    weights = fit(rows)
    print(f"{len(rows)} conversations, {len({row.community for row in rows})} communities; Platt {slope:.3f} {offset:.3f}")
    report("in sample", judge(rows, weights), slope, offset)
    shown = report("community held out", out, slope, offset)
    for one, path in zip(sets, arguments.files[::2]):
        members = {id(row) for row in one}
        report(f"held out, {path.rsplit('/', 1)[-1]}", [item for item in out if id(item[0]) in members], slope, offset)
    if arguments.aside:
        report("aside", judge(read(*arguments.aside), weights), slope, offset)
    if arguments.wrong:
        for row, best, grade, sure in sorted(shown, key=lambda one: -one[3]):
            if not is_right(row, best):
                print(f"{sure:.2f} {grade} {row.id} {row.resolved} shown {best['i']} right {sorted(row.right)}")
    if arguments.write:
        write(arguments.write, weights, slope, offset)


if __name__ == "__main__":
    main()
