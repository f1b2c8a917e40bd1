"""What a model does not say on demand: ghost text of a server in Lua that says what it is told."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from editors.tests.home import Home, fresh_home
from editors.tests.neovim import Neovim, neovim
from editors.tests.waiting import wait_until

# Suggests what is left of SAYS (texts for a whole line) behind what the line has already, over the
# closers right of the cursor; answers after DELAY_MS.
SERVER = """
    SAYS, DELAY_MS, CANCELLED = {}, 1, 0
    local number = 0
    local function items(params)
      local row, column = params.position.line, params.position.character
      local line = vim.api.nvim_buf_get_lines(0, row, row + 1, true)[1]
      local closers = line:sub(column + 1):match('^[%)%]}]*')
      local behind = { line = row, character = column + #closers }
      local range = { start = params.position, ['end'] = behind }
      local found = {}
      for _, text in ipairs(SAYS) do
        local typed = line:sub(1, column)
        if vim.startswith(text, typed) and #typed < #text then
          local rest = text:sub(column + 1)
          table.insert(found, { insertText = rest, filterText = rest, range = range })
        end
      end
      return params.context.triggerKind == 1 and found or { found[1] }
    end
    local function request(method, params, answer, done)
      number = number + 1
      local mine = number
      vim.defer_fn(function()
        if done then done(mine) end
        if method == 'initialize' then
          local capabilities = { positionEncoding = 'utf-8', inlineCompletionProvider = {} }
          capabilities.executeCommandProvider = { commands = { 'qwenLsp.accepted' } }
          answer(nil, { capabilities = capabilities })
        elseif method == 'textDocument/inlineCompletion' then
          answer(nil, { items = items(params) })
        else
          answer(nil, {})
        end
      end, DELAY_MS)
      return true, mine
    end
    vim.lsp.config('qwen_lsp', {
      root_dir = vim.fn.getcwd(),
      cmd = function()
        return {
          request = request,
          notify = function(method)
            CANCELLED = CANCELLED + (method == '$/cancelRequest' and 1 or 0)
            return true
          end,
          is_closing = function() return false end,
          terminate = function() end,
        }
      end,
    })
    vim.lsp.enable('qwen_lsp')
"""


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    with fresh_home(None) as home:
        yield home


@pytest.fixture
def nvim(nvim_program: Path, home: Home, tmp_path: Path) -> Iterator[Neovim]:
    file = tmp_path / "a.py"
    file.write_text("\n", "utf-8")
    with neovim(nvim_program, home, tmp_path / "nvim", file, SERVER) as nvim:
        wait_until(lambda: nvim.lua("return #vim.lsp.get_clients({ bufnr = 0 })") == 1, "attached")
        yield nvim


def say(nvim: Neovim, *texts: str) -> None:
    nvim.lua("SAYS = {...}", *texts)


def test_closers_that_an_editor_puts_there_are_covered(nvim: Neovim) -> None:
    nvim.lua("vim.keymap.set('i', '(', '()<Left>', { buffer = true })")
    say(nvim, "total(first, second):\n    pass")
    nvim.type("itot")
    wait_until(lambda: nvim.suggestion().startswith("al("), "it is shown")
    nvim.type("al(")
    wait_until(lambda: nvim.suggestion() == "first, second):\n    pass", "the rest is shown")
    assert nvim.screen()[0] == "total(first, second):"
    nvim.type("<M-w>")
    wait_until(lambda: nvim.lines()[0] == "total(first)", "the closer stays behind a word")
    nvim.type("<M-l>")
    wait_until(lambda: nvim.lines()[0] == "total(first, second):", "a line brings its own closer")
    nvim.type("<Tab>")
    wait_until(lambda: nvim.lines() == ["total(first, second):", "    pass"], "all is there")
    nvim.type("<Esc>uuu")
    wait_until(lambda: nvim.lines()[0] == "total()", "three steps of undo")


def test_a_closer_that_comes_on_a_later_line_is_hidden(nvim: Neovim) -> None:
    nvim.lua("vim.keymap.set('i', '(', '()<Left>', { buffer = true })")
    say(nvim, "total(\n    first,\n)")
    nvim.type("itotal(")
    wait_until(nvim.suggestion, "it is shown")
    assert nvim.screen()[:3] == ["total(", "    first,", ")"]
    nvim.type("<Tab>")
    wait_until(lambda: nvim.lines() == ["total(", "    first,", ")"], "all is there, once")


def test_alternatives_are_counted_and_typed_through(nvim: Neovim) -> None:
    say(nvim, "total = 1", "total = 2", "weight = 3")
    nvim.type("it")
    wait_until(nvim.suggestion, "it is shown")
    nvim.type("<M-]>")
    wait_until(lambda: nvim.suggestion() == "otal = 2", "the second is shown")
    assert nvim.screen()[0] == "total = 2 (2/2)"
    nvim.type("otal")
    wait_until(lambda: nvim.suggestion() == " = 2", "and stays")
    nvim.type(" = 1<BS>")
    wait_until(lambda: nvim.suggestion() == "2" or nvim.suggestion() == "1", "one of them fits")


def test_lines_without_room_are_counted(nvim: Neovim) -> None:
    nvim.lua("vim.api.nvim_buf_set_lines(0, 0, -1, true, vim.fn['repeat']({ 'x = 1' }, 50))")
    say(nvim, "if x:\n    y = 1\n    z = 2")
    nvim.type("Gzbo")
    nvim.type("if")
    wait_until(nvim.suggestion, "it is shown")
    assert "if x: … 2 more lines" in "\n".join(nvim.screen())


def test_tabs_are_as_wide_as_the_buffers(nvim: Neovim) -> None:
    nvim.lua("vim.bo.tabstop = 4; vim.bo.expandtab = false")
    say(nvim, "if x:\n\ty\t= 1")
    nvim.type("iif")
    wait_until(nvim.suggestion, "it is shown")
    assert nvim.screen()[1] == "    y   = 1"
    nvim.type("<Tab>")
    wait_until(lambda: nvim.lines() == ["if x:", "\ty\t= 1"], "tabs are inserted")


def test_late_answers_are_cancelled_and_not_shown(nvim: Neovim) -> None:
    say(nvim, "total = 1")
    nvim.lua("DELAY_MS = 300")
    nvim.type("it")
    nvim.lua("vim.wait(100)")
    nvim.type("x")
    nvim.lua("vim.wait(100)")
    assert nvim.lua("return CANCELLED") == 1
    nvim.lua("vim.wait(600)")
    assert not nvim.ghost()


def test_own_keys(nvim: Neovim) -> None:
    nvim.lua(
        """
        vim.keymap.set('i', '<Right>', function()
          return require('qwen-lsp').accept() and '' or '<Right>'
        end, { expr = true })
        vim.keymap.set('i', '<C-f>', '<Plug>(qwen-lsp-accept-word)')
        """
    )
    say(nvim, "total = first + second")
    nvim.type("it")
    wait_until(nvim.suggestion, "it is shown")
    nvim.type("<C-f>")
    wait_until(lambda: nvim.lines()[0] == "total", "a word is accepted")
    nvim.type("<Right>")
    wait_until(lambda: nvim.lines()[0] == "total = first + second", "all is accepted")
    nvim.type("<Home><Right>x")
    wait_until(lambda: nvim.lines()[0].startswith("tx"), "the key is its own again")


def test_long_messages_ask_for_nothing(nvim: Neovim) -> None:
    nvim.lua(
        "for n = 1, 3 do require('qwen-lsp.say').say(('%d long words '):format(n):rep(30)) end"
    )
    wait_until(lambda: "3 long words" in nvim.messages(), "all are told")
    assert max(map(len, nvim.messages().splitlines())) < 80
    # A plugin may have put a table in the place of vim.notify.
    nvim.lua(
        """
        vim.notify = setmetatable({}, { __call = function(_, text) vim.g.told = text end })
        require('qwen-lsp.say').say(('words '):rep(30))
        """
    )
    wait_until(lambda: len(nvim.lua("return vim.g.told or ''")) > 150, "all of it is told")
