"""What a file of tests looks like in each framework, and which tests a text holds."""

import re
from dataclasses import dataclass

from qwen_lsp.context.function import without_indent
from qwen_lsp.languages import Language, parse

_ECMASCRIPT_TEST = re.compile(
    r"^([ \t]*)(?:it|test)(?:\.\w+)*\((?:[^\n]*\);?[ \t]*$|.*?^\1\}\);?[ \t]*$)",
    re.MULTILINE | re.DOTALL,
)
# What tests use of other modules, and how it is imported.
_PYTHON_MODULES = ("datetime", "json", "math", "os", "pytest", "re")
_GO_PACKAGES = {
    **{name: name for name in ("bytes", "errors", "fmt", "math", "os", "reflect", "sort")},
    **{name: name for name in ("strconv", "strings", "testing", "time")},
}


@dataclass(frozen=True)
class Page:
    """A file of tests without the tests.

    `head` is the text above them and `foot` the text below; the model begins with `begun`, which
    is the beginning of the first test.
    """

    head: str
    begun: str
    foot: str = ""
    between: str = "\n\n"


def page_of(framework: str, name: str, import_line: str, package: str, example: str) -> Page:
    """Return the page for tests of a function; `package` is the one of a file in Go."""
    if framework == "testing":
        title = name[:1].upper() + name[1:]
        return Page(f'package {package}\n\nimport "testing"\n\n', f"func Test{title}", "\n")
    if framework == "pytest":
        return Page(f"{import_line}\n\n\n", f"def test_{name.strip('_')}", "\n", "\n\n\n")
    if framework == "unittest":
        title = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
        head = f"import unittest\n\n{import_line}\n\n\nclass {title}Test(unittest.TestCase):\n"
        is_run = 'if __name__ == "__main__":' in example
        foot = '\n\n\nif __name__ == "__main__":\n    unittest.main()\n' if is_run else "\n"
        return Page(head, f"    def test_{name.strip('_')}", foot)
    source = "vitest" if framework == "vitest" else "@jest/globals"
    words = "{ describe, expect, it }"
    is_common = import_line.startswith("const ")
    own = f'import {words} from "{source}";\n'
    if is_common and framework == "jest":
        own = f'const {words} = require("{source}");\n'
    # Both frameworks can make their words global; an example without the import says so.
    is_global = source not in example and (bool(example) or framework == "jest")
    head = f'{"" if is_global else own}{import_line}\n\ndescribe("{name}", () => {{\n'
    return Page(head, '  it("', "\n});\n")


def tests_in(language: Language, text: str) -> list[str]:
    """Return the tests of a text with their indentation, in their order."""
    if language.id in ("javascript", "typescript", "typescriptreact"):
        return [match[0].rstrip() for match in _ECMASCRIPT_TEST.finditer(text)]
    start = "Test" if language.id == "go" else "test"
    return [
        one.indent + text[one.span.start : one.span.end].rstrip()
        for one in parse(language, text).functions()
        if one.name.startswith(start)
    ]


def first_test(language: Language, text: str, most_lines: int) -> str:
    """Return the first test of an existing file, for a prompt; empty where it is too long."""
    found = tests_in(language, text)
    if not found or found[0].count("\n") >= most_lines:
        return ""
    indent = found[0][: len(found[0]) - len(found[0].lstrip())]
    return without_indent(found[0], indent)


def with_imports(language: Language, text: str) -> str:
    """Return a file of tests with the imports of the usual modules that its tests use."""
    used = set[str](re.findall(r"(?<![\w.\"'])(\w+)\.\w", text))
    if language.id == "go":
        names = sorted(name for name in _GO_PACKAGES if name in used or name == "testing")
        if len(names) > 1:
            lines = "".join(f'\t"{name}"\n' for name in names)
            return text.replace('import "testing"\n', f"import (\n{lines})\n", 1)
    if language.id == "python":
        names = [name for name in _PYTHON_MODULES if name in used]
        above = "".join(f"import {name}\n" for name in names)
        if above and not text.startswith("import unittest"):
            return f"{above}\n{text}"
        return above + text
    return text
