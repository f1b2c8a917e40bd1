"""One request, one file. A handler only translates; the work is in `qwen_lsp.features`."""
