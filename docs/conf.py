"""The documentation site: Sphinx with MyST and furo.

Why Sphinx: it has many maintainers and reads NumPy docstrings by itself; pages stay plain Markdown. Material for MkDocs only gets
fixes, MkDocs 1.x has had no release since 2024, and Zensical, their successor, is young (0.1), 90 MB large, and needs a plug-in
for docstrings. Why furo: half a megabyte, no fonts, icons or scripts of others. Nothing on a built page is loaded from another
host: a test reads every page.
"""

from importlib.metadata import version as version_of

project = "carryflow"
author = "carryflow authors"
version = release = version_of("carryflow")
language = "en"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["figures"]
root_doc = "index"
myst_heading_anchors = 3
highlight_language = "none"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
python_maximum_signature_line_length = 88
python_use_unqualified_type_names = True
napoleon_google_docstring = False
napoleon_use_rtype = False

html_theme = "furo"
html_title = f"carryflow {version}"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_last_updated_fmt = None
html_static_path = ["static"]
html_css_files = ["site.css"]
