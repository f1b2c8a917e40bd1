"""The index of symbols: which files, the database, and the process that builds it."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Generator
from pathlib import Path

import pytest

from qwen_lsp.index.build import build, remove_file, update_file
from qwen_lsp.index.database import Index, database_path
from qwen_lsp.index.files import SourceFiles

_opened: list[Index] = []


@pytest.fixture(autouse=True)
def _home(  # pyright: ignore[reportUnusedFunction]
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Generator[None]:
    monkeypatch.setenv("QWEN_LSP_HOME", str(tmp_path_factory.mktemp("home")))
    yield
    while _opened:
        _opened.pop().close()


def opened(folder: Path) -> Index:
    """Return the index of a folder, which is closed when the test ends."""
    _opened.append(Index.open(folder))
    return _opened[-1]


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        put(folder, name.replace("__", "/") + ".py", text)


def put(folder: Path, path: str, text: str) -> None:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def walked(folder: Path, *exclude: str) -> list[str]:
    sources = SourceFiles(folder, exclude)
    found = [source.path for source in sources.walk()]
    everything = [path.relative_to(folder).as_posix() for path in folder.rglob("*.py")]
    # Both ways of asking must agree, but for links to folders, which only a walk can meet.
    single = SourceFiles(folder, exclude)
    assert {path for path in everything if single.find(path)} == {
        path for path in found if path.endswith(".py")
    }
    return found


class TestFiles:
    def test_takes_known_languages_only(self, tmp_path: Path):
        for path in ("a.py", "b/c.ts", "notes.txt", "b/picture.png"):
            put(tmp_path, path, "x")
        assert walked(tmp_path) == ["a.py", "b/c.ts"]

    def test_nested_gitignore_files_nearest_first(self, tmp_path: Path):
        put(tmp_path, ".gitignore", "made_*.py\n/top.py\nlogs/\n")
        put(tmp_path, "inner/.gitignore", "!made_kept.py\nlocal.py\n")
        for path in ("made_a.py", "top.py", "logs/a.py", "inner/made_kept.py", "inner/local.py"):
            put(tmp_path, path, "x")
        put(tmp_path, "inner/top.py", "x")
        assert walked(tmp_path) == ["inner/made_kept.py", "inner/top.py"]

    def test_rules_above_the_folder_up_to_the_repository(self, tmp_path: Path):
        (tmp_path / ".git" / "info").mkdir(parents=True)
        put(tmp_path, ".git/info/exclude", "mine.py\n")
        put(tmp_path, ".gitignore", "part/secret.py\n")
        for path in ("part/secret.py", "part/mine.py", "part/a.py"):
            put(tmp_path, path, "x")
        assert walked(tmp_path / "part") == ["a.py"]

    def test_exclude_setting(self, tmp_path: Path):
        write(tmp_path, a="x", tests__b="x", c_pb2="x")
        assert walked(tmp_path, "tests/", "*_pb2.py") == ["a.py"]

    def test_leaves_out_packages_output_environments_and_hidden_files(self, tmp_path: Path):
        put(tmp_path, "pyproject.toml", "")
        put(tmp_path, "env/pyvenv.cfg", "")
        for path in ("env/a.py", "node_modules/b.py", ".tox/c.py", "build/d.py", ".env.py", "e.py"):
            put(tmp_path, path, "x")
        put(tmp_path, "src/build/f.py", "x")
        assert walked(tmp_path) == ["e.py", "src/build/f.py"]

    def test_leaves_out_files_over_a_megabyte(self, tmp_path: Path):
        write(tmp_path, large="x = 1\n" * 200_000, small="x = 1\n")
        assert walked(tmp_path) == ["small.py"]

    @pytest.mark.skipif(os.name == "nt", reason="links need a right there")
    def test_loops_of_links_end(self, tmp_path: Path):
        write(tmp_path, a__b="x")
        (tmp_path / "a" / "again").symlink_to(tmp_path)
        assert [source.path for source in SourceFiles(tmp_path).walk()] == ["a/b.py"]

    def test_secrets_are_ignored(self, tmp_path: Path):
        sources = SourceFiles(tmp_path)
        assert sources.is_ignored(".env")
        assert sources.is_ignored("deploy/.env.local")
        assert sources.is_ignored("production.env")
        assert not sources.is_ignored("environment.py")


class TestReading:
    def test_an_index_that_is_not_built_is_empty(self, tmp_path: Path):
        index = opened(tmp_path)
        assert index.symbols_of("a.py") == []
        assert index.paths() == []

    def test_finds_by_path_suffix_and_name(self, tmp_path: Path):
        write(
            tmp_path, src__shop__cart="from .item import Item\n\nclass Cart(Item):\n    size: int\n"
        )
        write(tmp_path, other__cart="class Other: ...\n", restart="class Cart: ...\n")
        build(tmp_path)
        index = opened(tmp_path)
        assert index.has_file("src/shop/cart.py")
        assert not index.has_file("shop/cart.py")
        assert index.files_named("shop/cart.py") == ["src/shop/cart.py"]
        assert index.files_named("cart.py") == ["other/cart.py", "src/shop/cart.py"]
        assert index.files_named("restart.py") == ["restart.py"]
        assert [path for path, _ in index.named("Cart")] == ["restart.py", "src/shop/cart.py"]
        cart, size = index.symbols_of("src/shop/cart.py")
        assert (cart.name, cart.bases, size.scope, size.type) == ("Cart", ("Item",), "Cart", "int")
        (item,) = index.imports_of("src/shop/cart.py")
        assert (item.name, item.module, item.member) == ("Item", ".item", "Item")


class TestBuilding:
    def test_only_changed_files_are_read_again(self, tmp_path: Path):
        write(tmp_path, a="def one(): ...\n", b="def two(): ...\n")
        assert build(tmp_path) == (2, 2)
        assert build(tmp_path) == (0, 2)
        write(tmp_path, a="def changed(): ...\n")
        assert build(tmp_path) == (1, 2)
        index = opened(tmp_path)
        assert index.named("one") == []
        assert [symbol.name for symbol in index.symbols_of("a.py")] == ["changed"]

    def test_removed_and_newly_ignored_files_are_dropped(self, tmp_path: Path):
        write(tmp_path, a="def one(): ...\n", b="def two(): ...\n", c="def three(): ...\n")
        build(tmp_path)
        (tmp_path / "a.py").unlink()
        put(tmp_path, ".gitignore", "b.py\n")
        build(tmp_path)
        index = opened(tmp_path)
        assert index.paths() == ["c.py"]
        assert index.named("one") == []

    def test_one_file(self, tmp_path: Path):
        write(tmp_path, a="def one(): ...\n")
        build(tmp_path)
        index = opened(tmp_path)
        write(tmp_path, a="def two(): ...\n")
        update_file(tmp_path, "a.py")
        assert [symbol.name for symbol in index.symbols_of("a.py")] == ["two"]
        put(tmp_path, "b.py", "def three(): ...\n")
        update_file(tmp_path, "b.py", exclude=["b.py"])
        assert not index.has_file("b.py")
        update_file(tmp_path, "b.py")
        assert index.has_file("b.py")
        remove_file(tmp_path, "b.py")
        (tmp_path / "a.py").unlink()
        update_file(tmp_path, "a.py")
        assert index.paths() == []

    def test_a_binary_file_declares_nothing(self, tmp_path: Path):
        write(tmp_path, a="def one(): ...\n\0")
        build(tmp_path)
        assert opened(tmp_path).symbols_of("a.py") == []

    def test_a_damaged_database_is_made_anew(self, tmp_path: Path):
        write(tmp_path, a="def one(): ...\n")
        build(tmp_path)
        index = opened(tmp_path)
        database_path(tmp_path).write_bytes(b"this is no database" * 1000)
        assert index.named("one") == []
        build(tmp_path)
        assert len(index.named("one")) == 1

    def test_readers_see_whole_files_while_a_writer_writes(self, tmp_path: Path):
        texts = ["".join(f"def f{n}(): ...\n" for n in range(size)) for size in (40, 80)]
        write(tmp_path, a=texts[0])
        build(tmp_path)
        index = opened(tmp_path)

        def rewrite() -> None:
            for number in range(30):
                write(tmp_path, a=texts[number % 2])
                update_file(tmp_path, "a.py")

        writer = threading.Thread(target=rewrite)
        writer.start()
        seen: set[int] = set()
        while writer.is_alive():
            seen.add(len(index.symbols_of("a.py")))
        writer.join()
        assert seen <= {40, 80}


class TestProcess:
    def start(self, folder: Path, *options: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "qwen_lsp.index.process", *options, "--", str(folder)]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def test_tells_how_far_it_is(self, tmp_path: Path):
        write(tmp_path, a="def one(): ...\n", b="x = 1\n")
        with self.start(tmp_path, "--exclude=b.py") as process:
            assert process.stdout is not None
            said = [json.loads(line) for line in process.stdout]
        assert process.returncode == 0
        assert said == [{"done": 0, "total": 1}, {"done": 1, "total": 1}, {"files": 1}]
        assert opened(tmp_path).paths() == ["a.py"]

    def test_ends_when_its_server_is_gone(self, tmp_path: Path):
        for number in range(300):
            put(tmp_path, f"module_{number}.py", "def one(x):\n    return x\n" * 300)
        with self.start(tmp_path) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdout.readline()
            process.stdin.close()
            process.wait(20)
        assert len(opened(tmp_path).paths()) < 300
        build(tmp_path)  # what was committed is whole, and the rest follows
        assert len(opened(tmp_path).paths()) == 300

    def test_goes_on_though_somebody_types(self, tmp_path: Path):
        for number in range(8):
            put(tmp_path, f"module_{number}.py", "def one(x):\n    return x\n")
        with self.start(tmp_path) as process:
            assert process.stdin is not None
            process.stdin.write("typing\n" * 3)
            process.stdin.flush()
            assert self.most_to_do(process) == 8
        assert process.returncode == 0
        assert len(opened(tmp_path).paths()) == 8

    def test_two_do_not_build_at_once(self, tmp_path: Path):
        write(tmp_path, a="def one(): ...\n")
        with self.start(tmp_path) as first, self.start(tmp_path) as second:
            totals = sorted(self.most_to_do(process) for process in (first, second))
        assert totals == [0, 1]

    def most_to_do(self, process: "subprocess.Popen[str]") -> int:
        assert process.stdout is not None
        return max(json.loads(line).get("total", 0) for line in process.stdout)
