-- Choosing a model: by name, or from a list of what there is.
local clients = require('qwen-lsp.client')
local program = require('qwen-lsp.program')
local say = require('qwen-lsp.say')

local M = {}

local COMPLETION_MS = 3000
local known = {} ---@type table[]
local is_asking = false

--- Ask the program for its models; `done` gets the list, or nil and a sentence.
local function list(done)
  is_asking = true
  program.ask({ 'models', 'list' }, function(answer, problem)
    is_asking = false
    known = answer and answer.models or known
    done(answer and answer.models, problem)
  end)
end

--- Use a model in the server of the current buffer.
function M.use(name)
  clients.send('qwenLsp.selectModel', { name }, function(result)
    if result then
      say.say(('The model is %s.'):format(result.model))
    end
  end)
end

local function described(model)
  local size = ('%.1f GB'):format((model.size_bytes or 0) / 1e9)
  return ('%-22s %s, %s'):format(model.id, size, model.downloaded and 'on this machine' or 'to be downloaded')
end

--- Let the user choose.
function M.choose()
  list(function(models, problem)
    if not models then
      say.say('The models could not be listed. ' .. problem, vim.log.levels.WARN)
      return
    end
    local options = { prompt = 'Model of qwen-lsp:', kind = 'qwen_lsp_model', format_item = described }
    vim.ui.select(models, options, function(model)
      if model then
        M.use(model.id)
      end
    end)
  end)
end

--- Return the names that begin with `lead`; they are asked for once and waited for a little.
function M.names(lead)
  if #known == 0 then
    M.look_ahead()
    vim.wait(COMPLETION_MS, function()
      return not is_asking
    end, 20)
  end
  return vim.iter(known):map(function(model)
    return model.id
  end):filter(function(id)
    return vim.startswith(id, lead)
  end):totable()
end

--- Ask for the names before they are completed.
function M.look_ahead()
  if #known == 0 and not is_asking then
    list(function() end)
  end
end

return M
