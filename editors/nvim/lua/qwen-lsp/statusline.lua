-- The state in one short text, for a status line.
local client_of = require('qwen-lsp.client').of
local question = require('qwen-lsp.question')
local restart = require('qwen-lsp.restart')
local state = require('qwen-lsp.state')

local M = {}

local MOST_COLUMNS = 60
local SIGNS = {
  starting = '◌',
  downloading = '⇣',
  loading = '◔',
  ready = '●',
  busy = '◐',
  paused = '‖',
  error = '!',
}

local function shortened(text)
  text = text:gsub('%.$', '')
  if vim.fn.strdisplaywidth(text) > MOST_COLUMNS then
    text = vim.fn.strcharpart(text, 0, MOST_COLUMNS - 1) .. '…'
  end
  return text
end

--- Return what is to say of a status.
local function words(status)
  local parts = {}
  if status.state == 'ready' then
    parts = { status.model ~= '' and status.model or 'ready', status.speed }
  elseif status.state == 'paused' then
    parts = { 'paused' }
  else
    parts = { status.message ~= '' and status.message or status.state }
  end
  return shortened(table.concat(vim.tbl_filter(function(part)
    return part ~= ''
  end, parts), ' · '))
end

--- Return the text for the window whose status line is drawn, '' where no server is to be.
function M.text()
  local window = vim.g.statusline_winid
  local bufnr = window and vim.api.nvim_win_is_valid(window) and vim.api.nvim_win_get_buf(window) or 0
  local client = client_of(bufnr)
  local text
  if question.waiting > 0 then
    text = '? a question is waiting'
  elseif client then
    local status = state.shown(client.id)
    text = SIGNS[status.state] .. ' ' .. words(status)
  elseif restart.given_up then
    text = SIGNS.error .. ' stopped: :QwenLsp restart'
  else
    return ''
  end
  return (text:gsub('%%', '%%%%'))
end

local OURS = "%{%v:lua.require'qwen-lsp'.statusline()%}"
local CLASSIC = '%<%f %h%w%m%r%='
local RULER = " %-14.(%l,%c%V%) %P"

--- Add the state to 'statusline', unless the user or another plugin has set it.
function M.add_to_default()
  local value = vim.api.nvim_get_option_value('statusline', { scope = 'global' })
  if vim.api.nvim_get_option_info2('statusline', { scope = 'global' }).was_set then
    return
  end
  local left, right = value:match('^(.-%%=)(.*)$')
  if not left then
    left, right = CLASSIC, RULER
  end
  vim.o.statusline = left .. OURS .. ' ' .. right
end

return M
