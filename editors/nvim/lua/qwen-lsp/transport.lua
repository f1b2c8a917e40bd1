-- Starting the server's process, and what Neovim's own client would make a pop-up of: an end of
-- the process that nobody asked for, and an action that was refused.
local options = require('qwen-lsp.options')
local program = require('qwen-lsp.program')

local M = {}

--- Let the capabilities say whether there is ghost text here: without, the server offers its
--- suggestion as a completion.
local function announce(params)
  if options.ghost_kind() == false then
    params.capabilities.textDocument.inlineCompletion = nil
  end
end

--- Start the server; the cmd of |vim.lsp.ClientConfig|.
function M.start(dispatchers, config)
  local is_asked_to_end = false
  local rpc

  local ours = vim.tbl_extend('force', dispatchers, {
    on_exit = function(code, signal)
      if not is_asked_to_end then
        require('qwen-lsp.restart').after_end(rpc, code, signal)
      end
      -- Neovim would announce a code or signal in a message that is too long for one line.
      dispatchers.on_exit(0, 0)
    end,
    on_error = function(code, problem)
      vim.lsp.log.error('qwen-lsp', vim.lsp.rpc.client_errors[code] or code, problem)
      vim.schedule(function()
        require('qwen-lsp.say').once('Something went wrong: :QwenLsp log has it.', vim.log.levels.WARN)
      end)
    end,
  })
  rpc = vim.lsp.rpc.start(program.command(), ours, {
    cwd = config.cmd_cwd,
    env = config.cmd_env,
    detached = config.detached,
  })

  local request, notify, terminate = rpc.request, rpc.notify, rpc.terminate
  rpc.request = function(method, params, callback, ...)
    if method == 'initialize' then
      announce(params)
    elseif method == 'shutdown' then
      is_asked_to_end = true
    elseif method == 'codeAction/resolve' then
      local answer = callback
      callback = function(problem, result, ...)
        if problem then
          require('qwen-lsp.client').tell_problem(problem)
          -- Without an edit nothing is done, and Neovim has no error to show.
          problem, result = nil, vim.tbl_extend('force', params, { edit = nil })
        end
        return answer(problem, result, ...)
      end
    end
    return request(method, params, callback, ...)
  end
  rpc.notify = function(method, params)
    is_asked_to_end = is_asked_to_end or method == 'exit'
    return notify(method, params)
  end
  rpc.terminate = function()
    is_asked_to_end = true
    return terminate()
  end
  return rpc
end

--- Let a command line that the user has set with vim.lsp.config() be started as above.
function M.adopt()
  local config = vim.lsp.config.qwen_lsp
  if config and type(config.cmd) == 'table' then
    options.cmd_of_config = config.cmd
    vim.lsp.config('qwen_lsp', { cmd = M.start })
  end
end

return M
