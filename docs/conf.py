# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Sphinx over docs/*.md, with a reference from the docstrings: make docs."""

from hardwire.version import __version__

project = "hardwire"
author = "hardwire contributors"
release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["notebooks/*"]
html_theme = "furo"
html_title = f"hardwire {release}"
html_static_path: list[str] = []
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_mock_imports = ["onnxruntime", "tokenizers", "hls4ml", "pyosys", "torch"]
myst_heading_anchors = 3
# Links to files of the repository are right where the page is read, and have no page here.
suppress_warnings = ["myst.xref_missing", "myst.header"]
