-- Ghost text by virtual text of our own: asked for a moment after each key, one request at a time,
-- shrinking while the user types what it says.
local client_of = require('qwen-lsp.client').of
local draw = require('qwen-lsp.ghost.draw')
local insert = require('qwen-lsp.ghost.insert')
local keys = require('qwen-lsp.keys')
local moment = require('qwen-lsp.ghost.moment')
local options = require('qwen-lsp.options')
local shown = require('qwen-lsp.ghost.shown')
local state = require('qwen-lsp.state')

local M = {}

local INVOKED, AUTOMATIC = 1, 2
-- An answer that took so long was cut off by its deadline, while the model was still reading.
local LONG_MS = 1500

local current = nil ---@type qwen_lsp.Shown?
local under_way = nil ---@type {client: vim.lsp.Client, number: integer?, is_by_key: boolean?}?
local asked_at = nil ---@type string? The place that was asked for last.
local timer = assert(vim.uv.new_timer())

--- Return the cursor's row and byte column, both from 0.
local function cursor()
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  return row - 1, col
end

--- Return a text that is the same as long as the cursor and the buffer's text are.
local function place(bufnr)
  local row, col = cursor()
  return table.concat({ bufnr, vim.api.nvim_buf_get_changedtick(bufnr), row, col }, ' ')
end

local function cancel()
  timer:stop()
  if under_way then
    local old = under_way
    under_way = nil
    if old.number and old.client.requests[old.number] then
      old.client:cancel_request(old.number)
    end
  end
end

local function hide()
  if current then
    draw.clear(current.bufnr)
    keys.leave(current.bufnr)
    current = nil
  end
end

--- Draw what is left of the current suggestion; say whether there is anything.
local function show(with_count)
  local left = current and shown.left(current, cursor())
  if not current or not left then
    hide()
    return false
  end
  current.index = left.index
  local row, col = cursor()
  local hint = with_count and #current.items > 1 and (' (%d/%d)'):format(left.index, #current.items)
  draw.show(current.bufnr, row, col, left.text, left.covered, hint or nil)
  keys.enter(current.bufnr)
  return true
end

local function is_ready(client)
  local status = state.of(client.id)
  return status ~= nil and (status.state == 'ready' or status.state == 'busy')
end

---@class qwen_lsp.Asking
---@field is_by_key? boolean Alternatives are wanted, too.
---@field step? integer How far to move on from the first of them.
---@field is_again? boolean The same was asked before, and there was no time for an answer.

--- Ask the server for suggestions at the cursor.
---@param how qwen_lsp.Asking
local function ask(bufnr, how)
  local client = client_of(bufnr)
  if not client or not moment.is_right(bufnr) then
    return
  end
  cancel()
  local asked, began, was_ready = place(bufnr), vim.uv.now(), is_ready(client)
  asked_at = asked
  local params = {
    textDocument = { uri = vim.uri_from_bufnr(bufnr) },
    position = vim.lsp.util.make_position_params(0, client.offset_encoding).position,
    context = { triggerKind = how.is_by_key and INVOKED or AUTOMATIC },
  }
  local request = { client = client, is_by_key = how.is_by_key }
  under_way = request
  local sent, number = client:request('textDocument/inlineCompletion', params, function(problem, result)
    if under_way ~= request then
      return
    end
    under_way = nil
    if problem or not result or not moment.is_right(bufnr) or place(bufnr) ~= asked then
      return
    end
    local row, col = cursor()
    local found = shown.new(bufnr, client, result, row, col)
    if found then
      hide()
      current = found
      current.index = (how.step or 0) % #found.items + 1
      show(how.is_by_key)
    elseif not how.is_by_key then
      hide()
      local had_no_time = not was_ready or vim.uv.now() - began > LONG_MS
      if had_no_time and not how.is_again and is_ready(client) then
        ask(bufnr, { is_again = was_ready })
      end
    end
  end, bufnr)
  request.number = number
  if not sent then
    under_way = nil
  end
end

--- Follow what the user has done: go on showing what fits, and ask where nothing does.
function M.follow(bufnr)
  if not moment.is_right(bufnr) then
    cancel()
    hide()
    asked_at = nil
    return
  end
  if current and current.bufnr == bufnr and asked_at == place(bufnr) then
    return
  end
  if current and current.bufnr == bufnr and show() then
    cancel()
    asked_at = place(bufnr)
    return
  end
  hide()
  local here = place(bufnr)
  if here == asked_at then
    return
  end
  cancel()
  asked_at = here
  timer:start(options.values.debounce_ms, 0, vim.schedule_wrap(function()
    if asked_at == here and moment.is_right(bufnr) and place(bufnr) == here then
      ask(bufnr, {})
    end
  end))
end

--- Ask anew if nothing is shown: the server has become ready.
function M.ask_again(bufnr)
  if not current and not under_way then
    asked_at = nil
    M.follow(bufnr)
  end
end

--- Stop asking and showing.
function M.stop()
  cancel()
  hide()
  asked_at = nil
end

--- Return the text that is shown, nil if none is.
function M.text()
  local left = current and current.bufnr == vim.api.nvim_get_current_buf() and shown.left(current, cursor())
  return left and left.text or nil
end

--- Accept 'all', 'word' or 'line'; say whether there was something to accept.
function M.accept(kind)
  if not M.text() then
    return false
  end
  insert.as_one_step(("require('qwen-lsp.ghost.own').insert_now('%s')"):format(kind))
  return true
end

--- Insert a part of what is shown. Called in insert mode by the keys that accept() feeds.
function M.insert_now(kind)
  local left = current and shown.left(current, cursor())
  local client = current and vim.lsp.get_client_by_id(current.client_id)
  if not current or not left or not client then
    return
  end
  local bufnr = current.bufnr
  cancel()
  draw.clear(bufnr)
  insert.part(bufnr, client, left, kind)
  if show() then
    asked_at = place(bufnr)
  end
end

--- Show the next alternative (`step` 1) or the one before (-1); asks for some where there are none.
function M.select(step)
  if current and #current.items > 1 and shown.left(current, cursor()) then
    current.index = (current.index - 1 + step) % #current.items + 1
    show(true)
  elseif not (under_way and under_way.is_by_key) then
    ask(vim.api.nvim_get_current_buf(), { is_by_key = true, step = current and step or 0 })
  end
end

--- Hide the suggestion until something is typed; say whether one was shown.
function M.dismiss()
  local was_shown = current ~= nil
  cancel()
  hide()
  asked_at = place(vim.api.nvim_get_current_buf())
  return was_shown
end

return M
