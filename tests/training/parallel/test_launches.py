"""What a layer with experts on several processes launches and waits for does not creep up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


def test_spread_experts_wait_once(tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    root = Path(__file__).parents[3]
    arguments = [sys.executable, str(root / "benchmarks" / "launches.py"), "--out", str(out)]
    environment = os.environ | {"PYTHONPATH": str(root)}
    ran = subprocess.run(arguments, capture_output=True, text=True, timeout=100, env=environment)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    told = json.loads(out.read_text())
    assert all(figure["met"] for figure in told["figures"])
    # The counter sees what there is: sizes, rows, and what is told beside them; and their one wait.
    counts = told["counts"]
    assert counts["spread: dispatch, forward"]["collectives"] == 3
    assert counts["spread: where rows go, of dispatch"]["waits"] == 1
    alone = counts["alone: the layer, forward"]
    assert alone["launches"] > 20
    assert alone["waits"] == alone["collectives"] == 0
