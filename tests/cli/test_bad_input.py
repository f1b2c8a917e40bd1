"""Whatever is asked wrongly is answered by one sentence and a code, and nothing is started."""

import os
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from qwen_lsp.cli import asking
from qwen_lsp.features import launch
from qwen_lsp.features.actions import ACTIONS
from qwen_lsp.languages import LANGUAGES

from .conftest import Ran, Run

EVERY_PLACE = pytest.mark.parametrize(
    "words", [("complete", "{}:1:1"), ("action", "simplify", "{}:1"), ("review", "{}")]
)


@pytest.fixture(autouse=True)
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No bad input gets as far as an engine."""

    def connect(*_: object) -> None:
        raise AssertionError("an engine would be started")

    monkeypatch.setattr(launch, "connect", connect)


def assert_refused(ran: Ran, code: int, sentence: str) -> None:
    assert (ran.out, ran.err, ran.code) == ("", f"qwen-lsp: {sentence}\n", code)


@EVERY_PLACE
@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("gone.py", None, "There is no file gone.py."),
        ("a.bin.py", b"\x7fELF\0\0", "a.bin.py is a binary file."),
        ("latin.py", "s = 'é'".encode("latin-1"), "latin.py is not UTF-8 text."),
        ("big.py", b"#" * 5_000_001, "big.py has 5.0 MB; files over 5 MB are not read."),
        (
            "notes.txt",
            b"hello",
            "The language of notes.txt is not supported; supported are "
            + ", ".join(language.title for language in LANGUAGES)
            + ".",
        ),
    ],
)
def test_a_file_that_is_no_source(
    run: Run, words: tuple[str, ...], name: str, content: bytes | None, sentence: str
) -> None:
    if content is not None:
        Path(name).write_bytes(content)
    for options in ((), ("--json",)):
        assert_refused(run(*(word.format(name) for word in words), *options), 2, sentence)


def test_a_file_of_5_mb_is_read(run: Run) -> None:
    Path("big.py").write_bytes(b"#" * 5_000_000)
    assert run("review", "big.py").code == 0


def test_a_folder_where_a_file_is_needed(run: Run) -> None:
    Path("src.py").mkdir()
    assert_refused(run("complete", "src.py:1:1"), 2, "src.py is a folder.")
    assert_refused(run("action", "simplify", "src.py:1"), 2, "src.py is a folder.")
    assert_refused(run("review", "src.py:3"), 2, "src.py is a folder; a line belongs to a file.")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_is_not_waited_for(run: Run) -> None:
    os.mkfifo("pipe.py")
    assert_refused(run("review", "pipe.py"), 2, "pipe.py is no file with text.")


def test_a_file_that_may_not_be_read(run: Run, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_bytes(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    assert_refused(run("review", str(shop)), 2, "shop.py cannot be read: Permission denied.")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("complete", "shop.py:0:1"), "shop.py has lines 1 to 11; there is no line 0."),
        (("complete", "shop.py:12:1"), "shop.py has lines 1 to 11; there is no line 12."),
        (
            ("complete", "shop.py:2:0"),
            "Line 2 of shop.py has columns 1 to 15; there is no column 0.",
        ),
        (
            ("complete", "shop.py:2:16"),
            "Line 2 of shop.py has columns 1 to 15; there is no column 16.",
        ),
        (("complete", "shop.py:2"), "A cursor is needed, as in FILE:LINE:COL."),
        (("complete", "shop.py"), "A cursor is needed, as in FILE:LINE:COL."),
        (("complete", ""), "A file name is needed, as in FILE:LINE:COL."),
        (("action", "simplify", "shop.py"), "A line is needed, as in FILE:LINE."),
        (("action", "custom", "shop.py:1"), 'custom needs --instruction "what to do".'),
        (("explain", "shop.py"), "A line is needed, as in FILE:LINE."),
        (
            ("action", "simplify", "shop.py:99"),
            "shop.py has lines 1 to 11; there is no line 99.",
        ),
        (("review", "shop.py:0"), "shop.py has lines 1 to 11; there is no line 0."),
        (("review", "shop.py:99"), "shop.py has lines 1 to 11; there is no line 99."),
        (
            ("action", "beautify", "shop.py:1"),
            f"There is no action beautify; there are {', '.join(one.id for one in ACTIONS)}.",
        ),
        (("prompts", "show", "poem"), "There is no prompt poem; there are "),
        (("prompts", "show", "complete@99"), "complete has no version 99; it has 1"),
        (("prompts", "diff", "complete@1", "poem@1"), "There is no prompt poem; there are "),
    ],
)
@pytest.mark.usefixtures("shop")
def test_a_place_or_a_name_that_is_not_there(
    run: Run, words: tuple[str, ...], sentence: str
) -> None:
    ran = run(*words)
    assert ran.err.startswith(f"qwen-lsp: {sentence}")
    assert (ran.out, ran.err.count("\n"), ran.code) == ("", 1, 2)


@pytest.mark.parametrize(
    "words", [("complete", "shop.py:2:15"), ("action", "simplify", "shop.py:1"), ("review", ".")]
)
@pytest.mark.usefixtures("shop")
class TestNoModel:
    def refuse(self, run: Run, words: tuple[str, ...], model: str, sentence: str) -> None:
        ran = run(*words, "--model", model, "--json")
        assert_refused(ran, 3, sentence)

    def test_not_downloaded(self, run: Run, words: tuple[str, ...]) -> None:
        sentence = (
            "The model qwen2.5-coder-0.5b is not on this machine; "
            "get it with `qwen-lsp models pull qwen2.5-coder-0.5b`."
        )
        self.refuse(run, words, "qwen2.5-coder-0.5b", sentence)

    def test_unknown(self, run: Run, words: tuple[str, ...]) -> None:
        sentence = "There is no model called 'qwen3.5-4'; did you mean "
        ran = run(*words, "--model", "qwen3.5-4")
        assert ran.err.startswith(f"qwen-lsp: {sentence}qwen3.5-4b")
        assert (ran.out, ran.code) == ("", 3)

    def test_a_path_to_nothing(self, run: Run, words: tuple[str, ...]) -> None:
        path = Path("gone.gguf").absolute()
        sentence = f"{path} cannot be read (No such file or directory); check the path."
        self.refuse(run, words, "gone.gguf", sentence)

    @pytest.mark.parametrize("content", [b"", b"GG", b"<html>Not found</html>"])
    def test_a_path_to_what_is_no_model(
        self, run: Run, words: tuple[str, ...], content: bytes
    ) -> None:
        path = Path("broken.gguf").absolute()
        path.write_bytes(content)
        sentence = f"{path} is not a GGUF file; choose a file that llama.cpp can load."
        self.refuse(run, words, "./broken.gguf", sentence)


@pytest.mark.parametrize("command", ["pull", "path", "verify", "remove"])
def test_a_model_that_nobody_knows(run: Run, command: str) -> None:
    ran = run("models", command, "gpt")
    assert ran.err.startswith("qwen-lsp: There is no model called 'gpt'; ")
    assert (ran.out, ran.err.count("\n"), ran.code) == ("", 1, 3)


def test_a_pin_of_the_workspace_to_what_does_not_exist(run: Run, shop: Path) -> None:
    model = Path("model.gguf")
    model.write_bytes(b"GGUF\x03\0\0\0")
    Path("qwen-lsp.toml").write_text('prompts.pin = {"review/find" = 99}')
    assert_refused(
        run("review", str(shop), "--model", "./model.gguf"),
        2,
        "prompts.pin asks for review/find@99, which does not exist.",
    )


def test_bad_settings_of_the_workspace_are_told(run: Run, shop: Path) -> None:
    Path("qwen-lsp.toml").write_text("review.onsave = true\nmodel = 'x'")
    ran = run("review", str(shop), "--model", "gpt")
    assert ran.err.splitlines()[:2] == [
        "There is no setting review.onsave (did you mean review.onSave?).",
        "model cannot be set by a workspace; set it in your editor.",
    ]
    assert asking.settings_here(Namespace(model=None, endpoint=None)).model == "auto"


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("models", "list"), 0, "qwen2.5-coder-0.5b"),
        (("engine", "status"), 0, "No engine is running."),
        (("doctor",), 1, "Model files: none"),
    ],
)
def test_a_home_that_is_no_folder(
    run: Run, home: Path, words: tuple[str, ...], code: int, sentence: str
) -> None:
    home.touch()
    ran = run(*words)
    assert (ran.code, ran.err) == (code, "")
    assert sentence in ran.out


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("compleet", "a.py:1:1"),
        ("complete",),
        ("action", "simplify"),
        ("review", "a.py", "--fail-on", "always"),
        ("models",),
        ("models", "path"),
        ("engine", "start"),
        ("prompts", "show"),
        ("doctor", "--fast"),
    ],
)
def test_wrong_words_are_usage(run: Run, words: tuple[str, ...]) -> None:
    ran = run(*words)
    assert (ran.out, ran.code) == ("", 2)
    assert ran.err.startswith("usage: qwen-lsp")


@pytest.mark.skipif(os.name == "nt", reason="a closed pipe is another error there")
def test_a_reader_that_has_had_enough_is_no_failure() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "qwen_lsp", "prompts", "list"]
    # Output is held back until the end, as it is for users.
    environment = {name: os.environ[name] for name in os.environ if name != "PYTHONUNBUFFERED"}
    with os.fdopen(writing, "wb") as closed:
        done = subprocess.run(
            command, stdout=closed, stderr=subprocess.PIPE, env=environment, check=False
        )
    assert (done.stderr, done.returncode) == (b"", 0)
