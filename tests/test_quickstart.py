"""The quickstart runs and says what it should."""

import os
import subprocess
import sys
from pathlib import Path

QUICKSTART = Path(__file__).parents[1] / "docs" / "examples" / "plot_quickstart.py"


def test_quickstart(tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", str(QUICKSTART)],
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    stopped = {line[:20].strip(): line.split()[-1] for line in lines[1:9]}
    for order in ("simultaneous", "sequential"):
        assert stopped.pop(f"{order}, 0.01") == "max_iter"
    assert set(stopped.values()) == {"converged"}
    assert "learning_rate_bound_=0.00618" in done.stdout
    assert done.stdout.count("0.0790105478190518") == 2  # fitted, and certified
    assert (tmp_path / "quickstart.png").stat().st_size > 10_000
