"""The text of an extracted function and of its call, in the style of the file."""

import re

from qwen_lsp.features.actions.base import Site
from qwen_lsp.features.actions.moved_code import indent_of_line, indent_unit, moved
from qwen_lsp.languages import Extraction
from qwen_lsp.text import Span, TextEdit

_LONGEST_LINE = 99
_BLANK_LINES = {"python": 2}
# A value that stands in one of these needs no brackets when an `await` is put before it.
_ROOMY = frozenset(
    {
        "argument_list",
        "arguments",
        "arrow_function",
        "assignment",
        "assignment_expression",
        "expression_statement",
        "parenthesized_expression",
        "return_statement",
        "variable_declarator",
    }
)
# Here the brackets around a condition, or around a generator, are also those of the statement.
_SHARES_BRACKETS = frozenset(
    {"call", "do_statement", "if_statement", "switch_statement", "while_statement"}
)


class NewFunction:
    """One extraction as text. Line ends, indentation and semicolons are those of the file."""

    def __init__(self, plan: Extraction, site: Site) -> None:
        self._plan = plan
        self._document = site.document
        self._tree = site.tree
        self._is_python = site.language.id == "python"
        self._is_typed = site.language.type_hints
        self._unit = indent_unit(site.document)
        self._stop = "" if self._is_python or not self._has_semicolons() else ";"

    def opening(self, name: str) -> str:
        """Return the function up to where its sentence stands, for the prompt."""
        if self._is_python:
            return self._head(name, "") + '\n    """'
        return self._head(name, "").removeprefix("private ") + "\n  // "

    def call(self, name: str) -> str:
        """Return what stands in place of the selection."""
        plan, text = self._plan, self._document.text
        callee = f"{plan.receiver}.{name}" if plan.receiver else name
        indent = indent_of_line(self._document, plan.selected.start)
        call = ("await " if plan.is_async else "") + self._list(
            callee, [one.name for one in plan.parameters], "", indent
        )
        if not plan.is_expression:
            return self._assigned(call) + self._semicolon_of_selection()
        if plan.is_async and plan.parent_type not in _ROOMY:
            call = f"({call})"
        if plan.parent_type in {"jsx_element", "jsx_fragment"}:
            return f"{{{call}}}"
        if plan.parent_type in _SHARES_BRACKETS and text[plan.selected.start] == "(":
            return f"({call})"
        before = " " if re.match(r"\w", text[plan.selected.start - 1 : plan.selected.start]) else ""
        after = " " if re.match(r"\w", text[plan.selected.end : plan.selected.end + 1]) else ""
        return before + call + after

    def definition(self, name: str, sentence: str) -> TextEdit:
        """Return the edit that adds the function."""
        plan, document = self._plan, self._document
        # A method stands as deep as the one that it follows.
        indent = indent_of_line(document, plan.member_start) if plan.receiver else ""
        lines = self._lines(name, sentence, indent)
        line_end = document.line_end
        text = line_end.join(lines)
        if plan.receiver:
            place = self._end_of_member()
            return TextEdit(Span(place, place), line_end * 2 + text)
        place = document.lines.start(document.lines.line_of(plan.place))
        blank = _BLANK_LINES.get(document.language_id, 1)
        above = line_end * (blank - self._blank_lines_above(place)) if place else ""
        return TextEdit(Span(place, place), above + text + line_end * (blank + 1))

    def _lines(self, name: str, sentence: str, indent: str) -> list[str]:
        plan = self._plan
        inner = indent + self._unit
        lines: list[str] = []
        if self._is_python:
            lines += [indent + plan.prefix] if plan.prefix else []
            lines.append(indent + self._head(name, indent))
            lines.append(f'{inner}"""{sentence}"""')
            lines += [f"{inner}global {', '.join(plan.globals)}"] if plan.globals else []
        else:
            has_docs = "/**" in self._document.text
            lines.append(indent + (f"/** {sentence} */" if has_docs else f"// {sentence}"))
            lines.append(indent + self._head(name, indent))
            declared = [self._typed(one.name, one.type) for one in plan.locals]
            lines += [f"{inner}let {', '.join(declared)}{self._stop}"] if declared else []
        lines.append(self._body(inner))
        if plan.results:
            lines.append(f"{inner}return {self._returned()}{self._stop}")
        return lines if self._is_python else [*lines, f"{indent}}}"]

    def _head(self, name: str, indent: str) -> str:
        plan = self._plan
        parameters = [self._typed(one.name, one.type) for one in plan.parameters]
        is_async = "async " if plan.is_async else ""
        result = plan.result_type
        if len(plan.results) == 1 and not plan.is_async:
            result = plan.results[0].type
        if self._is_python:
            first = [plan.receiver] if plan.receiver else []
            result = f" -> {result}:" if result else ":"
            return self._list(f"{is_async}def {name}", [*first, *parameters], result, indent)
        result = f": {result} {{" if result else " {"
        if plan.receiver:
            before = "private " if self._is_typed else ""
            before += f"{plan.prefix} " if plan.prefix else ""
        else:
            before = ""
            is_async += "function "
        head = f"{before}{is_async}{name}{plan.type_parameters}"
        return self._list(head, parameters, result, indent)

    def _body(self, inner: str) -> str:
        plan = self._plan
        code = moved(self._document, self._tree, plan.selected, inner)
        if not plan.is_expression:
            return inner + code
        if len(code.splitlines()) > 1 and not plan.in_brackets:
            code = f"({code})"
        return f"{inner}return {code}{self._stop}"

    def _returned(self) -> str:
        names = ", ".join(one.name for one in self._plan.results)
        return names if self._is_python or len(self._plan.results) == 1 else f"{{ {names} }}"

    def _assigned(self, call: str) -> str:
        plan = self._plan
        if plan.returns:
            return f"return {call}"
        if not plan.results:
            return call
        names = ", ".join(one.name for one in plan.results)
        if self._is_python:
            return f"{names} = {call}"
        if len(plan.results) == 1:
            how = f"{plan.declared[0]} " if plan.declared[0] else ""
            return f"{how}{names} = {call}"
        kinds = set(plan.declared)
        if "" not in kinds:
            return f"{kinds.pop() if len(kinds) == 1 else 'let'} {{ {names} }} = {call}"
        new = [one.name for one, how in zip(plan.results, plan.declared, strict=True) if how]
        indent = indent_of_line(self._document, plan.selected.start)
        before = f"let {', '.join(new)};{self._document.line_end}{indent}" if new else ""
        # Without semicolons, the line above would go on in the bracket.
        opening = "(" if self._stop or before else ";("
        return f"{before}{opening}{{ {names} }} = {call})"

    def _typed(self, name: str, annotation: str) -> str:
        return f"{name}: {annotation}" if annotation else name

    def _list(self, before: str, items: list[str], after: str, indent: str) -> str:
        """Return a list in brackets, on lines of their own where one line would be too long."""
        line = f"{before}({', '.join(items)}){after}"
        if len(indent) + len(line) <= _LONGEST_LINE or not items:
            return line
        line_end = self._document.line_end + indent
        inner = "".join(f"{line_end}{self._unit}{item}," for item in items)
        return f"{before}({inner}{line_end}){after}"

    def _semicolon_of_selection(self) -> str:
        text = self._document.slice(self._plan.selected)
        return self._stop if self._stop or text.endswith(";") else ""

    def _has_semicolons(self) -> bool:
        return re.search(r";[ \t]*\r?$", self._document.text, re.MULTILINE) is not None

    def _blank_lines_above(self, place: int) -> int:
        above = self._document.text[:place].replace("\r\n", "\n").replace("\r", "\n")
        code = above.rstrip()
        return min(above[len(code) :].count("\n") - 1, 2) if code else 2

    def _end_of_member(self) -> int:
        lines, place = self._document.lines, self._plan.place
        end = lines.end(lines.line_of(place))
        rest = self._document.text[place:end].strip().lstrip(";").strip()
        return end if not rest or rest.startswith(("#", "//")) else place
