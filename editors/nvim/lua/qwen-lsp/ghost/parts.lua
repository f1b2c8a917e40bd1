-- The parts of a suggestion that can be accepted: all of it, its next word, its next line.
local M = {}

--- Return the next word with the signs and white space before it. A line's end is only passed by
--- a word that begins behind it. 'iskeyword' says what a word is, as for |w|.
function M.word(text)
  return vim.fn.matchstr(text, [[^\_s*\%(\k\@!.\)*\k*]])
end

--- Return the rest of the line, or the next line where the suggestion begins with a line's end.
function M.line(text)
  return text:match('^\n*[^\n]*')
end

function M.all(text)
  return text
end

return M
