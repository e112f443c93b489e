#!/usr/bin/env python3
"""run-steps.py WORKFLOW: prints the `run` steps of a workflow as one bash script, each in a shell of its own, as a runner
does it: environment of the job, and folders that a step adds to PATH by $GITHUB_PATH."""
import shlex
import sys

import yaml


def main(path):
    with open(path, encoding="utf-8") as file:
        (job,) = yaml.safe_load(file)["jobs"].values()
    print("set -eu")
    for name, value in job.get("env", {}).items():
        print(f"export {name}=${{{name}:-{shlex.quote(value)}}}")
    print("export GITHUB_PATH=$RUNNER_TEMP/path; touch \"$GITHUB_PATH\"")
    for step in job["steps"]:
        if "run" in step:
            print(f"echo {shlex.quote('== ' + step['name'])} >&2")
            print("PATH=$(tac \"$GITHUB_PATH\" | tr '\\n' ':')$PATH bash -eo pipefail -c", shlex.quote(step["run"]))


if __name__ == "__main__":
    main(sys.argv[1])
