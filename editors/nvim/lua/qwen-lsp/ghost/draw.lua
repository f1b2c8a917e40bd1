-- Drawing a suggestion as virtual text, so that the screen looks as if it had been accepted.
local M = {}

local namespace = vim.api.nvim_create_namespace('qwen-lsp.ghost')
local GROUP, GROUP_OF_HINT = 'QwenLspSuggestion', 'QwenLspSuggestionHint'

M.namespace = namespace

function M.define_colours()
  local has_own = vim.fn.hlexists('ComplHint') == 1
  vim.api.nvim_set_hl(0, GROUP, { default = true, link = has_own and 'ComplHint' or 'NonText' })
  vim.api.nvim_set_hl(0, GROUP_OF_HINT, { default = true, link = has_own and 'ComplHintMore' or 'MoreMsg' })
end

--- Return the text with its tabs as spaces, as the buffer shows them from screen column `column`.
local function without_tabs(text, column, tabstop)
  if not text:find('\t', 1, true) then
    return text
  end
  local parts = vim.split(text, '\t', { plain = true })
  for index = 1, #parts - 1 do
    column = column + vim.fn.strdisplaywidth(parts[index])
    local width = tabstop - column % tabstop
    parts[index] = parts[index] .. (' '):rep(width)
    column = column + width
  end
  return table.concat(parts)
end

--- Return the pieces of `text` before, between and behind the characters of `covered`, which are
--- looked for from the end; nil if they are not in it.
local function split_around(text, covered)
  local pieces, stop = {}, #text
  for index = #covered, 1, -1 do
    local at = stop
    while at > 0 and text:sub(at, at) ~= covered:sub(index, index) do
      at = at - 1
    end
    if at == 0 then
      return nil
    end
    table.insert(pieces, 1, text:sub(at + 1, stop))
    stop = at - 1
  end
  table.insert(pieces, 1, text:sub(1, stop))
  return pieces
end

function M.clear(bufnr)
  if vim.api.nvim_buf_is_valid(bufnr) then
    vim.api.nvim_buf_clear_namespace(bufnr, namespace, 0, -1)
  end
end

--- Return how many of `count` lines below the cursor the window has no room for, in words. Neovim
--- does not scroll for lines that are only virtual.
local function hidden_lines(count)
  local missing = count - (vim.api.nvim_win_get_height(0) - vim.fn.winline())
  if missing <= 0 then
    return ''
  end
  return (' … %d more line%s'):format(missing, missing == 1 and '' or 's')
end

--- Show `text` at a place of a buffer (row and byte column from 0), in the place of `covered`.
--- `hint` is shown behind its first line.
function M.show(bufnr, row, col, text, covered, hint)
  M.clear(bufnr)
  local tabstop = vim.bo[bufnr].tabstop
  local lines = vim.split(text, '\n', { plain = true })
  local hidden = hidden_lines(#lines - 1)
  local below = {}
  for index = 2, #lines do
    table.insert(below, { { without_tabs(lines[index], 0, tabstop), GROUP } })
  end
  local function mark(at, piece, position, virt_lines)
    local chunks = { { piece, GROUP } }
    if position == 'last' then
      vim.list_extend(chunks, { { hidden, GROUP }, { hint or '', GROUP_OF_HINT } })
    end
    vim.api.nvim_buf_set_extmark(bufnr, namespace, row, at, {
      virt_text = chunks,
      virt_text_pos = position == 'overlay' and 'overlay' or 'inline',
      virt_lines = virt_lines,
      hl_mode = 'combine',
      strict = false,
    })
  end
  local column = vim.fn.virtcol({ row + 1, col + 1 }) - 1
  local first = without_tabs(lines[1], math.max(column, 0), tabstop)
  local pieces = split_around(first, covered)
  if not pieces then
    -- What is covered comes again on a later line: it is hidden here.
    local missing = vim.fn.strdisplaywidth(covered) - vim.fn.strdisplaywidth(first)
    mark(col, first .. (' '):rep(missing), 'overlay', below)
    return
  end
  for index, piece in ipairs(pieces) do
    local is_last = index == #pieces
    if piece ~= '' or is_last then
      mark(col + index - 1, piece, is_last and 'last' or 'inline', is_last and below or nil)
    end
  end
end

return M
