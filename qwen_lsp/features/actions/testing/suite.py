"""Finding the tests of a project: the place of a new file, and an existing one as its example."""

import json
import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

from qwen_lsp.context.secrets import holds_secret
from qwen_lsp.index.files import SourceFiles
from qwen_lsp.languages import Language

# What the frameworks are called, by the language's id.
FRAMEWORKS = {
    "python": ("pytest", "unittest"),
    "javascript": ("jest", "vitest"),
    "typescript": ("jest", "vitest"),
    "typescriptreact": ("jest", "vitest"),
    "go": ("testing",),
}
_TEST_FILE = {
    "python": re.compile(r"test_\w+\.py|\w+_test\.py"),
    "go": re.compile(r".+_test\.go"),
}
_ECMASCRIPT_TEST = re.compile(r".+\.(test|spec)\.[cm]?[jt]sx?")
_MOST_FILES = 20_000
_PYTHON_SETTINGS = ("pyproject.toml", "pytest.ini", "setup.cfg", "tox.ini", "conftest.py")
# Folders that say nothing of what is tested.
_PLAIN_FOLDERS = frozenset({"src", "lib", "test", "tests", "__tests__"})


@dataclass(frozen=True)
class Suite:
    """The file that is to be made, and a file of tests to take after (empty where none is)."""

    framework: str
    path: Path
    example: str


def is_test_file(name: str, language: Language) -> bool:
    """Say whether a file name is one of tests."""
    return _TEST_FILE.get(language.id, _ECMASCRIPT_TEST).fullmatch(name) is not None


def find_suite(
    module: Path,
    folder: Path | None,
    language: Language,
    function: str,
    exclude: tuple[str, ...] = (),
) -> Suite | None:
    """Return where tests of a function in `module` go; None where no framework is to be seen.

    `folder` is the workspace folder, which holds `module`; both are resolved. Without one only
    the module's own folder is looked at. Files that `exclude` or git leaves out are not read.
    """
    root = folder or module.parent
    sources = SourceFiles(root, exclude)
    files = islice(sources.walk(), _MOST_FILES if folder is not None else 0)
    paths = [PurePosixPath(file.path) for file in files]
    if folder is None and root.is_dir():
        names = (path.name for path in root.iterdir())
        paths = [PurePosixPath(name) for name in names if sources.find(name) is not None]
    tests = [path for path in paths if is_test_file(path.name, language)]
    own = PurePosixPath(module.relative_to(root).as_posix())
    nearest = min(tests, key=lambda test: _distance(test, own), default=None)
    example = _read(root / nearest) if nearest is not None else ""
    framework = _framework(example, module, root, language)
    if not framework:
        return None
    place = _folder(nearest, module, root, language)
    stem = own.stem if own.stem != "__init__" else own.parent.name
    taken = {test.name for test in tests}
    more = 1
    name = _file_name(stem, nearest, module, language)
    while name in taken or (place / name).exists():
        number = f"_{more}" if more > 1 else ""
        name = _file_name(f"{stem}_{function}{number}", nearest, module, language)
        more += 1
    return Suite(framework, place / name, "" if holds_secret(example) else example)


def _distance(test: PurePosixPath, module: PurePosixPath) -> tuple[object, ...]:
    """Return what test files are sorted by: those of this module come first, then of its folder."""
    folders = {*test.parent.parts} - _PLAIN_FOLDERS
    own = {*module.parent.parts} - _PLAIN_FOLDERS
    is_own = _tested_stem(test.name) == module.stem
    return (not is_own, -len(folders & own), len(test.parts), str(test))


def _tested_stem(name: str) -> str:
    stem = re.sub(r"\.(test|spec)$", "", name.rpartition(".")[0])
    return stem.removeprefix("test_") if stem.startswith("test_") else stem.removesuffix("_test")


def _folder(nearest: PurePosixPath | None, module: Path, root: Path, language: Language) -> Path:
    if language.id == "go":
        return module.parent
    if nearest is None:
        return root / "tests" if language.id == "python" else module.parent
    here = root / nearest.parent
    tested = [f"{_tested_stem(nearest.name)}{end}" for end in language.extensions]
    if any((here / name).exists() for name in tested):
        return module.parent
    if here.name == "__tests__" and any((here.parent / name).exists() for name in tested):
        return module.parent / "__tests__"
    return here


def _file_name(stem: str, nearest: PurePosixPath | None, module: Path, language: Language) -> str:
    if language.id == "go":
        return f"{stem}_test.go"
    if language.id == "python":
        is_behind = nearest is not None and nearest.name.endswith("_test.py")
        return f"{stem}_test.py" if is_behind else f"test_{stem}.py"
    match = _ECMASCRIPT_TEST.fullmatch(nearest.name) if nearest is not None else None
    return f"{stem}.{match[1] if match is not None else 'test'}{module.suffix}"


def _framework(example: str, module: Path, root: Path, language: Language) -> str:
    """Return the name of the framework, empty where nothing says it."""
    if language.id == "go":
        return "testing"
    if language.id != "python":
        match = re.search(r"""["'](?:@(jest)/globals|(vitest))["']""", example)
        return match[1] or match[2] if match is not None else _in_package_json(module, root)
    if "TestCase" in example:
        return "unittest"
    if re.search(r"\bpytest\b|^(?:async )?def test", example, re.MULTILINE):
        return "pytest"
    names = [*_PYTHON_SETTINGS, *(path.name for path in root.glob("requirements*.txt"))]
    uses_pytest = any("pytest" in _read(root / name) for name in names)
    # Without a word of pytest: what comes with Python, which pytest can run as well.
    return "pytest" if uses_pytest else "unittest"


def _in_package_json(module: Path, root: Path) -> str:
    for folder in module.parents:
        try:
            package: Any = json.loads(_read(folder / "package.json"))
            needed = {**package.get("devDependencies", {}), **package.get("dependencies", {})}
        except (ValueError, AttributeError, TypeError):
            needed = {}  # there is none, or it is no package.json
        for name in ("vitest", "jest"):
            if name in needed:
                return name
        if folder == root:
            break
    return ""


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
