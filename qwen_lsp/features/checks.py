"""What an edit must satisfy before anyone sees it. Each check has a name and one job.

A check returns None, or the reason in a sentence that both the model (for its second try) and the
user (in a refusal) can read.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from qwen_lsp.features.fitting import quotes_in
from qwen_lsp.features.soundness import count_syntax_errors, newly_undefined
from qwen_lsp.languages import Function, Language, SyntaxTree, parse
from qwen_lsp.languages.statements import still_holds
from qwen_lsp.text import LineIndex, Span, TextEdit, apply_edits

_TEST = re.compile(r"^\s*(?:(?:async )?def test|func Test|(?:it|test)(?:\.\w+)*\()", re.MULTILINE)
_TYPING_IMPORT = re.compile(
    r"^from (?:typing|collections\.abc) import \w+(?:, \w+)*[ \t]*(?=[\r\n])", re.MULTILINE
)


@dataclass(frozen=True)
class Change:
    """A file before and after an edit; `function` is the one that was edited, if one was.

    `span` is what the edit may change, None for the function. `new_text` is the text of another
    file that is made, empty where none is. `edits` lead from `before` to `after`.
    """

    language: Language
    before: str
    after: str
    function: Function | None
    span: Span | None = None
    new_text: str = ""
    edits: tuple[TextEdit, ...] = ()

    @cached_property
    def tree_before(self) -> SyntaxTree:
        """Return the syntax before."""
        return parse(self.language, self.before)

    @cached_property
    def tree_after(self) -> SyntaxTree:
        """Return the syntax after."""
        return parse(self.language, self.after)

    @property
    def edited(self) -> Span:
        """Return where the edit may change something, without any limit all of the file."""
        if self.span is not None:
            return self.span
        return self.function.span if self.function is not None else Span(0, len(self.before))

    def same_function(self) -> Function | None:
        """Return the function after the edit: it begins at the same place."""
        if self.function is None:
            return None
        start = self.function.definition_span.start
        found = [
            function
            for function in self.tree_after.functions()
            if function.definition_span.start == start
        ]
        return found[0] if found else None


Check = Callable[[Change], str | None]


def changes_something(change: Change) -> str | None:
    """Refuse an edit that does nothing."""
    return "there is nothing to change" if change.after == change.before else None


def parses(change: Change) -> str | None:
    """Refuse new syntax errors; those that the file had may stay."""
    if count_syntax_errors(change.tree_after) > count_syntax_errors(change.tree_before):
        return "the new code has a syntax error"
    return None


def names_are_defined(change: Change) -> str | None:
    """Refuse Python that uses a name which nothing in the file defines, if the file did not."""
    if change.language.id != "python":
        return None
    new = newly_undefined(change.before, change.after)
    return f"{min(new)} is not defined" if new else None


def rest_reads_the_same(change: Change) -> str | None:
    """Refuse code that is read otherwise than before although nothing in it was touched.

    An open quote or comment in the new code would do that.
    """
    start = shift = 0
    end_of_file = Span(len(change.before), len(change.before))
    for edit in (*sorted(change.edits), TextEdit(end_of_file, "")):
        untouched = Span(start, edit.span.start)
        moved = Span(start + shift, edit.span.start + shift)
        if change.tree_before.tokens(untouched) != change.tree_after.tokens(moved):
            return "the code around it would change"
        start = edit.span.end
        shift += len(edit.new_text) - (edit.span.end - edit.span.start)
    return None


def keeps_names(change: Change) -> str | None:
    """Refuse an edit that loses a function of the file; it may stand in another one."""
    before = Counter(one.name for one in change.tree_before.functions())
    after = Counter(one.name for one in change.tree_after.functions())
    lost = before - after
    return f"{next(iter(lost))} would be lost" if lost else None


def same_functions(change: Change) -> str | None:
    """Refuse a function that appears or vanishes, or that has another signature."""
    before = [function.qualified_name for function in change.tree_before.functions()]
    after = [function.qualified_name for function in change.tree_after.functions()]
    if before != after:
        return "the new code adds or removes functions"
    if change.function is None:
        return None
    same = change.same_function()
    if same is None:
        return "the new code has another function in this place"
    old = change.tree_before.signature_shape(change.function)
    if old != change.tree_after.signature_shape(same):
        return "the name or the parameters changed"
    return None


def is_shorter(change: Change) -> str | None:
    """Refuse code with as many signs as before, or more; white space does not count."""
    before, after = (len("".join(text.split())) for text in (change.before, change.after))
    return None if after < before else "the new code is not shorter"


def keeps_docstring(change: Change) -> str | None:
    """Refuse a rewrite that loses the documentation."""
    same, old = change.same_function(), change.function
    if same and old and old.docstring_span is not None and same.docstring_span is None:
        return "the documentation was lost"
    return None


def keeps_statements(change: Change) -> str | None:
    """Refuse a rewrite that drops, changes or moves a statement; more may stand around them."""
    same, old = change.same_function(), change.function
    if same is None or old is None:
        return None
    before, after = change.tree_before.statement(old), change.tree_after.statement(same)
    if before is None or after is None or still_holds(before, after):
        return None
    return "what the function did before was not kept"


def comments_kept(change: Change) -> str | None:
    """Refuse a rewrite that loses a comment, unless the line that it is about is gone too."""
    same, old = change.same_function(), change.function
    if same is None or old is None:
        return None
    new_lines = _lines(change.tree_after, same.definition_span)
    kept = Counter(comment for _, comment in new_lines)
    code = {code for code, _ in new_lines}
    old_lines = _lines(change.tree_before, old.definition_span)
    for number, (line, comment) in enumerate(old_lines):
        about = line or next((below for below, _ in old_lines[number:] if below), "")
        kept[comment] -= 1
        if comment and about in code and kept[comment] < 0:
            return "a comment was lost"
    return None


def _lines(tree: SyntaxTree, span: Span) -> list[tuple[str, str]]:
    """Return the code and the comment of each line in `span`, without white space around them."""
    inside = [comment for comment in tree.comments() if span.contains(comment)]
    found: list[tuple[str, str]] = []
    lines = LineIndex(tree.text)
    for number in range(lines.line_of(span.start), lines.line_of(span.end) + 1):
        start, end = lines.start(number), lines.end(number)
        code = comment = ""
        position = start
        for one in inside:
            if one.start < end and one.end > start:
                first, last = max(start, one.start), min(end, one.end)
                code += tree.text[position:first]
                comment += tree.text[first:last].strip()
                position = last
        found.append(((code + tree.text[position:end]).strip(), comment))
    return found


def style_kept(change: Change) -> str | None:
    """Refuse other line ends, tabs for spaces, other quotes and another end of the file."""
    before, after = change.before, change.after
    for look in (_line_ends, _margins, _last_line_end):
        if not look(after) <= look(before):
            return "the style of the file was not kept"
    old_quotes, new_quotes = quotes_in(change.tree_before), quotes_in(change.tree_after)
    if old_quotes and not new_quotes.keys() <= old_quotes.keys():
        return "the style of the file was not kept"
    return None


def _line_ends(text: str) -> set[str]:
    return set(re.findall(r"\r\n|\n|\r", text))


def _margins(text: str) -> set[str]:
    """Return what lines are indented with; a text without any may be indented with spaces."""
    return set(re.findall(r"^[ \t]", text, re.MULTILINE)) or {" "}


def _last_line_end(text: str) -> set[bool]:
    return {text.endswith(("\n", "\r"))}


def unchanged_outside(change: Change) -> str | None:
    """Refuse a change of anything but the function or the lines that the edit is about."""
    span, before, after = change.edited, change.before, change.after
    inside = len(after) - (len(before) - (span.end - span.start))
    is_kept = after.startswith(before[: span.start]) and after.endswith(before[span.end :])
    return None if inside >= 0 and is_kept else "something else in the file changed"


def other_functions_stay(change: Change) -> str | None:
    """Refuse an edit after which other functions are read as something else."""
    span = change.edited
    longer = len(change.after) - len(change.before)
    before = [
        (one.qualified_name, one.span.start + (longer if one.span.start >= span.end else 0))
        for one in change.tree_before.functions()
        if not span.contains(one.span)
    ]
    after = {(one.qualified_name, one.span.start) for one in change.tree_after.functions()}
    return None if after.issuperset(before) else "another function changed"


def only_annotations_changed(change: Change) -> str | None:
    """Refuse everything but new type annotations and names that are imported for them."""
    before, after = (
        parse(change.language, text).shape(without_annotations=True)
        for text in (_without_typing(change, change.before), _without_typing(change, change.after))
    )
    return "more than the annotations changed" if before != after else None


def _without_typing(change: Change, text: str) -> str:
    return _TYPING_IMPORT.sub("", text) if change.language.id == "python" else text


def only_documentation_changed(change: Change) -> str | None:
    """Refuse everything but a new documentation text."""
    same = change.same_function() if change.language.doc_style == "docstring" else None
    if same is not None and same.docstring_span is not None:
        span = same.docstring_span
        removed = change.after[: span.start] + change.after[span.end :]
        after = parse(change.language, removed).shape()
    else:
        after = change.tree_after.shape()
    if after != change.tree_before.shape():
        return "more than the documentation changed"
    return None


def new_file_parses(change: Change) -> str | None:
    """Refuse a new file with a syntax error."""
    errors = count_syntax_errors(parse(change.language, change.new_text))
    return "the new code has a syntax error" if errors else None


def holds_a_test(change: Change) -> str | None:
    """Refuse a new file without a test."""
    return None if _TEST.search(change.new_text) else "there is no test"


def tests_the_function(change: Change) -> str | None:
    """Refuse a new file that does not name the function, but for importing it."""
    if change.function is None:
        return None
    tree = parse(change.language, change.new_text)
    edits = [TextEdit(span, "") for span in tree.imports()]
    code = apply_edits(change.new_text, edits)
    named = re.search(rf"(?<!\w){re.escape(change.function.name)}(?!\w)", code)
    return None if named else "the function is not tested"


def defines_nothing_anew(change: Change) -> str | None:
    """Refuse a new file that has a function or class of its own by a name of the tested file."""
    trees = change.tree_before, parse(change.language, change.new_text)
    known, new = ({one.name for one in tree.containers()} for tree in trees)
    return "the code was written once more" if (known & new) - {""} else None
