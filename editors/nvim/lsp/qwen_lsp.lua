-- The language server qwen-lsp for Neovim 0.11 and later: put this folder's parent on the
-- runtimepath, and enable it with vim.lsp.enable('qwen_lsp').
local function execute(command, context)
  local client = assert(vim.lsp.get_client_by_id(context.client_id))
  client:request('workspace/executeCommand', command, function(problem)
    if problem then
      vim.notify('qwen-lsp: ' .. problem.message, vim.log.levels.WARN)
    end
  end)
end

return {
  cmd = { 'qwen-lsp', 'serve' },
  filetypes = {
    'bash', 'c', 'cpp', 'cs', 'go', 'java', 'javascript', 'javascriptreact', 'lua', 'php',
    'python', 'ruby', 'rust', 'sh', 'typescript', 'typescriptreact',
  },
  root_markers = { 'qwen-lsp.toml', 'pyproject.toml', 'package.json', 'go.mod', 'Cargo.toml', '.git' },
  -- Neovim's file types are not always the protocol's language identifiers.
  get_language_id = function(_, filetype)
    return ({ sh = 'shellscript', bash = 'shellscript', cs = 'csharp' })[filetype] or filetype
  end,
  commands = {
    -- "Review this function" and "Review this file" are commands of the server.
    ['qwenLsp.review'] = execute,
    -- "Rewrite as I say" is one that needs to know what to do.
    ['qwenLsp.rewrite'] = function(command, context)
      vim.ui.input({ prompt = 'Rewrite: ' }, function(instruction)
        if instruction and instruction ~= '' then
          command.arguments[1].instruction = instruction
          execute(command, context)
        end
      end)
    end,
  },
  handlers = {
    ['qwenLsp/status'] = function(_, status)
      vim.g.qwen_lsp_status = status.state .. (status.message ~= '' and ': ' .. status.message or '')
    end,
  },
}
