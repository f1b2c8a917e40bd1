"""Ghost text in real Neovims with the real model: typing, accepting, undoing."""

import time
from collections.abc import Callable
from pathlib import Path

from editors.tests.home import Home
from editors.tests.neovim import FUNCTION, Neovim, neovim
from editors.tests.waiting import wait_until


def suggest(nvim: Neovim) -> str:
    """Write the head of a function, and return what is suggested as its body."""
    nvim.go_to(1)
    nvim.type(FUNCTION)
    text = nvim.wait_for_suggestion()
    assert nvim.ghost() == text
    return text


def count_requests(nvim: Neovim) -> None:
    """Begin to count requests for suggestions, in vim.g.asked."""
    nvim.lua(
        """
        vim.g.asked = 0
        vim.api.nvim_create_autocmd('LspRequest', { callback = function(event)
          local request = event.data.request
          if request.method == 'textDocument/inlineCompletion' and request.type == 'pending' then
            vim.g.asked = vim.g.asked + 1
          end
        end })
        """
    )


def test_first_suggestion(
    nvim_program: Path,
    shared_home: Home,
    tmp_path: Path,
    workspace: Path,
    times: Callable[[str, str], None],
) -> None:
    began = time.monotonic()
    with neovim(nvim_program, shared_home, tmp_path / "nvim", workspace / "shop.py") as nvim:
        nvim.type(FUNCTION)
        nvim.wait_for_suggestion()
        seconds = time.monotonic() - began
        times(
            f"{nvim_program.name}: opening the editor to the first suggestion", f"{seconds:.1f} s"
        )


def test_typing_through_asks_nothing_and_something_else_hides(nvim: Neovim) -> None:
    text = suggest(nvim)
    count_requests(nvim)
    for typed in range(1, 5):
        nvim.type(text[typed - 1].replace("<", "<lt>"))
        wait_until(lambda: nvim.suggestion() == text[typed:], "the rest is shown")  # noqa: B023
        assert nvim.ghost() == text[typed:]
    assert nvim.lua("return vim.g.asked") == 0
    nvim.type("<BS>")
    wait_until(lambda: nvim.suggestion() == text[3:], "backspace brings the character back")
    nvim.type("@")
    wait_until(lambda: not nvim.ghost(), "something else than suggested hides it")
    assert nvim.lines()[-1] == "    " + text[:3] + "@"


def test_accepting_all_is_one_step_of_undo_and_is_repeated(nvim: Neovim) -> None:
    text = suggest(nvim)
    before = nvim.lines()
    nvim.type("<Tab>")
    expected = [*before[:-1], *(before[-1] + text).split("\n")]
    wait_until(lambda: nvim.lines() == expected, "all of it is in the buffer")
    column = nvim.lua("return vim.api.nvim_win_get_cursor(0)[2]")
    assert column == len(expected[-1].encode())
    nvim.type("<Esc>u")
    wait_until(lambda: nvim.lines() == before, "one undo takes it back")


def test_dot_repeats_what_was_accepted(nvim: Neovim) -> None:
    text = suggest(nvim)
    nvim.type("<Tab>")
    wait_until(lambda: "\n".join(nvim.lines()).endswith(text), "all of it is in the buffer")
    written = len(nvim.lines())
    nvim.type("<Esc>.")
    wait_until(lambda: len(nvim.lines()) > written, "the change is repeated")
    assert "\n".join(nvim.lines()).count(text.split("\n")[0]) >= 2


def test_accepting_a_word_and_a_line(nvim: Neovim) -> None:
    text = suggest(nvim)
    before = nvim.lines()
    nvim.type("<M-w>")
    wait_until(lambda: nvim.lines() != before, "a word is accepted")
    word = nvim.lines()[-1][4:]
    assert text.startswith(word)
    assert 0 < len(word) <= len(text)
    rest = text[len(word) :]
    if rest:
        assert nvim.wait_for_suggestion() == rest
        nvim.type("<M-l>")
        line = rest.split("\n")[0] if not rest.startswith("\n") else "\n" + rest.split("\n")[1]
        expected = "\n".join(before) + word + line
        wait_until(lambda: "\n".join(nvim.lines()) == expected, "the line is accepted")
    nvim.type("<Esc>u")
    wait_until(
        lambda: "\n".join(nvim.lines()) == "\n".join(before) + (word if rest else ""), "undo"
    )
    counted = nvim.lua(
        """
        local client = vim.lsp.get_clients({ name = 'qwen_lsp' })[1]
        local answer = client:request_sync('workspace/executeCommand',
          { command = 'qwenLsp.accepted', arguments = { { kind = 'all' } } }, 5000, 0)
        return answer.result
        """
    )
    assert counted["word"] == 1
    assert counted.get("line", 0) == (1 if rest else 0)


def test_alternatives_and_dismissing(nvim: Neovim) -> None:
    text = suggest(nvim)
    nvim.type("<C-]>")
    wait_until(lambda: not nvim.ghost(), "it is dismissed")
    nvim.type("<M-]>")
    assert nvim.wait_for_suggestion() == text
    nvim.type("<M-]>")
    wait_until(nvim.suggestion, "an alternative is shown")
    nvim.type("<M-[>")
    wait_until(lambda: nvim.suggestion() == text, "and the first one again")


def test_keys_are_the_users_own_where_nothing_is_shown(nvim: Neovim) -> None:
    nvim.lua("vim.keymap.set('i', '<Tab>', 'mine', { buffer = true })")
    suggest(nvim)
    assert "qwen-lsp" in nvim.command("imap <buffer> <Tab>")
    nvim.type("<C-]>")
    wait_until(lambda: not nvim.ghost(), "it is dismissed")
    nvim.type("<Tab>")
    wait_until(lambda: nvim.lines()[-1].endswith("mine"), "the user's own mapping is used")


def test_nothing_is_shown_in_a_menu_a_macro_or_replacing(nvim: Neovim) -> None:
    suggest(nvim)
    nvim.type("<C-x><C-n>")
    wait_until(lambda: not nvim.ghost(), "the menu hides it")
    nvim.type("<C-e><Esc>qqA")
    nvim.lua("vim.wait(300)")
    assert not nvim.ghost()
    nvim.type("<Esc>qR")
    nvim.lua("vim.wait(300)")
    assert not nvim.ghost()


def test_leaving_insert_mode_hides(nvim: Neovim) -> None:
    for key in ("<Esc>", "<C-c>"):
        suggest(nvim)
        nvim.type(key)
        wait_until(lambda: not nvim.ghost(), "it is hidden")


def test_text_of_many_bytes(nvim: Neovim) -> None:
    # A pattern to go on with, so that any model has something to say.
    done = ["NAME = 'Käse 世界'  # 世界", "größe_in_fuß = länge_in_metern * 3.28  # 世界"]
    nvim.lua("vim.api.nvim_buf_set_lines(0, -1, -1, true, ...)", [*done, ""])
    nvim.go_to(1)
    nvim.type("Go<CR>größe_in_zoll = länge_in_metern *")
    text = nvim.wait_for_suggestion()
    before = "\n".join(nvim.lines())
    nvim.type("<M-w>")
    wait_until(lambda: "\n".join(nvim.lines()) != before, "a word is accepted")
    nvim.type("<M-l>")
    nvim.lua("vim.wait(200)")
    written = "\n".join(nvim.lines())[len(before) :]
    assert text.startswith(written)
