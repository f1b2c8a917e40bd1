-- The command :QwenLsp and what stands behind each of its words.
local clients = require('qwen-lsp.client')
local say = require('qwen-lsp.say')

local M = {}

---@class qwen_lsp.Command
---@field run fun(rest: string, first: integer?, last: integer?)
---@field complete? fun(lead: string): string[]

---@type table<string, qwen_lsp.Command>
local COMMANDS = {
  status = {
    run = function()
      require('qwen-lsp.report').status()
    end,
  },
  pause = {
    run = function()
      clients.send('qwenLsp.pause', {}, function(result)
        if result then
          say.say(result.paused and 'Paused; :QwenLsp pause goes on.' or 'Goes on.')
        end
      end)
    end,
  },
  model = {
    run = function(name)
      local models = require('qwen-lsp.models')
      if name == '' then
        models.choose()
      else
        models.use(name)
      end
    end,
    complete = function(lead)
      return require('qwen-lsp.models').names(lead)
    end,
  },
  prompt = {
    run = function()
      require('qwen-lsp.report').prompt()
    end,
  },
  log = {
    run = function()
      require('qwen-lsp.report').log()
    end,
  },
  restart = {
    run = function(what)
      if what == 'engine' then
        clients.send('qwenLsp.restartEngine')
      elseif what == '' then
        require('qwen-lsp.restart').all()
      else
        say.say(':QwenLsp restart takes nothing or "engine".', vim.log.levels.WARN)
      end
    end,
    complete = function()
      return { 'engine' }
    end,
  },
  doctor = {
    run = function()
      require('qwen-lsp.report').doctor()
    end,
  },
  review = {
    run = function(what, first, last)
      local client, argument = clients.here(first, last)
      if not client then
        return
      end
      if what == 'file' then
        argument.range = nil
      elseif what ~= '' then
        say.say(':QwenLsp review takes nothing or "file".', vim.log.levels.WARN)
        return
      end
      clients.execute(client, 'qwenLsp.review', { argument }, function(result)
        if result and result.findings == 0 then
          say.say('The review has found nothing.')
        end
      end)
    end,
    complete = function()
      return { 'file' }
    end,
  },
  rewrite = {
    run = function(instruction, first, last)
      require('qwen-lsp.rewrite').start(first, last, instruction)
    end,
  },
  explain = {
    run = function(_, first, last)
      require('qwen-lsp.explain').start(first, last)
    end,
  },
  clear = {
    run = function()
      clients.send('qwenLsp.clearReview')
    end,
  },
  cancel = {
    run = function()
      local count = clients.cancel_all()
      say.say(count == 0 and 'Nothing is under way.' or 'Cancelled.')
    end,
  },
}

local function names(lead)
  return vim.iter(vim.fn.sort(vim.tbl_keys(COMMANDS))):filter(function(name)
    return vim.startswith(name, lead)
  end):totable()
end

local function run(call)
  local name, rest = call.args:match('^%s*(%S*)%s*(.-)%s*$')
  local command = COMMANDS[name == '' and 'status' or name]
  if not command then
    say.say(('There is no :QwenLsp %s; press Tab for a list.'):format(name), vim.log.levels.WARN)
    return
  end
  local has_range = call.range > 0
  command.run(rest, has_range and call.line1 or nil, has_range and call.line2 or nil)
end

local function complete(lead, line)
  local words = line:match('QwenLsp%s+(.*)$') or ''
  local name = words:match('^(%S+)%s')
  if not name then
    require('qwen-lsp.models').look_ahead()
    return names(lead)
  end
  local of_command = COMMANDS[name] and COMMANDS[name].complete
  return of_command and of_command(lead) or {}
end

--- Define :QwenLsp.
function M.define()
  vim.api.nvim_create_user_command('QwenLsp', run, {
    nargs = '*',
    range = true,
    complete = complete,
    desc = 'The language server qwen-lsp: status, pause, model, review, …',
  })
end

return M
