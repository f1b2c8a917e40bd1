"""What ends, is missing, or is there twice, in real Neovims: nothing pops up, and all goes on."""

import signal
from collections.abc import Callable
from pathlib import Path

import psutil

from editors.tests.home import MODEL_ID, Home, fresh_home
from editors.tests.neovim import FUNCTION, HEAD, Neovim, neovim, plain_setup, ready_neovim
from editors.tests.waiting import wait_until

MIB = 2**20


def suggest(nvim: Neovim, name: str) -> None:
    nvim.go_to(1)
    nvim.type(HEAD.format(name=name))
    nvim.wait_for_suggestion()
    nvim.type("<C-]><Esc>")


def test_ends_of_engine_and_server(
    nvim_program: Path, home: Home, tmp_path: Path, workspace: Path
) -> None:
    with ready_neovim(nvim_program, home, tmp_path / "nvim", workspace / "shop.py") as nvim:
        suggest(nvim, "total_weight")
        (engine,) = home.engines()
        psutil.Process(engine["pid"]).kill()
        suggest(nvim, "mean_weight")

        (server,) = home.servers()
        server.kill()
        wait_until(lambda: [one.pid for one in home.servers()] not in ([], [server.pid]), "another")
        nvim.wait_for_state("ready")
        suggest(nvim, "largest_weight")

        # Who ends three times in a minute is left alone, with one sentence.
        for _ in range(2):
            wait_until(home.servers, "a server runs")[0].send_signal(signal.SIGKILL)
            wait_until(lambda: not home.servers(), "it has ended")
            nvim.lua("vim.wait(1500)")
        assert "ended 3 times (signal 9)" in wait_until(nvim.messages, "it says so")
        assert "restart" in nvim.lua("return require('qwen-lsp').statusline()")
        nvim.command("QwenLsp restart")
        nvim.wait_for_state("ready")
        suggest(nvim, "smallest_weight")


def test_pause_and_resume(nvim_program: Path, home: Home, tmp_path: Path, workspace: Path) -> None:
    with ready_neovim(nvim_program, home, tmp_path / "nvim", workspace / "shop.py") as nvim:
        nvim.command("QwenLsp pause")
        nvim.wait_for_state("paused")
        assert "paused" in nvim.lua("return require('qwen-lsp').statusline()")
        nvim.type(FUNCTION)
        nvim.lua("vim.wait(1000)")
        assert not nvim.suggestion()
        nvim.type("<Esc>")
        nvim.command("QwenLsp pause")
        nvim.wait_for_state("ready")
        nvim.type("A")
        nvim.wait_for_suggestion()


def test_a_missing_model_that_is_never_fetched(
    nvim_program: Path, tmp_path: Path, workspace: Path
) -> None:
    setup = plain_setup(settings={"model": MODEL_ID, "modelPull": "never"})
    with (
        fresh_home(None) as home,
        neovim(nvim_program, home, tmp_path / "nvim", workspace / "shop.py", setup) as nvim,
    ):
        nvim.wait_for_state("error")
        assert MODEL_ID in nvim.status()["message"]
        nvim.type(FUNCTION + "    return 1<Esc>")
        nvim.lua("vim.wait(1000)")
        assert nvim.lua("return require('qwen-lsp').statusline()").startswith("!")
        assert nvim.messages() == ""


def test_a_missing_model_that_is_asked_for_and_declined(
    nvim_program: Path, tmp_path: Path, workspace: Path
) -> None:
    before = """
        vim.g.choices = {}
        vim.ui.select = function(items, options, done)
          local titles = vim.iter(items):map(options.format_item):totable()
          vim.g.choices = { prompt = options.prompt, titles = titles, mode = vim.fn.mode() }
          done(items[2])
        end
    """
    with (
        fresh_home(None) as home,
        neovim(nvim_program, home, tmp_path / "n", workspace / "shop.py", before=before) as nvim,
    ):
        nvim.type("i")
        wait_until(
            lambda: "question" in nvim.lua("return require('qwen-lsp').statusline()"),
            "the status line tells of the question",
        )
        nvim.type("# typing goes on<CR>")
        nvim.lua("vim.wait(1500)")
        assert not nvim.lua("return vim.g.choices.prompt or false")
        nvim.type("<Esc>")
        asked = wait_until(
            lambda: nvim.lua("return vim.g.choices.prompt and vim.g.choices or false"), "it asks"
        )
        assert MODEL_ID in asked["prompt"]
        assert asked["titles"] == ["Download", "Not now"]
        assert asked["mode"] == "n"
        nvim.wait_for_state("error")
        assert nvim.lines()[0] == "# typing goes on"


def test_a_second_neovim_shares_the_engine(
    nvim_program: Path,
    home: Home,
    tmp_path: Path,
    workspace: Path,
    times: Callable[[str, str], None],
) -> None:
    shop = workspace / "shop.py"
    with ready_neovim(nvim_program, home, tmp_path / "one", shop) as first:
        suggest(first, "total_weight")
        before = server_side(home)
        with ready_neovim(nvim_program, home, tmp_path / "two", shop) as second:
            suggest(second, "total_weight")
            added = server_side(home) - before
            assert len(home.engines()) == 1
            assert len(home.servers()) == 2
            for number, server in enumerate(home.servers(), 1):
                family = [server, *server.children(recursive=True)]
                told = "; ".join(f"{role(one)} {memory(one)}" for one in family)
                times(f"{nvim_program.name}: window {number}, the server and what it started", told)
            times(f"{nvim_program.name}: a second window adds, in PSS", f"{added / MIB:.0f} MiB")


def server_side(home: Home) -> int:
    """Return the memory of all processes of the server and the engine, shared pages divided."""
    named = [one for one in home.processes() if any("qwen" in part for part in one.cmdline())]
    return sum(one.memory_full_info().pss for one in named if "nvim" not in one.name())


def role(process: psutil.Process) -> str:
    line = " ".join(process.cmdline())
    return "engine" if "engine.process" in line else "server" if "serve" in line else "index"


def memory(process: psutil.Process) -> str:
    info = process.memory_full_info()
    return f"RSS {info.rss / MIB:.0f} MiB, PSS {info.pss / MIB:.0f} MiB"
