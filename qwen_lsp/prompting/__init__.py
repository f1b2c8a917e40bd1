"""The wording: template files become prompts.

A template is a Markdown file with TOML front matter and Jinja blocks; its version is its file name
and never changes once released. `templates` reads them, `render` fills them in.
"""
