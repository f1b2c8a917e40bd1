-- The keys of ghost text. They are mapped in the buffer while a suggestion is shown and unmapped
-- when it is gone, so that at any other time each key is what the user has made of it.
local options = require('qwen-lsp.options')

local M = {}

local PLUGS = {
  accept = '<Plug>(qwen-lsp-accept)',
  accept_word = '<Plug>(qwen-lsp-accept-word)',
  accept_line = '<Plug>(qwen-lsp-accept-line)',
  next = '<Plug>(qwen-lsp-next)',
  previous = '<Plug>(qwen-lsp-previous)',
  dismiss = '<Plug>(qwen-lsp-dismiss)',
}

-- What the buffer itself had on our keys, by key; false where it had nothing.
local before = {} ---@type table<integer, table<string, table|false>>

local function calls()
  local ghost, users = require('qwen-lsp.ghost'), require('qwen-lsp')
  return {
    accept = users.accept,
    accept_word = users.accept_word,
    accept_line = users.accept_line,
    next = function()
      ghost.select(vim.v.count1)
      return true
    end,
    previous = function()
      ghost.select(-vim.v.count1)
      return true
    end,
    dismiss = users.dismiss,
  }
end

--- Return the buffer's own mapping of a key in insert mode, false if it has none.
local function own_mapping(bufnr, lhs)
  return vim.api.nvim_buf_call(bufnr, function()
    local found = vim.fn.maparg(lhs, 'i', false, true)
    return found.buffer == 1 and found or false
  end)
end

--- Let a key do what it would do without us.
local function fall_through(bufnr, lhs)
  M.leave(bufnr)
  vim.api.nvim_feedkeys(vim.keycode(lhs), 'mi', false)
  if options.ghost_kind() == 'builtin' then
    vim.schedule(function()
      M.enter(bufnr)
    end)
  end
end

--- Map the keys while a suggestion is shown.
function M.enter(bufnr)
  local keymaps = options.values.keymaps
  if not keymaps or before[bufnr] then
    return
  end
  before[bufnr] = {}
  for name, call in pairs(calls()) do
    local lhs = keymaps[name]
    if lhs then
      before[bufnr][lhs] = own_mapping(bufnr, lhs)
      vim.keymap.set('i', lhs, function()
        -- A menu may have opened over the suggestion; then the key belongs to the menu.
        if require('qwen-lsp.ghost.moment').menu_is_open() or not call() then
          fall_through(bufnr, lhs)
        end
      end, { buffer = bufnr, desc = 'qwen-lsp: ' .. name:gsub('_', ' ') })
    end
  end
end

--- Give the keys back.
function M.leave(bufnr)
  local mappings = before[bufnr]
  before[bufnr] = nil
  if not mappings or not vim.api.nvim_buf_is_valid(bufnr) then
    return
  end
  for lhs, mapping in pairs(mappings) do
    local now = own_mapping(bufnr, lhs)
    if now and vim.startswith(now.desc or '', 'qwen-lsp: ') then
      vim.keymap.del('i', lhs, { buffer = bufnr })
      if mapping then
        vim.api.nvim_buf_call(bufnr, function()
          vim.fn.mapset('i', false, mapping)
        end)
      end
    end
  end
end

--- Map the key that asks for suggestions in a buffer, unless it has a use already.
function M.map_asking(bufnr)
  local keymaps = options.values.keymaps
  local lhs = keymaps and keymaps.next
  if lhs and vim.fn.maparg(lhs, 'i') == '' then
    vim.keymap.set('i', lhs, PLUGS.next, { buffer = bufnr, desc = 'qwen-lsp: ask' })
  end
end

--- Take that key away again.
function M.unmap_asking(bufnr)
  M.leave(bufnr)
  local lhs = options.values.keymaps and options.values.keymaps.next
  local now = lhs and vim.api.nvim_buf_is_valid(bufnr) and own_mapping(bufnr, lhs)
  if now and now.desc == 'qwen-lsp: ask' then
    vim.keymap.del('i', lhs, { buffer = bufnr })
  end
end

--- Define the <Plug> mappings, for keys of the user's own.
function M.define_plugs()
  for name, call in pairs(calls()) do
    vim.keymap.set('i', PLUGS[name], call, { desc = 'qwen-lsp: ' .. name:gsub('_', ' ') })
  end
end

return M
