-- :checkhealth qwen-lsp
local clients = require('qwen-lsp.client')
local options = require('qwen-lsp.options')
local program = require('qwen-lsp.program')
local state = require('qwen-lsp.state')

local M = {}

local DOCTOR_MS = 60000
local OLDEST = '0.11'
local INSTALL = 'Set cmd in setup(), or put qwen-lsp on the PATH: :help qwen-lsp-install'

local function check_neovim()
  vim.health.start('Neovim')
  local version = tostring(vim.version())
  if vim.fn.has('nvim-' .. OLDEST) == 1 then
    vim.health.ok(('Neovim %s'):format(version))
  else
    vim.health.error(('Neovim %s is too old: %s or later is needed.'):format(version, OLDEST))
  end
  local kind = options.ghost_kind()
  if kind == 'own' then
    vim.health.ok('ghost text: own, by virtual text')
  elseif kind == 'builtin' then
    vim.health.ok('ghost text: builtin, by vim.lsp.inline_completion')
  else
    vim.health.info('ghost text: off; the suggestion is an entry of the completion')
  end
  if options.values.ghost_text == 'builtin' and kind ~= 'builtin' then
    vim.health.warn("This Neovim has no vim.lsp.inline_completion: ghost_text = 'builtin' is not possible.")
  end
end

--- Ask the doctor and wait for it; :checkhealth has to be complete when it is shown.
local function check_program()
  vim.health.start('Program')
  local path = program.command()[1]
  if vim.fn.executable(path) == 0 then
    vim.health.error(('The program %s was not found.'):format(path), INSTALL)
    return
  end
  vim.health.ok(vim.fn.exepath(path))
  local answer, problem
  program.ask({ 'doctor' }, function(said, why)
    answer, problem = said, why or 'It said nothing.'
  end)
  vim.wait(DOCTOR_MS, function()
    return answer ~= nil or problem ~= nil
  end, 50)
  if not answer then
    vim.health.error(('%s doctor failed. %s'):format(path, problem or 'It took too long.'), INSTALL)
    return
  end
  vim.health.start('What qwen-lsp doctor found')
  for _, result in ipairs(answer.results) do
    local text = ('%s: %s'):format(result.topic, result.found)
    if result.good and result.todo == '' then
      vim.health.ok(text)
    else
      vim.health.warn(text, result.todo ~= '' and { result.todo } or nil)
    end
  end
end

local function check_servers()
  vim.health.start('Servers')
  if not vim.lsp.is_enabled(clients.NAME) then
    vim.health.warn('qwen_lsp is not enabled.', "Call require('qwen-lsp').setup() or vim.lsp.enable('qwen_lsp').")
  end
  local restart = require('qwen-lsp.restart')
  if restart.given_up then
    vim.health.warn(restart.given_up, ':QwenLsp restart')
  end
  local running = vim.lsp.get_clients({ name = clients.NAME })
  if #running == 0 then
    vim.health.info('No server runs; one is started with the first file of a supported language.')
  end
  for _, client in ipairs(running) do
    local status = state.shown(client.id)
    local buffers = vim.tbl_keys(client.attached_buffers)
    local text = ('%s (%s), %s, buffers %s'):format(
      status.state,
      status.model ~= '' and status.model or 'no model yet',
      client.root_dir or 'single files',
      table.concat(buffers, ', ')
    )
    if (status.endpoint or '') ~= '' then
      text = ('%s, code goes to %s'):format(text, status.endpoint)
    end
    if status.state == 'error' then
      vim.health.warn(text, status.message)
    else
      vim.health.ok(text)
    end
  end
end

function M.check()
  check_neovim()
  check_program()
  check_servers()
end

return M
