-- What users call: require('qwen-lsp').setup(), the functions behind the keys, the status line.
local M = {}

--- Set options, all of which may be missing, and start the server for the files that it serves.
--- See |qwen-lsp-options|.
function M.setup(given)
  local options, say = require('qwen-lsp.options'), require('qwen-lsp.say')
  for _, problem in ipairs(options.use(given or {})) do
    say.say('setup(): ' .. problem, vim.log.levels.WARN)
  end
  require('qwen-lsp.transport').adopt()
  vim.lsp.config('qwen_lsp', { settings = { qwenLsp = options.values.settings } })
  vim.lsp.enable('qwen_lsp')
end

--- Accept the suggestion that is shown, all of it; say whether there was one.
function M.accept()
  return require('qwen-lsp.ghost').accept('all')
end

--- Accept the next word of it.
function M.accept_word()
  return require('qwen-lsp.ghost').accept('word')
end

--- Accept the next line of it.
function M.accept_line()
  return require('qwen-lsp.ghost').accept('line')
end

--- Show the next alternative; where nothing is shown, ask for suggestions.
function M.next()
  require('qwen-lsp.ghost').select(1)
end

--- Show the alternative before.
function M.previous()
  require('qwen-lsp.ghost').select(-1)
end

--- Hide the suggestion until something is typed; say whether one was shown.
function M.dismiss()
  return require('qwen-lsp.ghost').dismiss()
end

--- Return the text that is suggested at the cursor, nil if none is.
function M.suggestion()
  return require('qwen-lsp.ghost').text()
end

--- Return the status of the server of a buffer: {state, message, model, backend, endpoint,
--- speed}, nil if it has none.
function M.status(bufnr)
  local client = require('qwen-lsp.client').of(bufnr)
  return client and require('qwen-lsp.state').of(client.id)
end

--- Return the state for a status line, in which signs of percent are doubled:
--- %{%v:lua.require'qwen-lsp'.statusline()%}
function M.statusline()
  return require('qwen-lsp.statusline').text()
end

--- Cancel reviews, explanations and actions that are under way; return how many.
function M.cancel()
  return require('qwen-lsp.client').cancel_all()
end

return M
