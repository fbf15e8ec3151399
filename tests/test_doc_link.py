"""The HTML repr in a notebook links to a page that exists on the site."""

import re
from pathlib import Path

import pytest

import skgauss
from skgauss import GaussianGradientMLE
from skgauss.estimator import DOCUMENTATION_URL

DOCS = Path(__file__).parents[1] / "docs"


def linked_page(estimator):
    link = estimator._get_doc_link()
    assert link.startswith(DOCUMENTATION_URL + "/")
    return link.removeprefix(DOCUMENTATION_URL + "/")


def generated_pages():
    """Pages that autosummary writes from docs/api.rst, as paths from the root of the site."""
    text = (DOCS / "api.rst").read_text(encoding="utf-8")
    module = ""
    for line in text.splitlines():
        if found := re.match(r"\.\. currentmodule:: (\S+)", line):
            module = found[1]
        elif found := re.match(r"   :toctree: (\S+)", line):
            folder = found[1].rstrip("/")
        elif found := re.match(r"   ([A-Za-z.]\w[\w.]*)$", line):
            yield f"{folder}/{module}.{found[1]}.html"


def test_link_leads_to_the_api_page():
    assert linked_page(GaussianGradientMLE()) in set(generated_pages())


def test_every_public_class_has_a_page():
    pages = set(generated_pages())
    public = [name for name in skgauss.__all__ if isinstance(getattr(skgauss, name), type)]
    assert {f"generated/skgauss.{name}.html" for name in public} <= pages


def test_repr_holds_the_link():
    assert GaussianGradientMLE()._get_doc_link() in GaussianGradientMLE()._repr_html_()


def test_subclass_of_a_user_does_not_link_here():
    class Mine(GaussianGradientMLE):
        __module__ = "elsewhere"

    assert Mine()._get_doc_link() == ""


def test_page_is_in_the_built_site():
    site = DOCS / "_build" / "html"
    if not (site / "index.html").exists():
        pytest.skip("the site has not been built")
    assert (site / linked_page(GaussianGradientMLE())).exists()
