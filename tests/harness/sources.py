"""Files in memory, as the index would give them."""

from collections.abc import Mapping

from qwen_lsp.languages import language_for_path, parse
from qwen_lsp.languages.declarations import Declarations, Import, Symbol


class Sources:
    """What the files of a workspace declare, by their paths."""

    def __init__(self, files: Mapping[str, str], name: str = "workspace") -> None:
        self.name = name
        self._of: dict[str, Declarations] = {}
        for path, text in files.items():
            language = language_for_path(path)
            assert language is not None
            self._of[path] = parse(language, text).declarations()

    def symbols_of(self, path: str) -> list[Symbol]:
        return list(self._of[path].symbols) if path in self._of else []

    def imports_of(self, path: str) -> list[Import]:
        return list(self._of[path].imports) if path in self._of else []

    def has_file(self, path: str) -> bool:
        return path in self._of

    def files_named(self, suffix: str) -> list[str]:
        return [path for path in self._of if path == suffix or path.endswith(f"/{suffix}")]

    def named(self, name: str) -> list[tuple[str, Symbol]]:
        return [
            (path, symbol)
            for path in self._of
            for symbol in self.symbols_of(path)
            if symbol.name == name
        ]
