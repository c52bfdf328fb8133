"""Fits rules/weights/resolution.toml to labelled conversations, and says how well it does elsewhere.

    for set in irc-dev gitter irc-train; do
      cargo run --release -p tests --example resolution_features -- tests/eval/resolution/$set.jsonl > $set.features
      sets="$sets tests/eval/resolution/$set.jsonl $set.features"
    done
    python3 tests/eval/resolution/fit.py --write rules/weights/resolution.toml $sets

Standard library only, no random numbers. The sets are small, so the weights are drawn towards those in
PRIOR, chosen by hand; signs that the sets do not hold (marks, tags, reactions, trusted people) stay there.
Every figure comes twice: in sample, and with the conversation's community left out of the fit. Ubuntu's
logs span thirteen years and other people in each, so a year of them counts as a community.
"""
import argparse
import json
import math
import re

PRIOR = {
    "answers": dict(
        first=0.65, later=-0.61, ends_asking=-0.65, asks_back=-0.4, shared_words=0.27, thanked_next=0.24,
        tells_what_to_do=0.23, helpers_share=0.22, link_or_code=0.16, to_asker=0.3, to_other=-0.8, redirects=-0.5,
        ignorant=-0.4, short=-0.3, long=0.2, after_closing=-0.6, before_closing=0.3, courtesy=-0.4, own=0.0,
        trusted=0.15, affirms=0.2, fails_next=-0.2, in_vain=-0.7, accepted=3.0, refused=-3.0, worked=1.5,
        thanked=0.8, pointed=0.5, parts=0.1, postpones=-0.4, insults=-1.0, objects=0.2, no_help=-0.8, aimed=0.5,
        before_first_closing=0.3, acknowledged=0.2,
    ),
    "outcome": dict(
        base=-1.5, marked=6.0, tagged=3.0, accepted=4.0, refused=-4.0, worked=2.0, thanked=1.2, thanked_late=0.5,
        taken_back=-0.7, last_fails=-0.6, fails_late=-0.4, last_asks=-0.6, silent=0.2, trouble_silent=-0.5,
        best_answer=0.4, direct=0.3, long_dialogue=-0.4, pointed=0.3, other_confirmed=0.0, own=-0.3, trouble=-0.2,
        clear_question=0.3, asks_back=-1.0, no_help=-1.0, tells_what_to_do=0.2, affirms=0.1, link_or_code=0.1,
        shared_words=0.2, short=-0.2, long=0.3, agreed=0.2, objected=-0.3, helpers=-0.2, trusted=0.5,
        asks_after=-0.3, acknowledged=0.3, aimed=0.3, fails_after=-0.6, promises=-0.6, goes_on=-0.3, helped_on=-0.2,
        distant=-0.3, rivals=-0.3,
    ),
}
ANSWER_PULL = 4.0
OUTCOME_PULL = 3.0
# What is shown as resolved, by grade, as `[outcome]` of signals.toml has it.
LEAST = {"confirmed": 0.5, "thanked": 0.25, "unconfirmed": 0.35, "silent": 0.15}


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
        self.refuted = set(gold.get("refuted_ids", []))
        self.asked = measured is not None
        self.answers = measured["answers"] if measured else []
        self.nothing = measured["outcome"] if measured else {}
        for answer in self.answers:
            answer["answer"] = {k: v for k, v in answer["answer"].items() if v}


def dot(weights, values):
    return sum(weights[key] * value for key, value in values.items())


def logistic(score):
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))


def rank(weights, row):
    """The candidates with their scores, best first; at equal scores the earlier one leads."""
    scored = [(dot(weights, answer["answer"]), -answer["i"], at) for at, answer in enumerate(row.answers)]
    return [(score, row.answers[at]) for score, _, at in sorted(scored, reverse=True)]


def fit_answers(rows, rounds=120, step=0.6):
    prior = PRIOR["answers"]
    weights = dict(prior)
    rankings = []
    for row in rows:
        labels = [answer["i"] in row.right for answer in row.answers]
        if any(labels) and not all(labels):
            rankings.append(([answer["answer"] for answer in row.answers], labels))
    for _ in range(rounds):
        total = {key: ANSWER_PULL * (weights[key] - prior[key]) for key in weights}
        for values, labels in rankings:
            scores = [dot(weights, one) for one in values]
            top = max(scores)
            mass = [math.exp(score - top) for score in scores]
            whole = sum(mass)
            good = sum(one for one, right in zip(mass, labels) if right)
            for one, value, right in zip(mass, values, labels):
                slope = one / whole - (one / good if right else 0.0)
                for key, number in value.items():
                    total[key] += slope * number
        scale = step / (len(rankings) / 4 + ANSWER_PULL)
        weights = {key: weights[key] - scale * total[key] for key in weights}
    return weights


