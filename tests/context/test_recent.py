"""What was edited or visited elsewhere: merged, bounded, and still while one types in one place."""

from hypothesis import given, settings
from hypothesis import strategies as st

from qwen_lsp.context.recent import RecentWork, Snippet
from qwen_lsp.text import Document, Span, TextEdit, apply_edits

LINES = [f"line_{number} = {number}\n" for number in range(1000)]


def document(name: str, text: str = "".join(LINES)) -> Document:
    return Document(f"file:///{name}", name, "python", 1, text)


def typed(before: Document, offset: int, text: str) -> Document:
    after = apply_edits(before.text, [TextEdit(Span(offset, offset), text)])
    return Document(before.uri, before.path, "python", 1, after)


class Typist:
    """Types into documents, a second a key."""

    def __init__(self) -> None:
        self.work = RecentWork()
        self.now = 0.0
        self.documents: dict[str, Document] = {}

    def type(self, name: str, line: int, text: str, seconds: float = 1.0) -> Document:
        before = self.documents.setdefault(name, document(name))
        after = self.documents[name] = typed(before, before.lines.end(line), text)
        self.now += seconds
        self.work.note_edit(before, after, self.now)
        return after

    def snippets(self, name: str, line: int, room: int = 900) -> list[Snippet]:
        here = self.documents.setdefault(name, document(name))
        return self.work.snippets(here, here.lines.end(line), room)


def test_what_was_edited_elsewhere_is_shown_newest_last() -> None:
    typist = Typist()
    typist.type("a.py", 10, "  # first")
    typist.type("b.py", 20, "  # second")
    typist.type("c.py", 30, "  # third")
    found = typist.snippets("c.py", 30)
    assert [(one.path, one.first_line, one.age) for one in found] == [
        ("a.py", 5, 2.0),
        ("b.py", 15, 1.0),
    ]
    assert "line_10 = 10  # first\n" in found[0].text
    assert found[0].text.count("\n") == 10


def test_edits_near_each_other_are_one_region_and_far_ones_of_a_file_are_two() -> None:
    typist = Typist()
    for line, text in ((10, "  # a"), (12, "  # b"), (11, "  # c"), (600, "  # far")):
        typist.type("a.py", line, text)
    near, far = typist.snippets("b.py", 0)
    assert [word in near.text for word in ("# a", "# b", "# c")] == [True] * 3
    assert "# far" in far.text
    assert [one.text for one in typist.snippets("a.py", 600)] == [near.text]
    assert typist.snippets("a.py", 20) == [far]


def test_the_list_is_still_while_one_types_in_one_place() -> None:
    typist = Typist()
    typist.type("a.py", 10, "  # a")
    typist.type("b.py", 20, "  # b")
    typist.type("c.py", 900, "  # c")
    lists = list[list[tuple[str, str]]]()
    for key in "\nfor name in names:\n    print(name)\n":
        after = typist.type("c.py", 100, key)
        typist.work.note_visit(after, after.lines.start(100), typist.now)
        lists.append([(one.path, one.text) for one in typist.snippets("c.py", 100)])
    assert len(lists[0]) == 3
    assert all(one == lists[0] for one in lists)


def test_a_region_moves_with_edits_above_it_and_goes_with_its_text() -> None:
    typist = Typist()
    typist.type("a.py", 500, "  # here")
    typist.type("a.py", 2, "\nnew = 1\nnewer = 2")
    (found, _) = typist.snippets("b.py", 0)
    assert found.first_line == 497
    assert "line_500 = 500  # here" in found.text
    before = typist.documents["a.py"]
    after = document("a.py", "".join(LINES[:100]))
    typist.work.note_edit(before, after, 9.0)
    assert all("# here" not in one.text for one in typist.snippets("b.py", 0))


def test_only_a_stay_is_a_visit() -> None:
    work, there, here = RecentWork(), document("a.py"), document("b.py")
    work.note_visit(there, 100, 1.0)
    assert work.snippets(here, 0) == []
    work.note_visit(there, 120, 4.0)
    work.note_visit(here, 0, 5.0)
    (found,) = work.snippets(here, 0)
    assert found.path == "a.py"
    work.forget("file:///a.py")
    assert work.snippets(here, 0) == []


def test_only_the_last_regions_are_kept_within_the_room() -> None:
    typist = Typist()
    for number in range(12):
        typist.type(f"{number}.py", 10, f"  # {number}")
    found = typist.snippets("x.py", 0, 10_000)
    assert [one.path for one in found] == [f"{number}.py" for number in range(4, 12)]
    found = typist.snippets("x.py", 0)
    assert sum(len(one.text) for one in found) <= 900
    assert found[-1].path == "11.py"


def test_secrets_and_their_files_stay_out() -> None:
    typist = Typist()
    typist.type("a.py", 10, '\npassword = "hunter2"')
    typist.type(".env", 10, "\nNAME=value")
    (found,) = typist.snippets("b.py", 0)
    assert 'password = "xxxxxxx"' in found.text


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("ab"), st.integers(0, 60), st.sampled_from(["x", "\n", "é\ny\r\n"])
        )
    )
)
def test_snippets_are_whole_lines_of_their_documents(
    edits: list[tuple[str, int, str]],
) -> None:
    typist = Typist()
    for name, line, text in edits:
        typist.type(name, line, text)
    for one in typist.snippets("c", 0):
        lines = typist.documents[one.path].lines
        shown = one.text.split("\n")
        assert [lines.text(one.first_line + at).rstrip() for at in range(len(shown))] == shown
