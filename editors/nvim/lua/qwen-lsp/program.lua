-- Where the program qwen-lsp is, and how it is run for a question beside the server.
local options = require('qwen-lsp.options')
local say = require('qwen-lsp.say')

local M = {}

local is_windows = vim.fn.has('win32') == 1

--- Return the program of the checkout that this plugin lies in, nil if there is none.
local function of_checkout()
  local here = debug.getinfo(1, 'S').source:sub(2)
  -- lua/qwen-lsp/program.lua in editors/nvim in the checkout.
  local checkout = vim.fn.fnamemodify(vim.uv.fs_realpath(here) or here, ':h:h:h:h:h')
  local inside = is_windows and '.venv/Scripts/qwen-lsp.exe' or '.venv/bin/qwen-lsp'
  local path = vim.fs.joinpath(checkout, inside)
  return vim.fn.executable(path) == 1 and path or nil
end

--- Return the server's command line.
function M.command()
  local chosen = options.values.cmd or options.cmd_of_config
  if chosen then
    return chosen
  end
  -- A plugin of a checkout goes with that checkout's server.
  return { of_checkout() or 'qwen-lsp', 'serve' }
end

--- Say whether the program can be started; where not, tell the user once.
function M.is_there()
  local program = M.command()[1]
  if vim.fn.executable(program) == 1 then
    return true
  end
  say.once(
    ('The program %s was not found: see :checkhealth qwen-lsp.'):format(program),
    vim.log.levels.WARN
  )
  return false
end

--- Run the program with other arguments than `serve` and give what it says as JSON to `done`, or
--- nil and a sentence. Returns the vim.SystemObj, nil where it could not be started.
function M.ask(arguments, done)
  local command = vim.list_slice(M.command())
  if command[#command] == 'serve' then
    table.remove(command)
  end
  vim.list_extend(command, arguments)
  table.insert(command, '--json')
  local function finish(result)
    local good, answer = pcall(vim.json.decode, result.stdout or '')
    if good and type(answer) == 'table' then
      done(answer)
    else
      local last = vim.trim(result.stderr or ''):match('[^\n]*$')
      done(nil, last ~= '' and last or ('It ended with exit code %d.'):format(result.code))
    end
  end
  local started, process = pcall(vim.system, command, { text = true }, vim.schedule_wrap(finish))
  if not started then
    done(nil, ('The program %s could not be started.'):format(command[1]))
    return nil
  end
  return process
end

return M
