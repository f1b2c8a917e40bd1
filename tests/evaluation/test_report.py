"""The figures of a suite, as tables and as a page that needs nothing else."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from qwen_lsp.evaluation.outcomes import Outcome
from qwen_lsp.evaluation.report import Measured, Report, make_report
from qwen_lsp.evaluation.report_page import differing, page
from qwen_lsp.evaluation.report_tables import tables
from tests.harness.outcomes import outcome

OURS, PSM, BARE = "complete@1", "complete@1, psm", "bare psm, first line"
MEASURED = Measured("infill", "some", {"context_tokens": 2048}, ("pass@1", "exact"), (OURS, PSM))
_VOID = frozenset({"meta", "br", "hr", "img", "link", "input"})


class Reader(HTMLParser):
    """Holds that tags are closed in their order; keeps the text and what is loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loaded: list[str] = []
        self.words = ""
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs)
        self.loaded += [str(value) for name, value in attrs if name in ("src", "href")]
        assert tag != "script"
        self.seen.append(tag)
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def outcomes(*variants: str, groups: tuple[str, ...] = ("one", "two")) -> list[Outcome]:
    """Return four cases a group: the first variant has three right, the others one."""
    return [
        outcome(f"{group}/{number}", variant, float(number < (1 if place else 3)), group=group)
        for group in groups
        for number in range(4)
        for place, variant in enumerate(variants)
    ]


def report(found: list[Outcome] | None = None, measured: Measured = MEASURED) -> Report:
    return make_report(measured, outcomes(OURS, PSM) if found is None else found)


def read(made: Report) -> Reader:
    text = page(made, tables(made))
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    assert reader.loaded == []
    assert "url(" not in text
    assert "@import" not in text
    return reader


def test_each_group_and_all_of_them() -> None:
    made = report()
    assert list(made.groups) == ["one", "two", "all"]
    assert made.cases == 8
    found = {(one.group, one.variant): one for one in made.summaries}
    assert found["one", OURS].scores["pass@1"] == 0.75
    assert found["all", OURS].cases == 8
    assert found["all", OURS].low < 0.75 < found["all", OURS].high
    whole = made.comparisons[-1]
    assert (whole.variant, whole.base, whole.group) == (PSM, OURS, "all")
    assert (whole.comparison.won, whole.comparison.lost, whole.comparison.points) == (0, 4, -50.0)
    assert made.data()["cases"] == 8


def test_one_group_is_not_told_twice() -> None:
    assert list(report(outcomes(OURS, PSM, groups=("one",))).groups) == ["one"]


def test_kinds_are_groups_as_well() -> None:
    found = [replace(one, kind="module" if "/1" in one.case else "") for one in outcomes(OURS, PSM)]
    assert list(report(found).groups) == ["one", "two", "via module", "all"]


def test_only_cases_that_were_measured_in_all_variants_count() -> None:
    made = report([*outcomes(OURS, PSM), outcome("late", OURS, 1.0)])
    assert made.cases == 8
    assert "late" not in {one.case for one in made.outcomes}


def test_ours_is_the_one_that_is_compared_with_the_bare_model() -> None:
    measured = replace(MEASURED, variants=(OURS, BARE))
    made = report(outcomes(OURS, BARE), measured)
    (first, *_) = made.comparisons
    assert (first.variant, first.base) == (OURS, BARE)
    assert first.comparison.points > 0


def test_the_tables() -> None:
    about, one, *_, against = tables(report())
    assert ("context tokens", "2048") in about.rows
    assert one.title == "one, 4 cases"
    assert one.rows[0][:3] == (OURS, "75.0", "30.1 to 95.4")
    assert all(len(row) == len(one.columns) for row in one.rows)
    assert against.title == f"{PSM} against {OURS}, pass@1"
    assert against.rows[-1][:5] == ("all", "8", "0", "4", "-50.0")


def test_the_page_is_whole_and_needs_nothing_else() -> None:
    reader = read(report())
    for words in ("pass@1, with 95 % intervals", "one, 4 cases", f"{PSM} against {OURS}"):
        assert words in reader.words
    assert reader.seen.count("svg") == 3
    # Two variants in three groups, one comparison in each of them, and a line for each variant.
    marks = [reader.seen.count(tag) for tag in ("rect", "circle", "path")]
    assert marks == [6, 3, 2]
    assert "<" not in reader.words.replace("x < 1 and y > 2", "")


@pytest.mark.parametrize("text", ["<b>&amp;</i>", '"><script>alert(1)</script>', "</pre></svg>"])
def test_what_a_model_writes_is_text(text: str) -> None:
    found = [replace(one, completion=text, case=f"{text}{one.case}") for one in outcomes(OURS, PSM)]
    variants = (f"{text} 1", f"{text} 2")
    found = [replace(one, variant=variants[one.variant == PSM], group=text) for one in found]
    assert text in read(report(found, replace(MEASURED, variants=variants))).words


@pytest.mark.parametrize("measured", [MEASURED, replace(MEASURED, variants=(OURS,))])
def test_a_page_without_a_case(measured: Measured) -> None:
    assert "0 cases" in read(report([], measured)).words


def test_cases_that_differ_are_shown_with_all_answers() -> None:
    found = differing(report())
    assert [case.name for case in found] == ["one/1", "one/2", "two/1", "two/2"]
    assert found[0].truth == "x < 1 and y > 2"
    assert [(name, good) for name, good, _ in found[0].answers] == [(OURS, True), (PSM, False)]


def test_the_cuts_of_one_text_have_one_line_of_times() -> None:
    cuts = ("bare psm, first line", "bare psm, at suffix", "bare psm, uncut")
    measured = replace(MEASURED, variants=(OURS, *cuts))
    reader = read(report(outcomes(OURS, *cuts), measured))
    assert reader.seen.count("path") == 2


def test_long_labels_keep_the_end_that_differs() -> None:
    long = f"{OURS}, context off, 4-lines-up-suffix-of-100-tokens"
    reader = read(report(outcomes(OURS, long), replace(MEASURED, variants=(OURS, long))))
    assert "complete@1, … -suffix-of-100-tokens" in reader.words
