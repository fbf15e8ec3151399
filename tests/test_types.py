"""The README's code passes a type checker, as a user's would."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"


def test_the_code_of_the_readme_has_the_types_that_it_is_given(tmp_path):
    pytest.importorskip("mypy")
    if not README.exists():
        pytest.skip("the README is not part of the sdist")
    code = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert code
    script = tmp_path / "readme.py"
    script.write_text("\n".join(code), encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--ignore-missing-imports", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=README.parent)
    assert done.returncode == 0, done.stdout
