#!/usr/bin/env python3
"""Trees made up to break layers.txt in one way each: check_layers.py must see every one of them."""
import os
import subprocess
import sys
import tempfile
import unittest

CHECKER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "check_layers.py")
LAYERS = "low:\nhigh: low\ntests: *\n"


class CheckLayers(unittest.TestCase):
    def check(self, files):
        with tempfile.TemporaryDirectory() as tree:
            for path, text in {"layers.txt": LAYERS, **files}.items():
                os.makedirs(os.path.dirname(os.path.join(tree, path)), exist_ok=True)
                with open(os.path.join(tree, path), "w", encoding="utf-8") as file:
                    file.write(text)
            done = subprocess.run([sys.executable, CHECKER, tree], capture_output=True, text=True, check=False)
            return done.returncode, done.stdout

    def expect_problem(self, files, text):
        status, output = self.check(files)
        self.assertEqual(status, 1, output)
        self.assertIn(text, output)

    def test_obedient_tree(self):
        status, output = self.check({
            "low/a.h": '#include <vector>\n#include "low/b.h"\n#include "generated.h"\n#include "clang/Basic/Version.h"\n',
            "high/c.cc": '#include "high/c.h"\n#include "low/a.h"\n',
            "tests/unit/deep/d.cc": '#include "high/c.h"\n#include "low/a.h"\n',
        })
        self.assertEqual((status, output), (0, "every include obeys layers.txt\n"))

    def test_upward_include(self):
        self.expect_problem({"low/a.h": '#include "high/c.h"\n', "high/c.h": ""}, "low may not use high")

    def test_upward_include_in_a_table(self):
        self.expect_problem({"low/a.def": '  #  include "high/c.h"\n', "high/c.h": ""}, "low may not use high")

    def test_include_of_a_test(self):
        self.expect_problem({"high/c.cc": '#include "tests/d.h"\n', "tests/d.h": ""}, "high may not use tests")

    def test_folder_without_a_line(self):
        self.expect_problem({"other/e.cc": ""}, "other/e.cc: its folder has no line")

    def test_subfolder_without_a_line(self):
        self.expect_problem({"high/inner/f.cc": ""}, "high/inner/f.cc: its folder has no line")

    def test_include_that_is_not_rooted(self):
        self.expect_problem({"low/a.cc": '#include "b.h"\n', "low/b.h": ""}, "is not rooted")

    def test_line_that_names_a_later_one(self):
        self.expect_problem({"layers.txt": "low: high\nhigh: low\n"}, "low may use high, which has no line above")


if __name__ == "__main__":
    unittest.main()
