-- What the server and the doctor say, to be read.
local clients = require('qwen-lsp.client')
local options = require('qwen-lsp.options')
local program = require('qwen-lsp.program')
local say = require('qwen-lsp.say')
local scratch = require('qwen-lsp.scratch')
local state = require('qwen-lsp.state')

local M = {}

--- Return the state of all servers as lines.
local function status_lines()
  local lines = {}
  for _, client in ipairs(vim.lsp.get_clients({ name = clients.NAME })) do
    local status = state.shown(client.id)
    local buffers = vim.tbl_count(client.attached_buffers)
    vim.list_extend(lines, {
      ('state    %s%s'):format(status.state, status.message ~= '' and ': ' .. status.message or ''),
      ('model    %s'):format(status.model ~= '' and status.model or 'none yet'),
    })
    if (status.speed or '') ~= '' then
      table.insert(lines, ('speed    %s'):format(status.speed))
    end
    vim.list_extend(lines, {
      ('folder   %s'):format(client.root_dir or 'single files'),
      ('buffers  %d'):format(buffers),
      '',
    })
  end
  if #lines == 0 then
    lines = { require('qwen-lsp.restart').given_up or 'No server runs.', '' }
  end
  table.insert(lines, ('ghost    %s'):format(options.ghost_kind() or 'off'))
  table.insert(lines, ('program  %s'):format(table.concat(program.command(), ' ')))
  if #say.history > 0 then
    vim.list_extend(lines, { '', 'last messages' })
    for _, message in ipairs(say.history) do
      table.insert(lines, '  ' .. message:gsub('^qwen%-lsp: ', ''))
    end
  end
  return lines
end

function M.status()
  scratch.open('status', status_lines())
end

--- Show the text that was last sent to the model.
function M.prompt()
  clients.send('qwenLsp.showPrompt', {}, function(text)
    if text then
      scratch.open('prompt', vim.split(text, '\n', { plain = true }))
    end
  end)
end

--- Return the results of the doctor as lines.
function M.doctor_lines(results)
  local lines = {}
  for _, result in ipairs(results) do
    table.insert(lines, ('%s  %s: %s'):format(result.good and 'ok  ' or 'todo', result.topic, result.found))
    if result.todo ~= '' then
      table.insert(lines, '      ' .. result.todo)
    end
  end
  return lines
end

--- Let the doctor look at this machine, which takes some seconds, and show what it found.
function M.doctor()
  local bufnr = scratch.open('doctor', { 'The doctor is looking …' })
  program.ask({ 'doctor' }, function(answer, problem)
    local lines = answer and M.doctor_lines(answer.results) or { problem }
    if vim.api.nvim_buf_is_valid(bufnr) then
      scratch.open('doctor', lines)
      vim.api.nvim_win_set_height(0, math.min(#lines + 1, math.floor(vim.o.lines / 2)))
    end
  end)
end

--- Open the log, at its end. What the server writes goes into the log of Neovim's client.
function M.log()
  local path = vim.lsp.log.get_filename and vim.lsp.log.get_filename() or vim.lsp.get_log_path()
  if vim.fn.filereadable(path) == 0 then
    say.say('There is no log yet.')
    return
  end
  vim.cmd.split({ args = { vim.fn.fnameescape(path) }, mods = { split = 'botright' } })
  vim.bo.readonly = true
  vim.bo.autoread = true
  vim.cmd.normal({ args = { 'G' }, bang = true })
end

return M
