project = "Harbour"
extensions = ["sphinx.ext.autodoc"]
