"""Files of which no word is shown to a model: by their names, by git's rules, by `context.exclude`.

Git's rules are the `.gitignore` files and `.git/info/exclude`; what `core.excludesFile` names is
not read. A pattern of `context.exclude` that begins with `!` shows a file that git ignores.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from qwen_lsp.context.secrets_files import is_secret_file
from qwen_lsp.index.files import SourceFiles
from qwen_lsp.text import Document


def is_kept_from_model(document: Document) -> bool:
    """Say whether no word of the document may be shown to a model."""
    return document.is_hidden or is_secret_file(document.path)


def is_hidden(file: Path, folder: Path | None, exclude: Iterable[str]) -> bool:
    """Say whether the rules hide a file, or hide what it is a link to; reads files of rules.

    `folder` is the workspace folder that it lies in, None where there is none; then it is looked at
    from its own folder. Where the rules cannot be read, it is hidden.
    """
    patterns = tuple(exclude)
    try:
        return any(
            is_secret_file(place.as_posix()) or _is_ruled_out(place, folder, patterns)
            for place in dict.fromkeys((file.absolute(), Path(os.path.realpath(file))))
        )
    except (OSError, ValueError):
        return True


def _is_ruled_out(file: Path, folder: Path | None, exclude: tuple[str, ...]) -> bool:
    roots = (folder.absolute(), folder.resolve()) if folder is not None else ()
    root = next((one for one in roots if file.is_relative_to(one)), file.parent)
    return SourceFiles(root, exclude).is_ruled_out(file.relative_to(root).as_posix())
