-- The language server qwen-lsp for Neovim 0.11 and later; vim.lsp.enable('qwen_lsp') uses it.
-- `:help qwen-lsp` has the rest.
return require('qwen-lsp.config')
