"""Documents, spans and edits. Every offset in this program counts code points.

LSP positions exist only in `qwen_lsp.server`, bytes only in `qwen_lsp.languages.syntax`.
"""

from qwen_lsp.text.document import Document
from qwen_lsp.text.edits import (
    Span,
    TextEdit,
    apply_edits,
    new_file_diff,
    smallest_edit,
    unified_diff,
)
from qwen_lsp.text.lines import LineIndex

__all__ = [
    "Document",
    "LineIndex",
    "Span",
    "TextEdit",
    "apply_edits",
    "new_file_diff",
    "smallest_edit",
    "unified_diff",
]
