-- "Rewrite as I say": asking what to do, and sending it.
local clients = require('qwen-lsp.client')

local M = {}

local function send(client, argument, instruction)
  argument.instruction = instruction
  clients.execute(client, 'qwenLsp.rewrite', { argument })
end

--- Ask for the instruction and let a server rewrite what `argument` {uri, range} names.
function M.ask(client_id, argument)
  vim.ui.input({ prompt = 'Rewrite: ' }, function(instruction)
    local client = vim.lsp.get_client_by_id(client_id)
    if client and instruction and vim.trim(instruction) ~= '' then
      send(client, argument, instruction)
    end
  end)
end

--- Rewrite lines (1-based, both included) of the current buffer, or the function at the cursor.
function M.start(first, last, instruction)
  local client, argument = clients.here(first, last)
  if not client then
    return
  end
  if instruction == '' then
    M.ask(client.id, argument)
  else
    send(client, argument, instruction)
  end
end

return M
