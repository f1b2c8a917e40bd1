-- What a piece of code does, in a floating window that fills while the model writes.
local clients = require('qwen-lsp.client')
local scratch = require('qwen-lsp.scratch')

local M = {}

local MOST_COLUMNS, MOST_LINES = 80, 20

local bufnr, window ---@type integer?, integer?

local function is_open()
  return window ~= nil and vim.api.nvim_win_is_valid(window)
end

--- Fit the window to its text.
local function fit()
  local lines = vim.api.nvim_win_text_height(window, {}).all
  vim.api.nvim_win_set_height(window, math.max(1, math.min(lines, MOST_LINES, vim.o.lines - 4)))
end

local function open()
  bufnr = vim.api.nvim_create_buf(false, true)
  vim.bo[bufnr].bufhidden = 'wipe'
  vim.bo[bufnr].filetype = 'markdown'
  scratch.fill(bufnr, { 'The model is reading …' })
  window = vim.api.nvim_open_win(bufnr, false, {
    relative = 'cursor',
    row = 1,
    col = 0,
    width = math.min(MOST_COLUMNS, vim.o.columns - 4),
    height = 1,
    style = 'minimal',
    border = 'rounded',
    title = ' qwen-lsp ',
  })
  vim.wo[window].wrap = true
  vim.wo[window].linebreak = true
  vim.wo[window].conceallevel = 2
  vim.keymap.set('n', 'q', '<Cmd>close<CR>', { buffer = bufnr, desc = 'Close this window' })
end

--- Show the whole text so far.
function M.show(text)
  if is_open() then
    scratch.fill(bufnr, vim.split(vim.trim(text), '\n', { plain = true }))
    fit()
  end
end

--- Explain lines (1-based, both included) of the current buffer, or the function at the cursor.
--- Moving the cursor closes the window, and ends the work if it still goes on.
function M.start(first, last)
  local client, argument = clients.here(first, last)
  if not client then
    return
  end
  if is_open() then
    vim.api.nvim_win_close(window, true)
  end
  open()
  local mine = window
  local number
  local function close()
    if vim.api.nvim_win_is_valid(mine) then
      vim.api.nvim_win_close(mine, true)
    end
  end
  number = clients.execute(client, 'qwenLsp.explain', { argument }, function(result)
    number = nil
    if result then
      M.show(result.text)
    else
      close()
    end
  end)
  vim.api.nvim_create_autocmd('WinClosed', {
    pattern = tostring(mine),
    once = true,
    callback = function()
      if number and client.requests[number] then
        client:cancel_request(number)
      end
    end,
  })
  vim.schedule(function()
    vim.api.nvim_create_autocmd({ 'CursorMoved', 'InsertEnter', 'BufLeave' }, {
      buffer = vim.api.nvim_get_current_buf(),
      callback = function()
        -- Whoever goes into the window wants to read on.
        vim.schedule(function()
          if vim.api.nvim_get_current_win() ~= mine then
            close()
          end
        end)
        return not vim.api.nvim_win_is_valid(mine)
      end,
    })
  end)
end

return M
