"""An example of the gallery runs wherever the package and the extra `examples` are installed."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from marks import exhaustive

ROOT = Path(__file__).parents[1]
SCRIPTS = sorted((ROOT / "docs" / "examples").rglob("plot_*.py"))
scripts = pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
REQUIRED = [*PROJECT["dependencies"], *EXTRAS["plot"], *EXTRAS["examples"]]
MODULES = {re.match(r"[\w-]+", requirement)[0] for requirement in REQUIRED}
INSTALLED = {*sys.stdlib_module_names, *MODULES, "sklearn"}

READERS = {"open", "read_text", "read_csv", "read_parquet", "loadtxt", "genfromtxt"}


def named_in(tree):
    """All names and attributes that a script uses."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr


def imported_by(tree):
    """The packages that it cannot do without: no import that it tries."""
    tried = {node for t in ast.walk(tree) if isinstance(t, ast.Try) for node in ast.walk(t)}
    for node in set(ast.walk(tree)) - tried:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module.partition(".")[0]


@scripts
def test_all_comes_from_packages(script):
    tree = ast.parse(script.read_text(encoding="utf-8"))
    assert set(imported_by(tree)) <= INSTALLED
    assert not {"__file__", *READERS} & set(named_in(tree))


@exhaustive
@scripts
def test_runs_in_an_empty_folder(script, tmp_path):
    shutil.copy(script, tmp_path)
    done = subprocess.run(
        [sys.executable, script.name],
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
