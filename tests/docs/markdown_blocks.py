"""The ```sh blocks of a document. A comment in the line above a block says why no test runs it (`<!-- untested: reason -->`),
or which script does instead of the document's own test (`<!-- run by: tests/... -->`)."""
import dataclasses
import re

_BLOCK = re.compile(r"(?:<!-- (?P<kind>untested|run by): (?P<note>.+?) -->\n)?^```sh\n(?P<script>.*?)^```$",
                    re.MULTILINE | re.DOTALL)


@dataclasses.dataclass
class Block:
    script: str
    untested: str | None  # the reason
    runner: str | None  # a path from the tree's root

    @property
    def is_ordinary(self):
        """Whether the document's own test runs it."""
        return not self.untested and not self.runner


def blocks_of(text):
    return [Block(found["script"],
                  found["note"] if found["kind"] == "untested" else None,
                  found["note"] if found["kind"] == "run by" else None) for found in _BLOCK.finditer(text)]


def blocks_of_file(path):
    with open(path, encoding="utf-8") as file:
        return blocks_of(file.read())
