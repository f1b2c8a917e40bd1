"""What is known of the user's work between two requests, besides the open documents."""

from qwen_lsp.context.recent import RecentWork
from qwen_lsp.features.accepting import Served
from qwen_lsp.features.indexes import Indexes
from qwen_lsp.features.suggestions import Suggestions
from qwen_lsp.features.under_way import UnderWay


class Project:
    """What ghost text looks back at. One for all documents of a server."""

    def __init__(self) -> None:
        self.suggestions = Suggestions()
        self.recent = RecentWork()
        self.under_way = UnderWay()
        self.served: dict[str, Served] = {}
        self.indexes = Indexes()

    def forget(self, uri: str) -> None:
        """Drop what is kept of a document that was closed."""
        self.suggestions.forget(uri)
        self.recent.forget(uri)
        self.under_way.forget(uri)
        self.served.pop(uri, None)
