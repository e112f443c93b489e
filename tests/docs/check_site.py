#!/usr/bin/env python3
"""check_site.py FOLDER: every href and src of every page below the folder leads to a file there, and to an id in it."""
import html.parser
import os
import sys


class Page(html.parser.HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.links, self.ids = [], set()
        with open(path, encoding="utf-8") as file:
            self.feed(file.read())

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.links.append(value)
            elif name == "id":
                self.ids.add(value)


def main(site):
    pages = {os.path.join(folder, name): None for folder, _, names in os.walk(site)
             for name in names if name.endswith(".html")}
    pages = {path: Page(path) for path in pages}
    problems, count = [], 0
    for path, page in pages.items():
        for link in page.links:
            if ":" in link.split("/")[0]:
                continue
            count += 1
            target, _, heading = link.partition("#")
            file = os.path.normpath(os.path.join(os.path.dirname(path), target)) if target else path
            if os.path.isdir(file):
                file = os.path.join(file, "index.html")
            if not os.path.isfile(file):
                problems.append(f"{path}: {link} leads nowhere")
            elif heading and file in pages and heading not in pages[file].ids:
                problems.append(f"{path}: {link}: no such heading")
    print("\n".join(problems) or f"{len(pages)} pages, {count} links: all lead somewhere")
    return 1 if problems or not count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
