-- Messages to the user: one line each, never in the middle of typing, never a hit-enter prompt.
local idle = require('qwen-lsp.idle')

local M = {}

-- The last messages in full, for `:QwenLsp status`.
M.history = {} ---@type string[]
local MOST_KEPT = 20
local told = {} ---@type table<string, boolean>

local LEVELS = { vim.log.levels.WARN, vim.log.levels.WARN, vim.log.levels.INFO, vim.log.levels.DEBUG }

--- Say whether vim.notify is Neovim's own, which writes into the command line. Its source is a
--- file inside of Neovim, or unknown; that of a plugin is a file on the disk, or it is a table.
local function is_plain_notify()
  if type(vim.notify) ~= 'function' then
    return false
  end
  local source = debug.getinfo(vim.notify, 'S').source
  return source:sub(1, 1) ~= '@' or source:find('vim/_', 1, true) ~= nil
end

--- Return as much of the text as the command line has room for: more would be a prompt.
local function shortened(text)
  local room = vim.v.echospace
  if vim.fn.strdisplaywidth(text) <= room then
    return text
  end
  local length = vim.fn.strchars(text)
  repeat
    length = length - 1
    local cut = vim.fn.strcharpart(text, 0, length)
    if vim.fn.strdisplaywidth(cut) < room then
      return cut .. '…'
    end
  until length <= 1
  return ''
end

local function show(text, level)
  if is_plain_notify() then
    -- A second message before the screen is drawn would scroll the first, and ask for Enter.
    vim.cmd.redraw()
    text = shortened(text)
  end
  vim.notify(text, level)
end

--- Tell the user one sentence, as soon as nothing is being typed.
function M.say(text, level)
  text = 'qwen-lsp: ' .. vim.trim(text:gsub('%s+', ' '))
  table.insert(M.history, text)
  if #M.history > MOST_KEPT then
    table.remove(M.history, 1)
  end
  idle.run_when_free(function()
    show(text, level or vim.log.levels.INFO)
  end, 0)
end

--- Tell a sentence once in this session.
function M.once(text, level)
  if not told[text] then
    told[text] = true
    M.say(text, level)
  end
end

--- Tell what the server wants to be shown.
function M.server_message(message)
  local text = message.message:gsub('^qwen%-lsp: ', '')
  M.say(text, LEVELS[message.type] or vim.log.levels.INFO)
end

return M
