-- A suggestion and its place: what is left of it while the user types what it says.
--
-- All columns are bytes from 0, all rows are lines from 0. Nothing here changes a buffer.
local M = {}

-- What editors put right of the cursor by themselves.
local CLOSERS = '^[%)%]}>"\'`]+$'

---@class qwen_lsp.Item
---@field text string What is inserted at the cursor.
---@field covered string What stands right of the cursor and is in the text again.
---@field behind string The rest of the line.

---@class qwen_lsp.Shown
---@field bufnr integer
---@field client_id integer
---@field row integer
---@field col integer
---@field before string The line up to the place.
---@field line_count integer
---@field items qwen_lsp.Item[]
---@field index integer

---@class qwen_lsp.Left
---@field index integer Which alternative it is.
---@field text string What is still to insert.
---@field covered string What this replaces.

--- Return an item with its range in bytes, nil if it is not for this place.
local function to_item(item, line, row, col, encoding)
  local text = type(item.insertText) == 'table' and item.insertText.value or item.insertText
  local range = item.range
  local first, last = col, col
  if range then
    if range.start.line ~= row or range['end'].line ~= row then
      return nil
    end
    first = vim.str_byteindex(line, encoding, range.start.character, false)
    last = vim.str_byteindex(line, encoding, range['end'].character, false)
  end
  local typed = line:sub(first + 1, col)
  if first > col or last < col or not vim.startswith(text, typed) then
    return nil
  end
  text = text:sub(#typed + 1)
  if text == '' then
    return nil
  end
  return { text = text, covered = line:sub(col + 1, last), behind = line:sub(last + 1) }
end

--- Return the suggestions of an answer for a place, nil where there is none to show.
---@return qwen_lsp.Shown?
function M.new(bufnr, client, result, row, col)
  local line = vim.api.nvim_buf_get_lines(bufnr, row, row + 1, false)[1]
  local items = {}
  for _, item in ipairs(result.items or result) do
    table.insert(items, to_item(item, line, row, col, client.offset_encoding))
  end
  if #items == 0 then
    return nil
  end
  return {
    bufnr = bufnr,
    client_id = client.id,
    row = row,
    col = col,
    before = line:sub(1, col),
    line_count = vim.api.nvim_buf_line_count(bufnr),
    items = items,
    index = 1,
  }
end

--- Say whether the characters of `part` stand in `text` in this order.
local function contains_in_order(text, part)
  local at = 1
  for character in part:gmatch('.') do
    local _, found = text:find(character, at, true)
    if not found then
      return false
    end
    at = found + 1
  end
  return true
end

--- Return what was typed since the place, and what stands right of the cursor on its line; nil
--- where the cursor is not behind the place or something else has changed.
local function typed_since(shown, row, col)
  if row < shown.row or vim.api.nvim_buf_line_count(shown.bufnr) ~= shown.line_count + row - shown.row then
    return nil
  end
  local lines = vim.api.nvim_buf_get_lines(shown.bufnr, shown.row, row + 1, false)
  local line = lines[#lines]
  if not vim.startswith(lines[1], shown.before) or (row == shown.row and col < shown.col) then
    return nil
  end
  lines[#lines] = line:sub(1, col)
  lines[1] = lines[1]:sub(#shown.before + 1)
  return table.concat(lines, '\n'), line:sub(col + 1)
end

--- Return what is left of one item, nil if something else than it says was typed.
local function left_of(item, typed, right)
  if not vim.startswith(item.text, typed) or #typed == #item.text or not vim.endswith(right, item.behind) then
    return nil
  end
  local text = item.text:sub(#typed + 1)
  local covered = right:sub(1, #right - #item.behind)
  -- An editor that closes brackets may have put one there while the user typed.
  local is_known = covered == item.covered or covered == '' or covered:find(CLOSERS)
  if is_known and contains_in_order(text, covered) then
    return { text = text, covered = covered }
  end
  return nil
end

--- Return what is left of the suggestion when the cursor is at a place, nil where it no longer
--- fits. The alternative that is shown is kept as long as it fits.
---@return qwen_lsp.Left?
function M.left(shown, row, col)
  local typed, right = typed_since(shown, row, col)
  if not typed then
    return nil
  end
  for offset = 0, #shown.items - 1 do
    local index = (shown.index - 1 + offset) % #shown.items + 1
    local left = left_of(shown.items[index], typed, right)
    if left then
      left.index = index
      return left
    end
  end
  return nil
end

M.contains_in_order = contains_in_order

return M
