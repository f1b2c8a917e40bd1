"""Driving a real Neovim over its RPC, with a screen, so that it waits where a user's would.

Every call looks first whether Neovim waits for Enter: a message that is too long for the command
line does that, blocks all other calls, and must never happen.
"""

import json
import subprocess
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pynvim

from editors.tests.home import MODEL_ID, ROOT, Home
from editors.tests.waiting import wait_until

PLUGIN = ROOT / "editors" / "nvim"
COLUMNS, LINES = 80, 24
# Keys that write the head of a function, and leave the cursor at its body.
HEAD = "Go<CR>def {name}(weights):<CR>"
FUNCTION = HEAD.format(name="total_weight")
# The programs of .editors/bin/ that all tests of Neovim are run with.
VERSIONS = ("nvim-0.11", "nvim-0.12")


class Neovim:
    """One running Neovim."""

    def __init__(self, api: Any, process: subprocess.Popen[bytes] | None) -> None:
        self.api = api
        self.process = process

    def type(self, keys: str) -> None:
        """Press keys, in Neovim's notation: `<Esc>`, `<M-w>`; `<` itself is `<lt>`."""
        self.api.input(keys)

    def lua(self, code: str, *arguments: Any) -> Any:
        """Run Lua and return what it returns."""
        self.check_not_waiting()
        return self.api.exec_lua(code, *arguments)

    def command(self, command: str) -> str:
        """Run a command of Neovim and return what it prints."""
        self.check_not_waiting()
        return self.api.command_output(command)

    def check_not_waiting(self) -> None:
        """Raise AssertionError if Neovim waits for Enter."""
        mode = self.api.api.get_mode()
        if mode["blocking"]:
            self.api.input("<CR>")
            text = self.api.command_output("messages")
            raise AssertionError(f"Neovim waits for a key ({mode['mode']}); its messages: {text}")

    def lines(self) -> list[str]:
        """Return the lines of the current buffer."""
        return self.lua("return vim.api.nvim_buf_get_lines(0, 0, -1, true)")

    def go_to(self, line: int, column: int = 1) -> None:
        """Put the cursor on a line and column, both from 1, in normal mode."""
        self.type("<Esc>")
        self.lua("vim.api.nvim_win_set_cursor(0, {...})", line, column - 1)

    def line_of(self, text: str) -> int:
        """Return the number of the first line with the text."""
        return next(i for i, line in enumerate(self.lines(), 1) if text in line)

    def suggestion(self) -> str:
        """Return the text that is suggested at the cursor, empty if none is."""
        return self.lua("return require('qwen-lsp').suggestion() or ''")

    def ghost(self) -> str:
        """Return what the marks on the screen show of a suggestion, empty if nothing."""
        return self.lua(
            """
            local lines = {}
            for _, name in ipairs({ 'qwen-lsp.ghost', 'nvim.lsp.inline_completion' }) do
              local space = vim.api.nvim_create_namespace(name)
              local options = { details = true }
              for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, space, 0, -1, options)) do
                local first = mark[4].virt_text and mark[4].virt_text[1][1] or ''
                lines[#lines + 1] = first
                for _, chunks in ipairs(mark[4].virt_lines or {}) do
                  lines[#lines + 1] = chunks[1][1]
                end
              end
            end
            return table.concat(lines, '\\n')
            """
        )

    def wait_for_suggestion(self, limit_s: float = 90) -> str:
        """Return the text that is suggested at the cursor as soon as there is one."""
        return wait_until(self.suggestion, "something is suggested", limit_s)

    def status(self) -> dict[str, Any]:
        """Return the last status of the server, empty where there is none."""
        return self.lua("return require('qwen-lsp').status() or vim.empty_dict()")

    def wait_for_state(self, state: str, limit_s: float = 120) -> None:
        """Wait until the server says that it is `state`."""
        wait_until(lambda: self.status().get("state") == state, f"the state is {state}", limit_s)

    def messages(self) -> str:
        """Return all messages of the session."""
        return self.command("messages")

    def diagnostics(self) -> list[dict[str, Any]]:
        """Return the findings in the current buffer; lines and columns are from 0."""
        return self.lua(
            """
            return vim.iter(vim.diagnostic.get(0)):map(function(one)
              return { lnum = one.lnum, message = one.message, code = one.code,
                       source = one.source, severity = one.severity }
            end):totable()
            """
        )

    def screen(self) -> list[str]:
        """Return the screen as lines of text."""
        rows = range(1, self.api.options["lines"] + 1)
        columns = self.api.options["columns"]
        read = """
            local row, columns = ...
            local cells = {}
            for column = 1, columns do cells[column] = vim.fn.screenstring(row, column) end
            return table.concat(cells)
        """
        return [self.lua(read, row, columns).rstrip() for row in rows]

    def do_action(self, title: str) -> None:
        """Choose the code action at the cursor with this title, or one that begins with `Fix: `."""
        self.lua(
            """
            local title = ...
            vim.lsp.buf.code_action({
              apply = true,
              filter = function(action)
                local is_beginning = title:find(': $') ~= nil
                return action.title == title
                  or (is_beginning and vim.startswith(action.title, title))
              end,
            })
            """,
            title,
        )

    def close(self) -> None:
        """Check that nothing went wrong in the session, and end it."""
        self.check_not_waiting()
        text = self.messages()
        # The search of `:silent` errors by their look is what a user would see of them.
        wrong = [line for line in text.splitlines() if _is_error(line)]
        assert not wrong, f"messages of the session: {text}"
        with suppress(EOFError, OSError):
            self.api.command("qall!")

    def kill(self) -> None:
        """End it in any case."""
        if self.process is not None:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
            self.process.kill()
            self.process.wait()


