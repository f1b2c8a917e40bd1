"""What no code of ours does: open addresses, unpickle, run text, trust Markdown, insert snippets.

Found by reading the sources, which is enough where nothing of the kind has a place at all.
"""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Of the server, the engine and the command line.
SERVER = sorted((ROOT / "qwen_lsp").rglob("*.py"))
# It runs the examples of docstrings, in a process with limits.
RUNS_TEXT = {"features/examples/child.py"}
PICKLES = {"pickle", "marshal", "shelve", "dill", "joblib", "torch", "cloudpickle"}
EDITORS = {
    "vscode": ("src/*.ts", r"isTrusted = true|supportHtml|openExternal|SnippetString|Webview"),
    "nvim": ("**/*.lua", r"vim\.ui\.open|os\.execute|io\.popen|loadstring|snippet\.expand"),
    "emacs": ("*.el", r"browse-url|shell-command|call-process|\(eval |yas-expand"),
}


def names_in(path: Path) -> set[str]:
    """Return the names of what a module imports and calls, with dots."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
        elif isinstance(node, ast.Call):
            found.add(ast.unparse(node.func))
    return found


def test_no_module_unpickles_runs_text_or_opens_an_address() -> None:
    offences: list[tuple[str, set[str]]] = []
    for path in SERVER:
        name, names = path.relative_to(ROOT / "qwen_lsp").as_posix(), names_in(path)
        found = names & (PICKLES | {"webbrowser"})
        if name not in RUNS_TEXT:
            found |= names & {"eval", "exec", "os.system", "os.popen"}
        found |= {one for one in names if "show_document" in one or one.endswith(".recv")}
        if found:
            offences.append((name, found))
    assert len(SERVER) > 100
    assert offences == []


@pytest.mark.parametrize("editor", EDITORS)
def test_no_editor_of_ours_does_either(editor: str) -> None:
    pattern, forbidden = EDITORS[editor]
    files = sorted((ROOT / "editors" / editor).glob(pattern))
    assert files
    found = [path.name for path in files if re.search(forbidden, path.read_text(encoding="utf-8"))]
    assert found == []
