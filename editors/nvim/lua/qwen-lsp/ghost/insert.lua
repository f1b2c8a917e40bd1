-- Putting a suggestion, or a part of it, into the buffer.
local parts = require('qwen-lsp.ghost.parts')
local shown = require('qwen-lsp.ghost.shown')

local M = {}

--- Run a function of this plugin in insert mode, as an undo step of its own. It can be called in
--- a mapping, with or without `expr`.
function M.as_one_step(call)
  local keys = ('<C-g>u<Cmd>lua %s<CR><C-g>u'):format(call)
  vim.api.nvim_feedkeys(vim.keycode(keys), 'ni', false)
end

--- Insert the part of `kind` ('all', 'word' or 'line') of what is left at the cursor.
---@param left qwen_lsp.Left
function M.part(bufnr, client, left, kind)
  local part = parts[kind](left.text)
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  row = row - 1
  local rest = left.text:sub(#part + 1)
  -- A closer that is still to come in the rest stays where it is.
  if left.covered ~= '' and not shown.contains_in_order(rest, left.covered) then
    vim.api.nvim_buf_set_text(bufnr, row, col, row, col + #left.covered, {})
  end
  -- Pasted text is repeated by |.|; text that is set is not.
  vim.api.nvim_paste(part, false, -1)
  M.tell(bufnr, client, kind)
end

--- Tell the server what was accepted and where the cursor is now, so that it can go on from there.
function M.tell(bufnr, client, kind)
  local position = vim.lsp.util.make_position_params(0, client.offset_encoding).position
  local argument = { kind = kind, uri = vim.uri_from_bufnr(bufnr), position = position }
  local params = { command = 'qwenLsp.accepted', arguments = { argument } }
  client:request('workspace/executeCommand', params, function() end, bufnr)
end

return M
