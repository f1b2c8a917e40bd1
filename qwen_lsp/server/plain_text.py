"""Text that quotes a model or a workspace, for places where an editor may read Markdown in it.

VS Code makes links of Markdown in its messages, commands among them, and a page of Markdown loads
its pictures from anywhere. What a file or a model says must do neither.
"""

import re

# The end of the words of a link or a picture, and the start of an HTML element with attributes.
_LINK = re.compile(r"\](?=\()|<(?=[A-Za-z][^<>]*=)")
# An address that is given once, for all links and pictures of a name.
_ADDRESS = re.compile(r"^([\s>*+.)\d-]*\[[^\]]+\])(?=:)", re.MULTILINE)


def without_links(text: str) -> str:
    """Return Markdown without links, pictures and HTML that loads something; all words stay."""
    return _ADDRESS.sub(r"\1 ", _LINK.sub(r"\g<0> ", text))


def fenced(code: str, language_id: str) -> str:
    """Return code as a block of Markdown, whatever signs stand in it."""
    longest = max(map(len, re.findall("`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language_id}\n{code}\n{fence}"
