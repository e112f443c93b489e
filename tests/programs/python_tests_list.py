"""Reads python-tests.txt: which modules of CPython's tests are run, and which of their cases may be worse under km."""
import dataclasses
import os
import re
import sys

PATH = "tests/programs/python-tests.txt"


@dataclasses.dataclass
class List:
    modules: list[str] = dataclasses.field(default_factory=list)
    terminal: list[str] = dataclasses.field(default_factory=list)  # modules to run on a terminal
    exceptions: dict[str, str] = dataclasses.field(default_factory=dict)  # case: reason
    seen: tuple[str, str, str] | None = None  # version of Python's package, counts natively, counts under km

    def all_modules(self):
        """In the order to run them."""
        return [*self.modules, *self.terminal]


def read(tree):
    """The file's own comment says what a line may be; all else is an error."""
    found = List()
    with open(os.path.join(tree, PATH)) as file:
        for number, line in enumerate(file.read().splitlines(), 1):
            fields = line.split("|")
            if not line or line.startswith("#"):
                continue
            if re.fullmatch(r"(terminal|test_\w+)( test_\w+)*", line):
                names = line.split()
                if names[0] == "terminal":
                    found.terminal += names[1:]
                else:
                    found.modules += names
            elif fields[0] == "seen" and len(fields) == 4:
                found.seen = tuple(fields[1:])
            elif re.fullmatch(r"[\w.]+( \([^)]*\))?", fields[0]) and len(fields) == 2 and fields[1]:
                found.exceptions[fields[0]] = fields[1]
            else:
                sys.exit(f"{PATH}:{number}: not understood: {line}")
    names = found.all_modules()
    twice = {name for name in names if names.count(name) > 1}
    if twice or not names or not found.seen:
        sys.exit(f"{PATH}: {len(names)} modules, named twice: {sorted(twice)}, results seen: {found.seen}")
    return found
