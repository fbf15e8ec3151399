"""Examples of the gallery need only the package and the extra `examples`.

The build of the site in `.ci/run` checks that they run without other files.
"""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

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
    """The packages that a script requires, without imports inside a `try`."""
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
