-- Ghost text by Neovim's own vim.lsp.inline_completion (0.12), for whoever prefers it.
local insert = require('qwen-lsp.ghost.insert')
local parts = require('qwen-lsp.ghost.parts')

local M = {}

local namespace = vim.api.nvim_create_namespace('nvim.lsp.inline_completion')

--- Switch it on or off for a server in a buffer.
function M.enable(is_on, bufnr, client_id)
  vim.lsp.inline_completion.enable(is_on, { client_id = client_id })
  if is_on then
    vim.lsp.inline_completion.enable(true, { bufnr = bufnr })
  end
end

--- Return the text that is shown, nil if none is.
function M.text()
  local marks = vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true })
  if not marks[1] then
    return nil
  end
  local details, lines = marks[1][4], {}
  for _, chunks in ipairs({ details.virt_text or {}, unpack(details.virt_lines or {}) }) do
    table.insert(lines, chunks[1] and chunks[1][1] or '')
  end
  return table.concat(lines, '\n')
end

--- Insert the part of an item that is not yet typed. Returns nothing, so that Neovim does not.
local function insert_part(item, kind)
  local bufnr = vim.api.nvim_get_current_buf()
  local client = vim.lsp.get_client_by_id(item.client_id)
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  local text = item.insert_text
  if not client or type(text) ~= 'string' then
    return
  end
  local covered = ''
  if item.range then
    local first_row, first_col, _, last_col = item.range:to_extmark()
    local line = vim.api.nvim_get_current_line()
    local typed = line:sub(first_col + 1, col)
    -- The item may be older than the last keys.
    if first_row ~= row - 1 or not vim.startswith(text, typed) then
      return
    end
    text, covered = text:sub(#typed + 1), line:sub(col + 1, math.max(col, last_col))
  end
  if parts[kind](text) ~= '' then
    insert.part(bufnr, client, { index = 1, text = text, covered = covered }, kind)
  end
end

--- Accept 'all', 'word' or 'line'; say whether there was something to accept.
function M.accept(kind)
  return vim.lsp.inline_completion.get({
    on_accept = function(item)
      insert_part(item, kind)
    end,
  })
end

--- Show the next alternative (`step` 1) or the one before (-1).
function M.select(step)
  vim.lsp.inline_completion.select({ count = step })
end

--- Hide the suggestion; say whether one was shown.
function M.dismiss()
  local was_shown = M.text() ~= nil
  local bufnr = vim.api.nvim_get_current_buf()
  vim.lsp.inline_completion.enable(false, { bufnr = bufnr })
  vim.lsp.inline_completion.enable(true, { bufnr = bufnr })
  return was_shown
end

return M
