"""A job of a sweep: a process that is handed points as lines of JSON, and answers in kind.

No code goes over the line, and the process ends when nobody is there any more. Its command line
names the files that are plugins where the sweep was started.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def work() -> None:
    """Run each point that is named on standard input; answer with what went wrong."""
    from neuroflow.experiments.point_run import run_point
    from neuroflow.registry.local import take_in_file

    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what plugins print is no answer
    for file in sys.argv[1:]:
        take_in_file(file)
    for line in sys.stdin:
        task = json.loads(line)
        problem = run_point(task["source"], task["changes"], Path(task["folder"]))
        answers.write(json.dumps({"problem": problem}) + "\n")
        answers.flush()


if __name__ == "__main__":
    try:
        work()
    except KeyboardInterrupt:  # the run has been saved
        sys.exit(130)
