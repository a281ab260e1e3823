"""Fail if a test was skipped: everything that tests need can be installed here."""

import os
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

cases = list(ElementTree.parse(sys.argv[1]).iter("testcase"))
skipped = [case for case in cases if case.find("skipped") is not None]
data = Path(os.environ.get("NEUROFLOW_DATA", "../shared/data"))
for case in skipped:
    reason = case.find("skipped").get("message", "")
    print(f"skipped: {case.get('classname')}::{case.get('name')}: {reason}")
if not data.exists():
    skipped = [c for c in skipped if "names.txt" not in c.find("skipped").get("message", "")]
print(f"{len(cases)} tests, {len(skipped)} skipped without need")
sys.exit(1 if skipped or not cases else 0)
