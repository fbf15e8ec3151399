"""The output shown on the pages of the site is the output of their code."""

import doctest
import re
import warnings
from pathlib import Path

import pytest
from marks import exhaustive
from sklearn.exceptions import ConvergenceWarning

import skgauss

DOCS = Path(__file__).parents[1] / "docs"


@exhaustive
@pytest.mark.parametrize("page", sorted(DOCS.glob("*.rst")), ids=lambda page: page.stem)
def test_code_gives_the_output_shown(page, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # users who copy the code do not have our files
    failed, _ = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert failed == 0


def test_all_speak_of_this_version():
    citation, changes = (
        (DOCS.parent / name).read_text(encoding="utf-8")
        for name in ("CITATION.cff", "CHANGELOG.md")
    )
    assert f"\nversion: {skgauss.__version__}\n" in citation
    assert re.findall(r"^\d[\d.]*$", changes, re.MULTILINE)[0] == skgauss.__version__


def test_the_readme_shows_the_output_of_its_code(capsys):
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", readme, re.DOTALL)
    assert len(blocks) == readme.count("```python") > 2
    names = {}
    for code, output in blocks:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # one rate is too large on purpose
            exec(code, names)
        assert capsys.readouterr().out == output
