-- What vim.lsp.enable('qwen_lsp') starts: the values that |vim.lsp.config()| merges with the
-- user's own.
local NAME = 'qwen_lsp'

-- Neovim's file types are not always the protocol's language identifiers.
local LANGUAGE_IDS = { sh = 'shellscript', bash = 'shellscript', cs = 'csharp' }

local function root_markers()
  return { 'qwen-lsp.toml', 'pyproject.toml', 'package.json', 'go.mod', 'Cargo.toml', '.git' }
end

--- Ask for the instruction of "Rewrite as I say", which the server needs to know.
local function rewrite(command, context)
  local argument = command.arguments[1]
  require('qwen-lsp.rewrite').ask(context.client_id, argument)
end

--- Run a command of a code action, and say in one line why it failed.
local function execute(command, context)
  local client = vim.lsp.get_client_by_id(context.client_id)
  if client then
    require('qwen-lsp.client').execute(client, command.command, command.arguments)
  end
end

return {
  cmd = function(dispatchers, config)
    return require('qwen-lsp.transport').start(dispatchers, config)
  end,
  filetypes = {
    'bash', 'c', 'cpp', 'cs', 'go', 'java', 'javascript', 'javascriptreact', 'lua', 'php',
    'python', 'ruby', 'rust', 'sh', 'typescript', 'typescriptreact',
  },
  -- A function, because it alone can keep a program that is not there from being started, which
  -- would be an error with every file that is opened.
  root_dir = function(bufnr, start)
    if require('qwen-lsp.program').is_there() then
      local markers = vim.lsp.config[NAME].root_markers or root_markers()
      start(vim.fs.root(bufnr, markers))
    end
  end,
  get_language_id = function(_, filetype)
    return LANGUAGE_IDS[filetype] or filetype
  end,
  capabilities = {
    textDocument = { inlineCompletion = { dynamicRegistration = false } },
    experimental = { qwenLsp = { explanation = true } },
  },
  commands = {
    ['qwenLsp.review'] = execute,
    ['qwenLsp.dismissFinding'] = execute,
    ['qwenLsp.applyAction'] = execute,
    ['qwenLsp.rewrite'] = rewrite,
  },
  handlers = {
    ['qwenLsp/status'] = function(_, status, context)
      require('qwen-lsp.state').note(context.client_id, status)
    end,
    ['qwenLsp/explanation'] = function(_, explanation)
      require('qwen-lsp.explain').show(explanation.text)
    end,
    ['window/showMessage'] = function(_, message)
      require('qwen-lsp.say').server_message(message)
      return vim.NIL
    end,
    ['window/showMessageRequest'] = function(_, question)
      return require('qwen-lsp.question').answer(question)
    end,
  },
}
