"""Which files of a workspace folder the program may read: its own source files, and no secrets.

Left out is what the `.gitignore` files say (those above the folder up to the repository's root
too), what `context.exclude` says, hidden files and folders, folders of packages and of build
output, links to folders, files over 1 MB and files of no known language.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from qwen_lsp.languages import language_for_path

MOST_BYTES = 1_000_000

_PACKAGES = frozenset({"node_modules", "bower_components", "site-packages", "__pycache__"})
_OUTPUT = frozenset({"build", "dist", "out", "target"})
# Beside one of these, a folder with the name of output is output.
_MANIFESTS = frozenset(
    {
        "CMakeLists.txt",
        "Cargo.toml",
        "Makefile",
        "build.gradle",
        "build.gradle.kts",
        "package.json",
        "pom.xml",
        "pyproject.toml",
        "setup.py",
    }
)
# What such a folder holds says that it was made by a tool.
_MADE = frozenset({"CACHEDIR.TAG", "pyvenv.cfg"})


@dataclass(frozen=True)
class SourceFile:
    """A file of the folder: `path` relative with forward slashes, time in ns, size in bytes."""

    path: str
    mtime_ns: int
    size: int


class SourceFiles:
    """The source files of one folder."""

    def __init__(self, folder: Path, exclude: Iterable[str] = ()) -> None:
        self.folder = folder.resolve()
        self._exclude = GitIgnoreSpec.from_lines(exclude)
        self._specs: dict[str, GitIgnoreSpec | None] = {}
        self._above = self._specs_above()

    def walk(self) -> Iterator[SourceFile]:
        """Yield the files, folder by folder; what cannot be read is left out."""
        waiting = [""]
        while waiting:
            prefix = waiting.pop()
            try:
                with os.scandir(self.folder / prefix) as listing:
                    entries = sorted(listing, key=lambda entry: entry.name)
            except OSError:
                continue
            names = {entry.name for entry in entries}
            if prefix and names & _MADE:
                continue
            if ".gitignore" not in names:
                self._specs[prefix] = None
            folders: list[str] = []
            for entry in entries:
                path = prefix + entry.name
                if entry.is_dir(follow_symlinks=False):
                    is_output = entry.name in _OUTPUT and names & _MANIFESTS
                    if not is_output and not self._is_left_out(f"{path}/"):
                        folders.append(f"{path}/")
                elif found := self._source_file(path, entry):
                    yield found
            waiting += reversed(folders)

    def find(self, path: str) -> SourceFile | None:
        """Return one file by its relative path, None where it is none of the source files."""
        full = self.folder / path
        if self.is_ignored(path) or not full.is_file() or language_for_path(path) is None:
            return None
        try:
            status = full.stat()
        except OSError:
            return None
        if status.st_size > MOST_BYTES:
            return None
        return SourceFile(path, status.st_mtime_ns, status.st_size)

    def is_ignored(self, path: str) -> bool:
        """Say whether a file, by its relative path, is left out, or lies in a folder that is."""
        *folders, name = path.split("/")
        prefix = ""
        for folder in folders:
            where = self.folder / prefix
            prefix += f"{folder}/"
            inside = self.folder / prefix
            if (
                self._is_left_out(prefix)
                or any((inside / made).exists() for made in _MADE)
                or (folder in _OUTPUT and any((where / name).exists() for name in _MANIFESTS))
            ):
                return True
        return self._is_left_out(prefix + name)

    def is_ruled_out(self, path: str) -> bool:
        """Say whether `exclude` or git leaves out a file, by its relative path, or its folder.

        Other than with `is_ignored`, what the file and its folders are called does not count.
        """
        *folders, name = path.split("/")
        above = [f"{'/'.join(folders[:count])}/" for count in range(1, len(folders) + 1)]
        return any(map(self._is_named_by_rules, [*above, "".join(above[-1:]) + name]))

    def forget_rules(self) -> None:
        """Read the `.gitignore` files again when next asked."""
        self._specs.clear()
        self._above = self._specs_above()

    def _source_file(self, path: str, entry: os.DirEntry[str]) -> SourceFile | None:
        if language_for_path(path) is None or self._is_left_out(path):
            return None
        try:
            status = entry.stat()
            is_file = entry.is_file()
        except OSError:
            return None
        if not is_file or status.st_size > MOST_BYTES:
            return None
        return SourceFile(path, status.st_mtime_ns, status.st_size)

    def _is_left_out(self, path: str) -> bool:
        """Say whether a rule names this very path; that of a folder ends with a slash."""
        name = path.rstrip("/").rpartition("/")[2]
        if name.startswith(".") or name.endswith(".env") or name in _PACKAGES:
            return True
        return self._is_named_by_rules(path)

    def _is_named_by_rules(self, path: str) -> bool:
        """Say whether `exclude` or git names this very path; that of a folder ends with a slash."""
        excluded = self._exclude.check_file(path).include
        if excluded is not None:
            return excluded
        # The rules nearest to the file win.
        prefix = path.rstrip("/").rpartition("/")[0]
        while True:
            prefix = f"{prefix}/" if prefix else ""
            spec = self._spec(prefix)
            ignored = spec.check_file(path[len(prefix) :]).include if spec else None
            if ignored is not None:
                return ignored
            if not prefix:
                break
            prefix = prefix.rstrip("/").rpartition("/")[0]
        for start, spec in self._above:
            ignored = spec.check_file(start + path).include
            if ignored is not None:
                return ignored
        return False

    def _spec(self, prefix: str) -> GitIgnoreSpec | None:
        if prefix not in self._specs:
            self._specs[prefix] = _read_spec(self.folder / prefix / ".gitignore")
        return self._specs[prefix]

    def _specs_above(self) -> list[tuple[str, GitIgnoreSpec]]:
        """Return the rules above the folder, nearest first, each with the way down to it."""
        specs: list[tuple[str, GitIgnoreSpec]] = []
        place, start = self.folder, ""
        chain = [(place, start)]
        while not (place / ".git").exists():
            if place.parent == place:
                return []  # in no repository, whose rules would end at its root
            start = f"{place.name}/{start}"
            place = place.parent
            chain.append((place, start))
        for above, way in chain:
            spec = _read_spec(above / ".gitignore") if way else None
            if spec is not None:
                specs.append((way, spec))
        own = _read_spec(place / ".git" / "info" / "exclude")
        return [*specs, (start, own)] if own is not None else specs


def _read_spec(path: Path) -> GitIgnoreSpec | None:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError:
        return None
