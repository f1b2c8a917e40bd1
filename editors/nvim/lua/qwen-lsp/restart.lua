-- A server that has ended by itself is started again, quietly and not for ever.
local clients = require('qwen-lsp.client')
local say = require('qwen-lsp.say')

local M = {}

local MOST_ENDS = 3
local WITHIN_MS = 60000
local DELAYS_MS = { 200, 1000 }
local ends = {} ---@type integer[]

-- Why no server is started any more, nil while all is well.
M.given_up = nil ---@type string?

--- Start a server with its old configuration for the buffers that it had.
local function start(config, buffers)
  if vim.v.exiting ~= vim.NIL then
    return
  end
  for _, bufnr in ipairs(buffers) do
    if vim.api.nvim_buf_is_loaded(bufnr) then
      vim.lsp.start(config, { bufnr = bufnr })
    end
  end
end

--- Note that the process behind `rpc` has ended, and start it again unless that was tried enough.
function M.after_end(rpc, code, signal)
  local now = vim.uv.now()
  ends = vim.iter(ends):filter(function(at)
    return now - at < WITHIN_MS
  end):totable()
  table.insert(ends, now)
  local count = #ends
  -- Before Neovim forgets the client, which it does a moment later.
  vim.schedule(function()
    local client = vim.iter(vim.lsp.get_clients({ name = clients.NAME, _uninitialized = true })):find(function(one)
      return one.rpc == rpc
    end)
    if not client then
      return
    end
    require('qwen-lsp.state').forget(client.id)
    local config, buffers = client.config, vim.tbl_keys(client.attached_buffers)
    if count >= MOST_ENDS then
      local how = signal ~= 0 and ('signal %d'):format(signal) or ('exit code %d'):format(code)
      M.given_up = ('The server ended %d times (%s): see :QwenLsp log.'):format(count, how)
      say.say(M.given_up, vim.log.levels.WARN)
      return
    end
    vim.defer_fn(function()
      start(config, buffers)
    end, DELAYS_MS[count] or DELAYS_MS[#DELAYS_MS])
  end)
end

--- End all servers and start them again for all buffers that should have one.
function M.all()
  ends, M.given_up = {}, nil
  local buffers = {}
  for _, client in ipairs(vim.lsp.get_clients({ name = clients.NAME })) do
    vim.list_extend(buffers, vim.tbl_keys(client.attached_buffers))
    client:stop()
  end
  vim.defer_fn(function()
    for _, bufnr in ipairs(#buffers > 0 and buffers or vim.api.nvim_list_bufs()) do
      if vim.api.nvim_buf_is_loaded(bufnr) and vim.bo[bufnr].filetype ~= '' then
        vim.api.nvim_exec_autocmds('FileType', { group = 'nvim.lsp.enable', buffer = bufnr, modeline = false })
      end
    end
  end, 500)
end

return M
