-- What is there without a call of setup(): the command, the <Plug> mappings, and ghost text
-- wherever the server is attached.
if vim.g.loaded_qwen_lsp then
  return
end
vim.g.loaded_qwen_lsp = true

if vim.fn.has('nvim-0.11') == 0 then
  vim.api.nvim_create_user_command('QwenLsp', 'echo "qwen-lsp needs Neovim 0.11 or later."', { nargs = '*' })
  return
end

require('qwen-lsp.commands').define()
require('qwen-lsp.keys').define_plugs()
require('qwen-lsp.transport').adopt()

local group = vim.api.nvim_create_augroup('qwen-lsp', { clear = true })

local function on(event, call)
  vim.api.nvim_create_autocmd(event, {
    group = group,
    callback = function(args)
      local client = vim.lsp.get_client_by_id(args.data.client_id)
      if client and client.name == 'qwen_lsp' then
        call(args.buf, client)
      end
    end,
  })
end

on('LspAttach', function(bufnr, client)
  if require('qwen-lsp.options').values.statusline then
    require('qwen-lsp.statusline').add_to_default()
  end
  require('qwen-lsp.ghost').attach(bufnr, client.id)
end)

on('LspDetach', function(bufnr)
  require('qwen-lsp.ghost').detach(bufnr)
end)

vim.api.nvim_create_autocmd('ColorScheme', {
  group = group,
  callback = function()
    require('qwen-lsp.ghost.draw').define_colours()
  end,
})
