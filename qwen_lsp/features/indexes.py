"""Which index of symbols a document belongs to."""

from collections.abc import Mapping
from pathlib import PurePath

from qwen_lsp.index.database import Index


class Indexes:
    """The indexes of the workspace folders. Empty where there are none, or none are wanted."""

    def __init__(self) -> None:
        self._of_folder: dict[PurePath, Index] = {}

    def change(self, of_folder: Mapping[PurePath, Index]) -> None:
        """Put these indexes in place of those before, which are closed."""
        for index in self._of_folder.values():
            index.close()
        self._of_folder = dict(of_folder)

    def index_for(self, path: str) -> tuple[Index, str] | None:
        """Return the index of a document's path, and the path in it; None where there is none.

        `path` is that of a `Document`: relative to its workspace folder, or absolute. With several
        folders a relative path belongs to the one whose index knows it.
        """
        place = PurePath(path)
        if place.is_absolute():
            inside = [folder for folder in self._of_folder if place.is_relative_to(folder)]
            if not inside:
                return None
            folder = max(inside, key=lambda folder: len(folder.parts))
            return self._of_folder[folder], place.relative_to(folder).as_posix()
        indexes = list(self._of_folder.values())
        if len(indexes) > 1:
            indexes = [index for index in indexes if index.has_file(path)]
        return (indexes[0], path) if indexes else None
