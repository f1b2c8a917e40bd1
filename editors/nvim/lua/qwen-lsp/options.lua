-- What the user has set with setup(); without a call of it, the defaults.
local M = {}

local DEFAULTS = {
  -- The server's command line; nil finds the program of this checkout, or on the PATH.
  cmd = nil,
  -- Section `qwenLsp` of the server's settings: docs/settings.md.
  settings = {},
  -- 'own', 'builtin' (vim.lsp.inline_completion, Neovim 0.12), true for the better one, or false.
  ghost_text = true,
  -- Milliseconds without a key before a suggestion is asked for.
  debounce_ms = 20,
  -- Keys of insert mode, which are mapped only while a suggestion is shown; false for none.
  keymaps = {
    accept = '<Tab>',
    accept_word = '<M-w>',
    accept_line = '<M-l>',
    next = '<M-]>',
    previous = '<M-[>',
    dismiss = '<C-]>',
  },
  -- Add the state to 'statusline' where the user has set none.
  statusline = true,
}

local CHECKS = {
  cmd = function(value)
    return vim.islist(value) and #value > 0 and vim.iter(value):all(function(part)
      return type(part) == 'string'
    end), 'a list of texts'
  end,
  settings = function(value)
    return type(value) == 'table', 'a table'
  end,
  ghost_text = function(value)
    local good = type(value) == 'boolean' or value == 'own' or value == 'builtin'
    return good, "true, false, 'own' or 'builtin'"
  end,
  debounce_ms = function(value)
    return type(value) == 'number' and value >= 0 and value <= 5000, 'a number from 0 to 5000'
  end,
  keymaps = function(value)
    return value == false or type(value) == 'table', 'a table or false'
  end,
  statusline = function(value)
    return type(value) == 'boolean', 'true or false'
  end,
}

M.values = vim.deepcopy(DEFAULTS)
-- The command line that was set with vim.lsp.config(), nil where none was.
M.cmd_of_config = nil ---@type string[]?

--- Return what is wrong with the keys, as sentences, and the keys that can be used.
local function checked_keys(given)
  local problems, keys = {}, vim.deepcopy(DEFAULTS.keymaps)
  for name, lhs in pairs(given) do
    if keys[name] == nil then
      local known = table.concat(vim.fn.sort(vim.tbl_keys(keys)), ', ')
      table.insert(problems, ('keymaps has no %q; it has %s.'):format(tostring(name), known))
    elseif lhs ~= false and type(lhs) ~= 'string' then
      table.insert(problems, ('keymaps.%s must be a key or false.'):format(name))
    else
      keys[name] = lhs
    end
  end
  return problems, keys
end

--- Take the options of setup() and return what is wrong with them, as sentences. A value that
--- cannot be used leaves its default; the others keep theirs.
function M.use(given)
  if type(given) ~= 'table' then
    return { 'setup() takes a table.' }
  end
  local problems, values = {}, vim.deepcopy(DEFAULTS)
  for name, value in vim.spairs(given) do
    local check = CHECKS[name]
    if not check then
      local known = table.concat(vim.fn.sort(vim.tbl_keys(CHECKS)), ', ')
      table.insert(problems, ('There is no option %q; there are %s.'):format(name, known))
    else
      local good, wanted = check(value)
      if not good then
        table.insert(problems, ('Option %s must be %s.'):format(name, wanted))
      elseif name == 'keymaps' and value then
        local of_keys
        of_keys, values.keymaps = checked_keys(value)
        vim.list_extend(problems, of_keys)
      elseif name == 'settings' then
        -- Whoever copies the section with its name means the same.
        values.settings = value.qwenLsp or value
      else
        values[name] = value
      end
    end
  end
  M.values = values
  return problems
end

--- Say which ghost text is used: 'own', 'builtin' or false.
function M.ghost_kind()
  local wanted = M.values.ghost_text
  if wanted == 'builtin' and not vim.lsp.inline_completion then
    return 'own'
  end
  return wanted == true and 'own' or wanted
end

return M
