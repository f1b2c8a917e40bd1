-- What each server says of itself, for the status line.
local M = {}

local by_client = {} ---@type table<integer, table>

--- Keep a status and draw the status lines anew.
function M.note(client_id, status)
  local before = by_client[client_id]
  by_client[client_id] = status
  vim.g.qwen_lsp_status = status.state .. (status.message ~= '' and ': ' .. status.message or '')
  vim.cmd.redrawstatus({ bang = true })
  local became_ready = status.state == 'ready' and (not before or before.state ~= 'ready')
  vim.api.nvim_exec_autocmds('User', {
    pattern = 'QwenLspStatus',
    modeline = false,
    data = { client_id = client_id, status = status, became_ready = became_ready },
  })
end

--- Forget a server that has ended.
function M.forget(client_id)
  by_client[client_id] = nil
end

--- Return the last status of a server, nil if it has said nothing yet.
function M.of(client_id)
  return by_client[client_id]
end

--- Return what to show of a server: its last status, or that it starts.
function M.shown(client_id)
  return by_client[client_id] or { state = 'starting', message = '', model = '' }
end

return M
