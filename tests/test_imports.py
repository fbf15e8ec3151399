"""Imports go one way, down the list; nothing heavy is imported before it is used."""

import ast
import subprocess
import sys
from pathlib import Path

import skgauss

PACKAGE = Path(skgauss.__file__).parent

# From the top down: a module may import from the lines below its own only.
LAYERS = [
    ["__init__"],
    ["plotting"],
    ["imputer"],
    ["estimator"],
    ["advice", "callbacks", "fitted"],
    ["solvers"],
    ["curvature", "objective"],
    ["parametrizations"],
    ["start"],
    ["regularization"],
    ["observed"],
    ["likelihood"],
    ["density", "validation"],
    ["inputs", "marginals"],
    ["arrayapi", "conditional"],
    ["covariance", "daskinput"],
    ["scattered"],
    ["patterns"],
    ["available"],
    ["statistics"],
    ["blocks", "dasktree"],
    ["linalg", "pivot", "sums", "threads"],
    ["_typing"],
]
RANK = {module: rank for rank, layer in enumerate(LAYERS) for module in layer}

SOLVER_LAYERS = [
    ["__init__"],
    ["accelerated"],
    ["closed_form", "coordinate", "gradient", "lbfgs", "natural"],
    ["steps"],
    ["base"],
]
SOLVER_RANK = {module: rank for rank, layer in enumerate(SOLVER_LAYERS) for module in layer}


def imports_of(path):
    """Modules of the package that a file imports, as paths relative to the package."""
    inside = path.relative_to(PACKAGE).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        absolute = [node.module] if isinstance(node, ast.ImportFrom) and not node.level else []
        absolute += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        assert not any(name.split(".")[0] == "skgauss" for name in absolute), path
        if isinstance(node, ast.ImportFrom) and node.level:
            base = inside[: len(inside) - node.level + 1]
            name = (node.module or "").split(".") if node.module else []
            yield from ((*base, *name),) if name else ((*base, a.name) for a in node.names)


def test_between_modules():
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        importer = parts[0]
        for imported in imports_of(path):
            if not imported or imported[0] == importer:
                continue
            assert RANK[imported[0]] > RANK[importer], f"{importer} imports {imported[0]}"


def test_among_solvers():
    for path in (PACKAGE / "solvers").glob("*.py"):
        for imported in imports_of(path):
            if imported[0] == "solvers" and len(imported) > 1:
                assert SOLVER_RANK[imported[1]] > SOLVER_RANK[path.stem]


def test_every_module_has_its_place():
    modules = {path.relative_to(PACKAGE).with_suffix("").parts[0] for path in PACKAGE.rglob("*.py")}
    assert modules <= RANK.keys()


def test_optional_libraries_are_imported_on_use():
    code = """
import sys, sklearn.callback, sklearn.mixture
known = set(sys.modules)
import skgauss
new = {name.partition(".")[0] for name in set(sys.modules) - known}
print(*new - sys.stdlib_module_names - {"skgauss", "scipy"})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
