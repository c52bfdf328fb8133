"""Compares built pages with what a reader should see:   check.py EXPECTED HTML ROOT [ENDING]

EXPECTED holds one text a page, without any space; HTML holds the built pages under the same names, or
with ENDING instead of .md; ROOT is the element that holds a page's content, as `main` or
`article.md-content__inner`. A word that is missing, added or changed fails, and so do elements,
attributes and addresses that no page of ours has.
"""

import pathlib
import posixpath
import sys
from html.parser import HTMLParser

ELEMENTS = set(
    "a abbr article blockquote br code dd del div dl dt em figure h1 h2 h3 h4 h5 h6 hr li main ol p pre s "
    "section span strike strong sup table tbody td th thead tr ul".split()
)
EMPTY = {"br", "hr", "img", "input", "meta", "link", "wbr", "source"}
ATTRIBUTES = {"id", "class", "href", "start", "lang", "type", "translate", "target", "aria-hidden", "tabindex", "name", "title", "rel", "v-pre", "dir"}
# What a theme puts around a page of its own accord.
CHROME = {"md-source-file", "headerlink", "md-clipboard", "buttons", "header-anchor", "copy", "lang", "line-numbers-wrapper"}


class Page(HTMLParser):
    def __init__(self, root, leads):
        super().__init__(convert_charrefs=True)
        self.root, _, self.kind = root.partition(".")
        self.depth, self.chrome, self.words, self.faults = 0, 0, [], []
        self.leads = leads

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        classes = (attributes.get("class") or "").split()
        if not self.depth:
            if tag == self.root and (not self.kind or self.kind in classes):
                self.depth = 1
            return
        if self.chrome or CHROME & set(classes):
            self.chrome += tag not in EMPTY
            return
        if tag not in EMPTY:
            self.depth += 1
        if tag not in ELEMENTS:
            self.faults.append(f"an element {tag}")
        for name, value in attributes.items():
            if name not in ATTRIBUTES and not self.is_themes(name, value or ""):
                self.faults.append(f"an attribute {name}={value!r} of {tag}")
        href = attributes.get("href")
        if href is not None and not href.startswith(("https://", "http://", "#")) and not self.leads(href):
            self.faults.append(f"an address {href!r}")

    def is_themes(self, name, value):
        styled = name == "style" and value.startswith(("--shiki-", "position:relative;"))
        return styled or name.startswith(("data-md", "data-v-"))

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in EMPTY:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        if tag in EMPTY:
            return
        if self.chrome:
            self.chrome -= 1
        elif self.depth:
            self.depth -= 1

    def handle_data(self, text):
        if self.depth and not self.chrome:
            self.words.append(text)


def difference(expected, seen):
    at = next((i for i, (a, b) in enumerate(zip(expected, seen)) if a != b), min(len(expected), len(seen)))
    around = slice(max(0, at - 30), at + 40)
    return f"expected …{expected[around]!r}…\n     saw …{seen[around]!r}…"


def main(expected, html, root, ending=".md.html"):
    expected, html = pathlib.Path(expected), pathlib.Path(html)
    pages, faults = sorted(expected.rglob("*.txt")), 0
    names = [str(text.relative_to(expected))[: -len(".txt")] for text in pages]
    # A link may leave out the ending of a page.
    there = {known for name in names for known in (name, name.rpartition(".")[0], name.rpartition(".")[0] + ".html")}
    for text, name in zip(pages, names):
        built = html / f"{name}.html"
        if not built.exists():
            built = html / (name.removesuffix(".mdx").removesuffix(".md") + ending)
        page = Page(root, lambda href: posixpath.normpath(posixpath.join("/", posixpath.dirname(name), href)).lstrip("/") in there)
        page.feed(built.read_text(encoding="utf-8"))
        page.close()
        wanted, seen = text.read_text(encoding="utf-8"), "".join("".join(page.words).split())
        told = page.faults + ([difference(wanted, seen)] if wanted != seen else [])
        if not page.words:
            told = [f"no element {root}"]
        faults += bool(told)
        for fault in told[:3]:
            print(f"{name}: {fault}", file=sys.stderr)
    print(f"{len(pages)} pages read back, {faults} differ")
    sys.exit(1 if faults or not pages else 0)


main(*sys.argv[1:])
