"""Code actions, reviews and explanations in real Neovims with the real model."""

import difflib
from pathlib import Path

from editors.tests.long_review import LONG_FILE
from editors.tests.neovim import Neovim
from editors.tests.waiting import wait_until


def test_type_hints(nvim: Neovim) -> None:
    before = nvim.lines()
    nvim.go_to(nvim.line_of("def is_available"))
    nvim.do_action("Add type hints")
    wait_until(lambda: nvim.lines() != before, "the function has hints")
    changed = [
        line for line in difflib.ndiff(before, nvim.lines()) if line.startswith(("+ ", "- "))
    ]
    assert changed[0] == "- def is_available(amount):"
    assert changed[1].startswith("+ def is_available(amount")
    assert len(changed) == 2
    nvim.type("u")
    wait_until(lambda: nvim.lines() == before, "one undo takes them back")


def test_a_refusal_is_one_line(nvim: Neovim) -> None:
    nvim.go_to(nvim.line_of("def is_available"))
    nvim.command("QwenLsp pause")
    nvim.wait_for_state("paused")
    before = nvim.lines()
    nvim.do_action("Simplify")
    wait_until(lambda: "paused" in nvim.messages().lower().split("qwen-lsp:")[-1], "it says why")
    assert nvim.lines() == before
    nvim.command("QwenLsp pause")
    nvim.wait_for_state("ready")


def test_rewriting_asks_what_to_do_and_can_be_cancelled(nvim: Neovim) -> None:
    nvim.lua(
        """
        vim.ui.input = function(options, done)
          vim.g.asked = options.prompt
          done('Return the comparison itself.')
        end
        """
    )
    nvim.go_to(nvim.line_of("def is_available"))
    nvim.do_action("Rewrite as I say")
    wait_until(lambda: nvim.lua("return vim.g.asked"), "it asks what to do")
    wait_until(lambda: nvim.lua("return require('qwen-lsp').cancel()") > 0, "it is under way")
    nvim.wait_for_state("ready")


def test_an_explanation_fills_a_window(nvim: Neovim) -> None:
    nvim.go_to(nvim.line_of("def total_price"))
    nvim.command("QwenLsp explain")
    shown = """
        for _, window in ipairs(vim.api.nvim_list_wins()) do
          if vim.api.nvim_win_get_config(window).relative ~= '' then
            local bufnr = vim.api.nvim_win_get_buf(window)
            return table.concat(vim.api.nvim_buf_get_lines(bufnr, 0, -1, true), '\\n')
          end
        end
        return ''
    """
    waiting = nvim.lua(shown)
    assert waiting
    wait_until(lambda: nvim.lua(shown) not in {waiting, ""}, "words come")
    nvim.type("j")
    wait_until(lambda: not nvim.lua(shown), "moving on closes it")
    nvim.wait_for_state("ready")


def test_a_review_is_shown_hovered_fixed_and_cleared(nvim: Neovim) -> None:
    nvim.go_to(nvim.line_of("def find_article"))
    nvim.command("QwenLsp review")
    (finding,) = wait_until(nvim.diagnostics, "there is a finding")
    assert finding["source"] == "qwen-lsp"
    line = finding["lnum"] + 1
    before = nvim.lines()
    nvim.go_to(line)
    nvim.lua("vim.diagnostic.open_float()")
    hover = wait_until(
        lambda: next((text for text in nvim.screen() if finding["message"][:20] in text), ""),
        "the message is on the screen",
    )
    assert hover
    nvim.do_action("Fix: ")
    wait_until(lambda: nvim.lines() != before, "the line is fixed")
    changed = [i for i, (a, b) in enumerate(zip(before, nvim.lines(), strict=True)) if a != b]
    assert changed == [finding["lnum"]]
    wait_until(lambda: not nvim.diagnostics(), "the finding is gone")
    nvim.type("u")
    nvim.command("QwenLsp review")
    wait_until(nvim.diagnostics, "it is found again")
    nvim.command("QwenLsp clear")
    wait_until(lambda: not nvim.diagnostics(), "the findings are cleared")


def test_a_long_review_is_cancelled(nvim: Neovim, workspace: Path) -> None:
    (workspace / "long.py").write_text(LONG_FILE, "utf-8")
    nvim.command("edit long.py")
    wait_until(lambda: nvim.lua("return #vim.lsp.get_clients({ bufnr = 0 })") == 1, "attached")
    nvim.command("QwenLsp review file")
    nvim.wait_for_state("busy")
    assert "Reviewing" in nvim.lua("return require('qwen-lsp').statusline()")
    nvim.command("QwenLsp cancel")
    nvim.wait_for_state("ready", 20)
    assert "Cancelled" in wait_until(nvim.messages, "it says so")
