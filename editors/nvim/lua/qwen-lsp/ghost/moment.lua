-- Whether this is a moment to show a suggestion.
local M = {}

--- Say whether a menu of completions is open: Neovim's, nvim-cmp's or blink.cmp's.
function M.menu_is_open()
  if vim.fn.pumvisible() == 1 then
    return true
  end
  local cmp, blink = package.loaded['cmp'], package.loaded['blink.cmp']
  for _, is_visible in ipairs({ cmp and cmp.visible or false, blink and blink.is_menu_visible or false }) do
    local good, visible = pcall(is_visible or function() end)
    if good and visible then
      return true
    end
  end
  return false
end

--- Say whether a plugin types at several places at once.
local function has_many_cursors(bufnr)
  if vim.b[bufnr].visual_multi then
    return true
  end
  local cursors = package.loaded['multicursor-nvim']
  local good, found = pcall(function()
    return cursors and cursors.hasCursors()
  end)
  return good and found or false
end

--- Say whether a suggestion may be asked for and shown in the buffer now. `vim.b.qwen_lsp = false`
--- switches it off for a buffer.
function M.is_right(bufnr)
  return vim.api.nvim_get_mode().mode == 'i'
    and bufnr == vim.api.nvim_get_current_buf()
    and vim.bo[bufnr].buftype == ''
    and vim.b[bufnr].qwen_lsp ~= false
    and vim.fn.reg_executing() == ''
    and vim.fn.reg_recording() == ''
    and not M.menu_is_open()
    and not has_many_cursors(bufnr)
end

return M
