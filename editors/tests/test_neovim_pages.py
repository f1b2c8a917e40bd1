"""What a user reads: health, help, status line, messages, and the pictures of the README."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pynvim

from editors.tests.home import MODEL_ID, Home
from editors.tests.neovim import (
    FUNCTION,
    PLUGIN,
    VERSIONS,
    Neovim,
    environment,
    init_file,
    neovim,
    plain_setup,
    ready_neovim,
)
from editors.tests.terminal import draw
from editors.tests.waiting import wait_until

LOOKS = "vim.o.number = true vim.o.cursorline = true vim.o.showmode = false vim.o.ruler = false"


def test_health_without_setup(
    nvim_program: Path, shared_home: Home, tmp_path: Path, workspace: Path
) -> None:
    # The plain way: no setup(), the program on the PATH, the settings by vim.lsp.config().
    setup = f"""
        vim.lsp.config('qwen_lsp', {{
          cmd = {{ 'qwen-lsp', 'serve' }},
          settings = {{ qwenLsp = {{ model = '{MODEL_ID}' }} }},
        }})
        vim.lsp.enable('qwen_lsp')
    """
    with neovim(nvim_program, shared_home, tmp_path / "nvim", workspace / "shop.py", setup) as nvim:
        nvim.wait_for_state("ready")
        assert MODEL_ID in nvim.lua("return require('qwen-lsp').statusline()")
        assert any(MODEL_ID in row for row in nvim.screen()[-3:])
        nvim.command("checkhealth qwen-lsp")
        report = "\n".join(nvim.lines())
        assert "ERROR" not in report
        assert "llama.cpp" in report
        assert f"ready ({MODEL_ID})" in report
        assert "ghost text: own" in report
        nvim.command("bwipeout")
        # A server that is killed under this set-up is as quiet.
        shared_home.servers()[0].kill()
        nvim.lua("vim.wait(1000)")
        nvim.wait_for_state("ready")


def test_wrong_options_and_commands_get_one_sentence(
    nvim_program: Path, shared_home: Home, tmp_path: Path, workspace: Path
) -> None:
    setup = """
        require('qwen-lsp').setup({
          ghost = true,
          ghost_text = 'maybe',
          keymaps = { jump = 'x' },
          cmd = { 'no-such-program', 'serve' },
        })
    """
    with neovim(nvim_program, shared_home, tmp_path / "nvim", workspace / "shop.py", setup) as nvim:
        nvim.command("QwenLsp nonsense")
        wanted = (
            'no option "ghost"',
            "ghost_text must be",
            '"jump"',
            "no-such-program",
            "nonsense",
        )
        wait_until(lambda: all(one in str(nvim.lua(HISTORY)) for one in wanted), "all is told")
        nvim.command("edit another.py")
        nvim.lua("vim.wait(500)")
        assert len(nvim.lua(HISTORY)) == len(wanted)


HISTORY = "return require('qwen-lsp.say').history"


def test_commands_complete_and_show(
    nvim_program: Path, shared_home: Home, tmp_path: Path, workspace: Path
) -> None:
    with ready_neovim(nvim_program, shared_home, tmp_path / "nvim", workspace / "shop.py") as nvim:
        complete = "return vim.fn.getcompletion(..., 'cmdline')"
        assert nvim.lua(complete, "QwenLsp re") == ["restart", "review", "rewrite"]
        assert MODEL_ID in nvim.lua(complete, "QwenLsp model qwen2")
        nvim.command("QwenLsp status")
        assert any(MODEL_ID in line for line in nvim.lines())
        nvim.type("q")
        nvim.command("QwenLsp doctor")
        wait_until(lambda: "ok" in nvim.lines()[0], "the doctor has looked")
        nvim.type("q")
        nvim.type(FUNCTION)
        nvim.wait_for_suggestion()
        nvim.type("<Esc>")
        nvim.command("QwenLsp prompt")
        shown = "return vim.fn.expand('%')"
        wait_until(lambda: nvim.lua(shown) == "qwen-lsp://prompt", "the prompt is shown")
        assert "total_weight" in "\n".join(nvim.lines())
        nvim.type("q")
        nvim.command(f"QwenLsp model {MODEL_ID}")
        wait_until(lambda: "The model is" in str(nvim.lua(HISTORY)), "the model is chosen")
        nvim.command("QwenLsp log")


def test_help_has_tags(editor: Callable[[str], Path], tmp_path: Path) -> None:
    shutil.copytree(PLUGIN / "doc", tmp_path / "doc")
    done = subprocess.run(
        [editor(VERSIONS[0]), "--clean", "--headless", "+helptags doc", "+quit"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        check=True,
        text=True,
    )
    assert done.stderr.strip() == ""
    text = (tmp_path / "doc" / "tags").read_text("utf-8")
    for tag in ("qwen-lsp", ":QwenLsp", "qwen-lsp-options", "qwen-lsp.setup()"):
        assert f"\n{tag}\t" in f"\n{text}"
    page = (PLUGIN / "doc" / "qwen-lsp.txt").read_text("utf-8")
    assert max(map(len, page.splitlines())) <= 80
    commands = set(re.findall(r"^:QwenLsp (\w+)", page, re.MULTILINE))
    source = (PLUGIN / "lua" / "qwen-lsp" / "commands.lua").read_text("utf-8")
    assert commands == set(re.findall(r"^  (\w+) = \{$", source, re.MULTILINE))


def test_builtin_ghost_text(
    editor: Callable[[str], Path], shared_home: Home, tmp_path: Path, workspace: Path
) -> None:
    setup = plain_setup(ghost_text="builtin")
    program = editor("nvim-0.12")
    with neovim(program, shared_home, tmp_path / "nvim", workspace / "shop.py", setup) as nvim:
        nvim.wait_for_state("ready")
        nvim.type(FUNCTION)
        text = nvim.wait_for_suggestion()
        before = "\n".join(nvim.lines())
        nvim.type("<M-w>")
        wait_until(lambda: "\n".join(nvim.lines()) != before, "a word is accepted")
        word = "\n".join(nvim.lines())[len(before) :]
        assert text.startswith(word)
        if rest := text[len(word) :]:
            wait_until(lambda: nvim.suggestion() == rest, "the rest is shown")
            nvim.type("<Tab>")
            wait_until(lambda: "\n".join(nvim.lines()) == before + text, "and accepted")


def test_pictures(
    editor: Callable[[str], Path],
    shared_home: Home,
    tmp_path: Path,
    workspace: Path,
    picture: Callable[[str], Path],
) -> None:
    nvim_program, tmux = editor("nvim-0.12"), editor("tmux")
    socket = shared_home.folder / "picture"
    init = init_file(tmp_path, plain_setup(), LOOKS)
    start = [nvim_program, "--clean", "-u", init, "--listen", socket, "+22", "shop.py"]
    server = [str(tmux), "-L", shared_home.folder.name]
    size = ["-x", "84", "-y", "28"]
    env = environment(shared_home, tmp_path) | {"COLORTERM": "truecolor", "TERM": "xterm-256color"}
    command = shlex.join(str(part) for part in start)
    subprocess.run(
        [*server, "-f", "/dev/null", "new-session", "-d", *size, command],
        env=env, cwd=workspace, check=True,
    )  # fmt: skip

    def capture(name: str, title: str) -> None:
        printed = subprocess.run(
            [*server, "capture-pane", "-p", "-e", "-N"],
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        ).stdout
        draw(printed, title, picture(name))

    wait_until(socket.exists, "Neovim listens")
    api = pynvim.attach("socket", path=str(socket))
    nvim = Neovim(api, None)
    try:
        nvim.wait_for_state("ready")
        nvim.go_to(nvim.line_of("return total * "))
        nvim.type("o<C-u><CR><CR>def mean_price(prices):<CR>")
        nvim.wait_for_suggestion()
        nvim.type("<C-o>zz")
        nvim.wait_for_suggestion()
        nvim.lua("vim.wait(300)")
        capture("neovim-ghost-text.svg", "nvim shop.py")
        nvim.type("<C-]><Esc>")
        nvim.command("undo 0")
        nvim.go_to(nvim.line_of("def find_article"))
        nvim.command("QwenLsp review")
        (finding,) = wait_until(nvim.diagnostics, "there is a finding")
        nvim.command("normal! 25Gzt")
        nvim.go_to(finding["lnum"] + 1, 5)
        nvim.lua("vim.diagnostic.open_float({ border = 'rounded' })")
        nvim.lua("vim.wait(300)")
        capture("neovim-review.svg", "nvim shop.py")
        nvim.command("qall!")
    except (EOFError, OSError):
        pass  # it has ended, as it was told
    finally:
        api.close()
        subprocess.run([*server, "kill-server"], check=False, stderr=subprocess.DEVNULL)
