"""How a file of tests imports what it tests, from syntax and the layout of the folders alone."""

import re
from os.path import relpath
from pathlib import Path, PurePath

from qwen_lsp.features.actions.base import Target


def imported_name(target: Target) -> str:
    """Return the name that gives access to a function; empty where none does from outside.

    That is the function itself, or the class of a method.
    """
    start = target.function.definition_span.start
    around = [
        one
        for one in target.tree.containers_at(start)
        if one.kind != "function" or one.span == target.function.span
    ]
    if len(around) != len(target.tree.containers_at(start)):
        return ""  # it stands inside another function
    name = target.function.qualified_name.split(".")[0]
    if target.language.id in ("python", "go"):
        return name
    return name if _ecmascript_import(name, target.document.text, "") else ""


def import_line(target: Target, module: Path, root: Path, test: Path, quote: str) -> str:
    """Return the statement that imports what is tested, empty where none is needed (Go)."""
    name = imported_name(target)
    if target.language.id == "go":
        return ""
    if target.language.id == "python":
        return f"from {_python_module(module, root)} import {name}"
    # On Windows a relative path has other slashes, and between drives there is none.
    path = PurePath(relpath(module.with_suffix(""), test.parent)).as_posix()
    path = path if path.startswith(".") else f"./{path}"
    return _ecmascript_import(name, target.document.text, f"{quote}{path}{quote}")


def _python_module(module: Path, root: Path) -> str:
    """Return the dotted name of a module: of its package, or of its place below the root."""
    top = module.parent
    while (top / "__init__.py").exists():
        top = top.parent
    if top == module.parent:
        # Not in a package with a file of its own: folders are packages all the same.
        top = root / "src" if module.is_relative_to(root / "src") else root
    parts = module.with_suffix("").relative_to(top).parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _ecmascript_import(name: str, text: str, path: str) -> str:
    """Return the import of what a module exports by a name, empty where it does not."""
    word = rf"(?<![\w$]){re.escape(name)}(?![\w$])"
    kinds = r"(?:async\s+)?(?:abstract\s+)?(?:function\s*\*?|class|const|let|var)"
    forms = {
        rf"^export\s+{kinds}\s+{word}": f"import {{ {name} }} from {path};",
        rf"^export\s*\{{[^}}]*{word}[^}}]*\}}": f"import {{ {name} }} from {path};",
        rf"^export\s+default\s+(?:{kinds}\s+)?{word}": f"import {name} from {path};",
        rf"^(?:module\.)?exports\.{word}\s*=": f"const {{ {name} }} = require({path});",
        rf"^module\.exports\s*=\s*\{{[^}}]*{word}": f"const {{ {name} }} = require({path});",
        rf"^module\.exports\s*=\s*{word}": f"const {name} = require({path});",
    }
    found = (line for form, line in forms.items() if re.search(form, text, re.MULTILINE))
    return next(found, "")
