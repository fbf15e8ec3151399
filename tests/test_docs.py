"""What the pages of the site show as output is what their code gives."""

import doctest
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.rst")), ids=lambda page: page.stem)
def test_code_gives_the_output_shown(page, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # whoever copies it has no file of ours
    failed, _ = doctest.testfile(str(page), module_relative=False)
    assert failed == 0
