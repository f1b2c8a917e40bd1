-- Ghost text: which of its two kinds is used, and when it is told that something has happened.
local draw = require('qwen-lsp.ghost.draw')
local keys = require('qwen-lsp.keys')
local options = require('qwen-lsp.options')
local own = require('qwen-lsp.ghost.own')

local M = {}

--- Return the kind in use, nil if there is no ghost text.
local function kind()
  local name = options.ghost_kind()
  return name and require('qwen-lsp.ghost.' .. name) or nil
end

local function group_of(bufnr)
  return ('qwen-lsp.ghost.%d'):format(bufnr)
end

--- Begin to suggest in a buffer.
function M.attach(bufnr, client_id)
  local name = options.ghost_kind()
  draw.define_colours()
  if vim.lsp.inline_completion then
    -- Two ghosts at one place would be one too many.
    require('qwen-lsp.ghost.builtin').enable(name == 'builtin', bufnr, client_id)
  end
  if not name then
    return
  end
  keys.map_asking(bufnr)
  if name == 'builtin' then
    keys.enter(bufnr)
    return
  end
  local group = vim.api.nvim_create_augroup(group_of(bufnr), { clear = true })
  local function on(events, call)
    vim.api.nvim_create_autocmd(events, { group = group, buffer = bufnr, callback = call })
  end
  on({ 'InsertEnter', 'TextChangedI', 'CursorMovedI', 'TextChangedP', 'CompleteDone' }, function()
    -- InsertEnter comes before the mode has changed, CompleteDone before the menu has closed.
    if vim.api.nvim_get_mode().mode == 'i' and vim.fn.pumvisible() == 0 then
      own.follow(bufnr)
    else
      vim.schedule(function()
        own.follow(bufnr)
      end)
    end
  end)
  on({ 'InsertLeave', 'BufLeave', 'WinLeave' }, own.stop)
  -- |i_CTRL-C| leaves insert mode without InsertLeave.
  vim.api.nvim_create_autocmd('ModeChanged', { group = group, pattern = 'i:*', callback = own.stop })
  vim.api.nvim_create_autocmd('User', {
    group = group,
    pattern = { 'BlinkCmpMenuOpen', 'CmpMenuOpen' },
    callback = own.stop,
  })
  vim.api.nvim_create_autocmd('User', {
    group = group,
    pattern = 'QwenLspStatus',
    callback = function(event)
      if event.data.became_ready and bufnr == vim.api.nvim_get_current_buf() then
        own.ask_again(bufnr)
      end
    end,
  })
  own.follow(bufnr)
end

--- Stop to suggest in a buffer.
function M.detach(bufnr)
  own.stop()
  keys.unmap_asking(bufnr)
  pcall(vim.api.nvim_del_augroup_by_name, group_of(bufnr))
end

--- Return the text that is shown, nil if none is.
function M.text()
  local used = kind()
  return used and used.text()
end

function M.accept(part)
  local used = kind()
  return used ~= nil and used.accept(part)
end

function M.select(step)
  local used = kind()
  if used then
    used.select(step)
  end
end

function M.dismiss()
  local used = kind()
  return used ~= nil and used.dismiss()
end

return M
