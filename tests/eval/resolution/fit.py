"""Fits the weights of rules/signals.toml ([answers], [outcome]) to labelled conversations.

    cargo run --release -p tests --example resolution_features -- SET.jsonl > SET.features
    python3 fit.py rules/signals.toml SET.jsonl SET.features [SET.jsonl SET.features ...]

Standard library only, no random numbers. The sets are small, so the weights are drawn towards those
that stand in the file: the table shows, for each strength of the pull, how often the right answer
leads (and is among three) and how often the outcome is right, on conversations left out of the fit.
"""
import json
import math
import sys
import tomllib

FOLDS = 10
PULLS = [1000.0, 30.0, 10.0, 3.0, 1.0, 0.3]


def load(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def examples(gold_path, features_path):
    """Rankings (candidates, which are right) and outcomes (features, resolved) of one set."""
    features = {row["id"]: row for row in load(features_path)}
    rankings, outcomes = [], []
    for row in load(gold_path):
        measured = features.get(row["id"])
        if not measured:
            continue
        if "answers" in row:
            asked = set(measured["question"])
            right = {answer for question, answer in row["answers"] if question in asked}
        elif row["question"] == "support":
            right = set(row["answer_ids"])
            if row["resolved"] in ("yes", "no"):
                outcomes.append((measured["outcome"], row["resolved"] == "yes"))
        else:
            continue
        labels = [number in right for number, _ in measured["answers"]]
        if any(labels):
            settled = row.get("resolved") == "yes"
            rankings.append(([values for _, values in measured["answers"]], labels, settled))
    return rankings, outcomes


def dot(weights, values):
    return sum(weight * values.get(key, 0.0) for key, weight in weights.items())


def rank_gradient(weights, ranking):
    values, labels, _ = ranking
    scores = [dot(weights, one) for one in values]
    top = max(scores)
    mass = [math.exp(score - top) for score in scores]
    total = sum(mass)
    good = sum(one for one, right in zip(mass, labels) if right)
    gradient = dict.fromkeys(weights, 0.0)
    for one, value, right in zip(mass, values, labels):
        slope = one / total - (one / good if right else 0.0)
        for key, number in value.items():
            if number and key in gradient:
                gradient[key] += slope * number
    return gradient


def outcome_gradient(weights, outcome):
    values, resolved = outcome
    slope = 1 / (1 + math.exp(-dot(weights, values))) - resolved
    return {key: slope * values.get(key, 0.0) for key in weights}


def fit(prior, rows, gradient, pull, rounds=300, step=0.5):
    weights = dict(prior)
    for _ in range(rounds):
        total = {key: pull * (weights[key] - prior[key]) for key in weights}
        for row in rows:
            for key, slope in gradient(weights, row).items():
                total[key] += slope
        scale = step / (len(rows) + pull)
        weights = {key: weights[key] - scale * total[key] for key in weights}
    return weights


def cross_validated(prior, rows, gradient, pull, judge):
    results = []
    for fold in range(FOLDS):
        kept = [row for at, row in enumerate(rows) if at % FOLDS != fold]
        weights = fit(prior, kept, gradient, pull)
        results += [judge(weights, row) for at, row in enumerate(rows) if at % FOLDS == fold]
    return results


def hits(weights, ranking):
    values, labels, settled = ranking
    order = sorted(range(len(values)), key=lambda at: -dot(weights, values[at]))
    return settled, labels[order[0]], any(labels[at] for at in order[:3])


def main():
    with open(sys.argv[1], "rb") as file:
        rules = tomllib.load(file)
    settings = ("threshold", "floor", "reach")
    prior_answers = {k: float(v) for k, v in rules["answers"].items() if k not in settings}
    prior_outcome = {k: float(v) for k, v in rules["outcome"].items() if k not in settings}
    rankings, outcomes = [], []
    for gold, features in zip(sys.argv[2::2], sys.argv[3::2]):
        more_rankings, more_outcomes = examples(gold, features)
        rankings += more_rankings
        outcomes += more_outcomes
    share = lambda results: sum(results) / max(len(results), 1)
    print(f"{len(rankings)} rankings, {len(outcomes)} outcomes")
    for pull in PULLS:
        ranked = cross_validated(prior_answers, rankings, rank_gradient, pull, hits)
        settled = [result for result in ranked if result[0]]
        judged = cross_validated(
            prior_outcome, outcomes, outcome_gradient, pull,
            lambda weights, row: (dot(weights, row[0]) >= 0) == row[1],
        )
        print(
            f"pull {pull:6.1f}: answer leads {share([r[1] for r in ranked]):.3f}"
            f" (settled {share([r[1] for r in settled]):.3f}, three {share([r[2] for r in settled]):.3f})"
            f"  outcome right {share(judged):.3f}"
        )
    for pull in (10.0, 3.0):
        for name, prior, rows, gradient in (
            ("answers", prior_answers, rankings, rank_gradient),
            ("outcome", prior_outcome, outcomes, outcome_gradient),
        ):
            print(f"[{name}] with pull {pull}")
            for key, weight in fit(prior, rows, gradient, pull).items():
                print(f"{key} = {weight:.2f}   # was {prior[key]:.2f}")


if __name__ == "__main__":
    main()
