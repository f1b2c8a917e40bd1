-- Waiting for a moment in which the user is not in the middle of something.
local M = {}

local POLL_MS = 100
local keys_namespace = vim.api.nvim_create_namespace('qwen-lsp.idle')
local waiting = {} ---@type {run: fun(), quiet_ms: integer}[]
local timer ---@type uv.uv_timer_t?
local last_key_ms = 0

--- Say whether Neovim waits for a command in normal mode, with nothing half done.
local function is_free()
  local mode = vim.api.nvim_get_mode()
  return mode.mode == 'n' and not mode.blocking and vim.fn.state('moxwsa') == ''
end

local function stop()
  if timer then
    timer:stop()
    timer:close()
    timer = nil
  end
  vim.on_key(nil, keys_namespace)
end

local function poll()
  if not is_free() then
    return
  end
  local first = waiting[1]
  if first and vim.uv.now() - last_key_ms >= first.quiet_ms then
    table.remove(waiting, 1)
    if #waiting == 0 then
      stop()
    end
    first.run()
  end
end

--- Run `run` as soon as the user is in normal mode and has pressed no key for `quiet_ms`.
function M.run_when_free(run, quiet_ms)
  table.insert(waiting, { run = run, quiet_ms = quiet_ms })
  if timer then
    return
  end
  last_key_ms = vim.uv.now()
  vim.on_key(function()
    last_key_ms = vim.uv.now()
  end, keys_namespace)
  timer = assert(vim.uv.new_timer())
  timer:start(POLL_MS, POLL_MS, vim.schedule_wrap(poll))
end

return M
