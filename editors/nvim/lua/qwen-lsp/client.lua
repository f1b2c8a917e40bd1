-- The running servers: which one serves a buffer, and how its commands are sent.
local say = require('qwen-lsp.say')

local M = {}

M.NAME = 'qwen_lsp'
local CANCELLED = -32800
local CONTENT_MODIFIED = -32801

--- Return the server of a buffer (0 or nil for the current one), nil if it has none.
function M.of(bufnr)
  local found = vim.lsp.get_clients({ name = M.NAME, bufnr = bufnr or 0 })
  return found[1]
end

--- Return the server of the current buffer, or else any; nil with a sentence if none runs.
function M.any()
  local client = M.of(0) or vim.lsp.get_clients({ name = M.NAME })[1]
  if not client then
    say.say('No server runs here: open a file of a supported language.', vim.log.levels.WARN)
  end
  return client
end

--- Say why a request failed, unless it was cancelled.
function M.tell_problem(problem)
  if problem and problem.code ~= CANCELLED then
    local text = problem.message
    if problem.code == CONTENT_MODIFIED and text == '' then
      text = 'The text has changed meanwhile.'
    end
    say.say(text, vim.log.levels.WARN)
  end
end

--- Send a command; `done` gets its result. A failure is told in one line. Returns the request's
--- number for cancelling.
function M.execute(client, command, arguments, done)
  local params = { command = command, arguments = arguments or {} }
  local sent, number = client:request('workspace/executeCommand', params, function(problem, result)
    M.tell_problem(problem)
    if done then
      done(not problem and result or nil, problem)
    end
  end, vim.api.nvim_get_current_buf())
  return sent and number or nil
end

--- Send a command that is about no place to the server of the current buffer, or else to any.
function M.send(command, arguments, done)
  local client = M.any()
  if client then
    M.execute(client, command, arguments, done)
  end
end

--- Return the server and {uri, range} of lines (1-based, both included) of the current buffer, or of
--- the cursor; nil with a sentence if no server runs.
function M.here(first, last)
  local client = M.any()
  if client then
    return client, M.place(client, first, last)
  end
end

--- Return {uri, range} of lines (1-based, both included) of the current buffer, or of the cursor.
function M.place(client, first, last)
  local bufnr = vim.api.nvim_get_current_buf()
  local argument = { uri = vim.uri_from_bufnr(bufnr) }
  if first then
    local lines = vim.api.nvim_buf_get_lines(bufnr, last - 1, last, true)
    local length = vim.str_utfindex(lines[1], client.offset_encoding)
    argument.range = {
      start = { line = first - 1, character = 0 },
      ['end'] = { line = last - 1, character = length },
    }
  else
    argument.range = vim.lsp.util.make_range_params(0, client.offset_encoding).range
    argument.range['end'] = argument.range.start
  end
  return argument
end

--- Cancel what was asked for and is long: reviews, explanations, actions. Returns how many.
function M.cancel_all()
  local count = 0
  for _, client in ipairs(vim.lsp.get_clients({ name = M.NAME })) do
    for number, request in pairs(vim.deepcopy(client.requests)) do
      local is_long = request.method == 'workspace/executeCommand'
        or request.method == 'codeAction/resolve'
      if is_long and request.type == 'pending' then
        client:cancel_request(number)
        count = count + 1
      end
    end
  end
  return count
end

return M
