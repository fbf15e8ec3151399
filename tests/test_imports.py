"""Imports go one way between rooms and between files, and heavy packages are imported when used."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import skgauss

PACKAGE = Path(skgauss.__file__).parent

# The rooms from top to bottom: each imports only from rooms below it.
ROOMS = [
    "__init__",
    "datasets",
    "imputer",
    "outlier",
    "regressor",
    "regression",
    "plotting",
    "estimator",
    "inference",
    "robust",
    "fitting",
    "density_methods",
    "density",
    "information_criteria",
    "solvers",
    "likelihoods",
    "rows",
    "statistics",
    "tables",
    "conditioning",
    "gaussian",
    "boxes",
    "blocks",
    "_half_vectorization",
    "_optional",
    "_signature",
    "_sklearn",
    "_typing",
    "_wording",
]
FILES = {
    path.relative_to(PACKAGE).with_suffix("").parts: ast.parse(path.read_text(encoding="utf-8"))
    for path in PACKAGE.rglob("*.py")
}


def imports_of(file):
    """The modules of the package that a file imports, as paths within the package."""
    for node in ast.walk(FILES[file]):
        absolute = [node.module] if isinstance(node, ast.ImportFrom) and not node.level else []
        absolute += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        assert not any(name.split(".")[0] == "skgauss" for name in absolute), file
        if isinstance(node, ast.ImportFrom) and node.level:
            base = (*file[: len(file) - node.level], *(node.module or "").split("."))
            base = tuple(filter(None, base))
            for alias in node.names:
                whole = (*base, alias.name)
                yield whole if whole in FILES else base


def test_between_rooms():
    """A file imports only from lower rooms, and only what their ``__init__`` exports."""
    for file in FILES:
        for imported in imports_of(file):
            if imported and imported[0] != file[0]:
                assert ROOMS.index(imported[0]) > ROOMS.index(file[0]), (file, imported)


def test_a_door_hands_on_what_another_room_uses():
    """A door exports nothing else, except in rooms for users."""
    used = set()
    for file, tree in FILES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.level == len(file):
                used |= {(node.module, alias.name) for alias in node.names}
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                used.add((node.value.id, node.attr))  # for instance `inference.criteria_line`
    doors = [file for file in FILES if file[1:] == ("__init__",)]
    for door in doors:
        for node in FILES[door].body:
            if isinstance(node, ast.ImportFrom) and door[0] not in ("datasets", "plotting"):
                for alias in node.names:
                    assert (door[0], alias.name) in used, (door, alias.name)


def test_data_stand_alone():
    """The datasets import no other room."""
    for file in FILES:
        if file[0] == "datasets":
            assert {imported[0] for imported in imports_of(file)} <= {"datasets"}, file


def test_between_files():
    """Files do not import each other in a cycle."""
    waits = {file: {i for i in imports_of(file) if i in FILES} for file in FILES}
    TopologicalSorter(waits).prepare()  # raises CycleError


def test_private_names_of_scikit_learn_stand_in_one_file():
    for file, tree in FILES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sklearn"):
                names = [*node.module.split("."), *(alias.name for alias in node.names)]
                private = [name for name in names if name.startswith("_") or name == "externals"]
                assert not private or file == ("_sklearn",), (file, private)


def test_every_room_has_its_place():
    assert {file[0] for file in FILES} == set(ROOMS)


def test_every_file_says_what_it_is():
    for file, tree in FILES.items():
        assert file == ("_typing",) or ast.get_docstring(tree), file


def test_optional_libraries_are_imported_on_use():
    code = """
import sys, sklearn.callback, sklearn.mixture
known = set(sys.modules)
import skgauss, skgauss.plotting
new = {name.partition(".")[0] for name in set(sys.modules) - known}
print(*new - sys.stdlib_module_names - {"skgauss", "scipy"})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
