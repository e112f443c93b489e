#!/usr/bin/env python3
"""junit_summary_test.py TREE: what the last line of `./dev test` says for each kind of ctest result."""
import os
import subprocess
import sys
import tempfile
import unittest

TOOL = os.path.join(sys.argv.pop(), "tools/dev/junit_summary.py")
PASSED = '<testcase name="p" status="run"><system-out>fine</system-out></testcase>'
FAILED = '<testcase name="f" status="fail"><failure message="Failed"/><system-out>no</system-out></testcase>'
SKIPPED = ('<testcase name="s" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/>'
           "<system-out>noise\nskipped: there is no /dev/kvm\n</system-out></testcase>")
NOT_RUN = '<testcase name="n" status="notrun"><skipped message="Unable to find executable"/></testcase>'


class JunitSummary(unittest.TestCase):
    def summary(self, text, ctest_status=0):
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
            file.write(text)
            file.flush()
            done = subprocess.run([sys.executable, TOOL, file.name, str(ctest_status)], capture_output=True, text=True,
                                  check=False)
            return done.returncode, done.stdout.splitlines()

    def suite(self, *cases, ctest_status=0):
        return self.summary(f"<testsuite>{''.join(cases)}</testsuite>", ctest_status)

    def test_all_passed(self):
        self.assertEqual(self.suite(PASSED, PASSED), (0, ["2 passed, 0 failed, 0 skipped"]))

    def test_skip_with_its_reason(self):
        self.assertEqual(self.suite(PASSED, SKIPPED), (0, [
            "skipped: s: skipped: there is no /dev/kvm", "1 passed, 0 failed, 1 skipped"]))

    def test_failure(self):
        self.assertEqual(self.suite(PASSED, FAILED, SKIPPED, ctest_status=8)[0], 1)
        self.assertEqual(self.suite(PASSED, FAILED, ctest_status=8)[1], ["failed: f", "1 passed, 1 failed, 0 skipped"])

    def test_a_test_that_could_not_start_failed(self):
        self.assertEqual(self.suite(PASSED, NOT_RUN), (1, ["failed: n", "1 passed, 1 failed, 0 skipped"]))

    def test_no_test_at_all(self):
        self.assertEqual(self.suite(), (1, ["0 passed, 0 failed, 0 skipped"]))

    def test_no_results(self):
        self.assertEqual(self.summary("not XML", 0), (1, ["0 passed, 0 failed, 0 skipped"]))

    def test_ctest_failed_otherwise(self):
        self.assertEqual(self.suite(PASSED, ctest_status=1), (1, ["1 passed, 0 failed, 0 skipped"]))


if __name__ == "__main__":
    unittest.main()
