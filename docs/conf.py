"""How the site is built: ``python -m sphinx -W -b html docs docs/_build/html``.

No part of the build touches the network, and a page needs none to be read.
"""

import os
import re
import sys
from pathlib import Path

# The examples' matrices are small: threads of BLAS would only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import skgauss
from skgauss.estimator import DOCUMENTATION_URL

sys.path.insert(0, str(Path(__file__).parent))  # gallery

project = "skgauss"
author = "The skgauss developers"
copyright = f"2026, {author}"
version = release = skgauss.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",  # formulas from files of the site, not from a server
    "sphinx_design",
    "sphinx_copybutton",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
exclude_patterns = [
    "_build",
    "examples",
    "**/sg_execution_times.rst",
    "sg_execution_times.rst",
]
default_role = "code"
highlight_language = "python"

# Only what was typed is copied, and without its prompt.
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True

autosummary_generate = True
autodoc_typehints = "none"
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "auto_examples",
    "subsection_order": [
        f"examples/{group}" for group in ("blow_up", "limits", "missing", "how_sure")
    ],
    "within_subsection_order": "gallery.TeachingOrder",
    "image_scrapers": ("gallery.scrape",),
    "remove_config_comments": True,
    "reset_modules": ("gallery.reset",),
    "doc_module": ("skgauss",),
    "backreferences_dir": "generated/backreferences",
    "reference_url": {"skgauss": None},
    "image_srcset": ["2x"],
    "abort_on_example_error": True,
    "show_memory": False,
    "min_reported_time": 1,
    "parallel": 2,
}

html_theme = "pydata_sphinx_theme"
html_title = "skgauss"
html_baseurl = DOCUMENTATION_URL + "/"
html_static_path = ["_static"]
html_logo = html_favicon = "_static/logo.svg"
html_css_files = ["site.css"]
html_sidebars = {page: [] for page in ("blow_up", "mathematics", "search", "genindex")}
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": f"skgauss {release}"},
    "github_url": "https://github.com/skgauss/skgauss",
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "header_links_before_dropdown": 6,
    "navbar_align": "left",
    "navbar_persistent": [],
    "navbar_end": ["search-button", "theme-switcher", "navbar-icon-links"],
    "footer_start": ["copyright"],
    "footer_end": [],
}


def point_outside(app, what, name, obj, options, lines):
    """Turn scikit-learn's references to its own pages into plain text.

    Inherited docstrings hold them; to resolve them would need the network.
    """
    references = re.compile(r":(?:ref|term):`([^`<]+?)(?: <[^`>]+>)?`")
    lines[:] = [references.sub(r"\1", line) for line in lines]


def setup(app):
    app.connect("autodoc-process-docstring", point_outside)