def outcome_of(row, answer_weights):
    """The features of the outcome with the best candidate, and that candidate."""
    ranked = rank(answer_weights, row)
    if not ranked:
        return {k: v for k, v in row.nothing.items() if v}, None, ranked
    score, best = ranked[0]
    values = {k: v for k, v in best["outcome"].items() if v}
    values["best_answer"] = max(-1.0, min(4.0, score))
    return values, best, ranked


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


def newton(prior, examples, pull, rounds=12):
    """Logistic regression, drawn towards `prior`; `examples` are (values by key, label)."""
    keys = list(prior)
    at_key = {key: at for at, key in enumerate(keys)}
    sparse = [([(at_key[key], value) for key, value in values.items()], label) for values, label in examples]
    weights = [prior[key] for key in keys]
    start = weights[:]
    for _ in range(rounds):
        gradient = [pull * (weight - first) for weight, first in zip(weights, start)]
        hessian = [[pull if row == column else 0.0 for column in range(len(keys))] for row in range(len(keys))]
        for values, label in sparse:
            chance = logistic(sum(weights[at] * value for at, value in values))
            slope, bend = chance - label, max(chance * (1 - chance), 1e-4)
            for at, value in values:
                gradient[at] += slope * value
                row = hessian[at]
                for other, number in values:
                    row[other] += bend * value * number
        weights = [weight - change for weight, change in zip(weights, solve(hessian, gradient))]
    return dict(zip(keys, weights))


def fit(rows):
    answers = fit_answers(rows)
    examples = []
    for row in rows:
        if row.asked:
            values, best, _ = outcome_of(row, answers)
            examples.append((values, is_right(row, best)))
    return answers, newton(PRIOR["outcome"], examples, OUTCOME_PULL)


def judge(rows, answers, outcome):
    """(row, score, best candidate, ranked candidates) of each row."""
    judged = []
    for row in rows:
        values, best, ranked = outcome_of(row, answers)
        judged.append((row, dot(outcome, values), best, ranked))
    return judged


def platt(judged):
    examples = [({"slope": score, "offset": 1.0}, is_right(row, best)) for row, score, best, _ in judged if row.asked]
    found = newton({"slope": 1.0, "offset": 0.0}, examples, 0.5)
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
    chance = {id(row): logistic(slope * score + offset) for row, score, _, _ in judged}
    shown, unsettled = [], []
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
        answers, outcome = fit([row for row in rows if group(row) != left])
        judged += judge([row for row in rows if group(row) == left], answers, outcome)
    return judged


def write(path, answers, outcome, slope, offset):
    with open(path, "w", encoding="utf-8") as file:
        file.write(
            "# Weights of the verdict on an exchange, fitted by tests/eval/resolution/fit.py (how: its first lines).\n"
            "# A weight under the same key in signals.toml replaces one of these.\n"
        )
        for name, weights in (("answers", answers), ("outcome", outcome)):
            file.write(f"\n[{name}]\n")
            file.writelines(f"{key} = {weight:.2f}\n" for key, weight in weights.items())
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
    answers, outcome = fit(rows)
    print(f"{len(rows)} conversations, {len({row.community for row in rows})} communities; Platt {slope:.3f} {offset:.3f}")
    report("in sample", judge(rows, answers, outcome), slope, offset)
    shown = report("community held out", out, slope, offset)
    for one, path in zip(sets, arguments.files[::2]):
        members = {id(row) for row in one}
        report(f"held out, {path.rsplit('/', 1)[-1]}", [item for item in out if id(item[0]) in members], slope, offset)
    if arguments.aside:
        report("aside", judge(read(*arguments.aside), answers, outcome), slope, offset)
    if arguments.wrong:
        for row, best, grade, sure in sorted(shown, key=lambda one: -one[3]):
            if not is_right(row, best):
                print(f"{sure:.2f} {grade} {row.id} {row.resolved} shown {best['i']} right {sorted(row.right)}")
    if arguments.write:
        write(arguments.write, answers, outcome, slope, offset)


if __name__ == "__main__":
    main()