def _is_error(line: str) -> bool:
    head = line.lstrip()
    return head.startswith(("Error", "E5108", "stack traceback")) or (
        head[:1] == "E" and head[1:2].isdigit() and ":" in head[:7]
    )


def init_file(folder: Path, setup: str, before: str = "") -> Path:
    """Write an init.lua that loads the plugin and has `setup`, the Lua after it."""
    path = folder / "init.lua"
    path.write_text(
        f"{before}\nvim.opt.runtimepath:append({json.dumps(str(PLUGIN))})\n{setup}\n", "utf-8"
    )
    return path


def plain_setup(**options: Any) -> str:
    """Return a call of setup() with the real model."""
    text = json.dumps({"settings": {"model": MODEL_ID}, **options})
    return f"require('qwen-lsp').setup(vim.json.decode([==[{text}]==]))"


def environment(home: Home, folder: Path) -> dict[str, str]:
    """Return an environment in which Neovim knows nothing of the user's."""
    folders = {
        f"XDG_{kind}_HOME": str(folder / kind.lower())
        for kind in ("CONFIG", "DATA", "STATE", "CACHE")
    }
    return home.env | folders | {"NVIM_LOG_FILE": str(folder / "nvim.log")}


@contextmanager
def neovim(
    program: Path,
    home: Home,
    folder: Path,
    file: Path,
    setup: str | None = None,
    *,
    before: str = "",
    arguments: Sequence[str] = (),
) -> Generator[Neovim]:
    """Start Neovim on a file; in the end check that the session went well.

    `folder` is for its own files and must be short enough for a socket's path.
    """
    folder.mkdir(parents=True, exist_ok=True)
    init = init_file(folder, plain_setup() if setup is None else setup, before)
    socket = home.folder / f"nvim-{time.monotonic_ns()}"
    process = subprocess.Popen(
        [program, "--headless", "--clean", "-u", init, "--listen", socket, *arguments, file],
        env=environment(home, folder),
        cwd=file.parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until(socket.exists, "Neovim listens")
    api = pynvim.attach("socket", path=str(socket))
    nvim = Neovim(api, process)
    try:
        api.ui_attach(COLUMNS, LINES, rgb=True)
        yield nvim
        nvim.close()
    finally:
        nvim.kill()
        api.close()


@contextmanager
def ready_neovim(program: Path, home: Home, folder: Path, file: Path) -> Generator[Neovim]:
    """Start Neovim on a file and wait until the model can be asked."""
    with neovim(program, home, folder, file) as nvim:
        nvim.wait_for_state("ready")
        yield nvim
