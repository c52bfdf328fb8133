project = "Harbour"
extensions = ["sphinx.ext.autodoc", "myst_parser"]
language = "en"
html_theme = "furo"
