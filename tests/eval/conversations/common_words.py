"""Writes rules/common_words.txt: the common words of a help channel that unlike communities use as well.

    cargo run --release -p tests --example train_links words LOGS.jsonl > candidates
    cd tests/eval && python3 conversations/common_words.py candidates clusters/banking77-test.jsonl \\
      clusters/eliza-2025-01.jsonl resolution/gitter.jsonl search/webapps-qa.docs.jsonl,search/webapps-qa.queries.jsonl \\
      faq/hint3-sofmattress.kb.jsonl,faq/hint3-sofmattress.queries.jsonl > ../../rules/common_words.txt

A word that only one community uses every day, such as the name of its product, says in any other what a message is
about. Files of one community are joined by a comma. Standard library only.
"""
import json
import re
import sys

LEAST = 3
WIDTH = 118


def texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from texts(one)


def words_of(paths):
    found = set()
    for path in paths.split(","):
        with open(path, encoding="utf-8") as file:
            for line in filter(str.strip, file):
                for text in texts(json.loads(line)):
                    found.update(re.findall(r"[a-z0-9']+", text.lower()))
    return found


def main():
    candidates, *communities = sys.argv[1:]
    known = [words_of(paths) for paths in communities]
    with open(candidates, encoding="utf-8") as file:
        common = [word for word in file.read().split() if sum(word in words for words in known) >= LEAST]
    line = ""
    for word in common:
        if len(line) + len(word) >= WIDTH:
            print(line)
            line = ""
        line = f"{line} {word}".strip()
    print(line)


if __name__ == "__main__":
    main()
