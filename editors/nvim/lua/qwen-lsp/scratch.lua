-- Windows with text that is only read: a prompt, what the doctor found, a model's explanation.
local M = {}

--- Show lines in a window below, which `q` closes; one window for each name.
function M.open(name, lines, filetype)
  local title = 'qwen-lsp://' .. name
  local bufnr = vim.fn.bufnr(title)
  if bufnr == -1 then
    bufnr = vim.api.nvim_create_buf(false, true)
    vim.api.nvim_buf_set_name(bufnr, title)
    vim.bo[bufnr].bufhidden = 'wipe'
    vim.keymap.set('n', 'q', '<Cmd>close<CR>', { buffer = bufnr, desc = 'Close this window' })
  end
  M.fill(bufnr, lines)
  vim.bo[bufnr].filetype = filetype or ''
  local window = vim.fn.bufwinid(bufnr)
  if window == -1 then
    vim.cmd.split({ mods = { split = 'botright' } })
    vim.api.nvim_win_set_buf(0, bufnr)
    vim.api.nvim_win_set_height(0, math.min(#lines + 1, math.floor(vim.o.lines / 2)))
  else
    vim.api.nvim_set_current_win(window)
  end
  return bufnr
end

--- Put lines into a buffer that the user cannot change.
function M.fill(bufnr, lines)
  vim.bo[bufnr].modifiable = true
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  vim.bo[bufnr].modifiable = false
end

return M
