-- Questions of the server, such as whether a model may be downloaded: asked by vim.ui.select, when
-- the user is in normal mode and has not pressed a key for a while.
local idle = require('qwen-lsp.idle')

local M = {}

-- How long no key must have been pressed: what is typed must not become an answer.
M.quiet_ms = 1000
-- What is waiting to be asked, for the status line.
M.waiting = 0

--- Return the user's choice; must be called in a coroutine, as handlers of requests are.
function M.answer(question)
  local routine = coroutine.running()
  local actions = question.actions or {}
  if #actions == 0 then
    require('qwen-lsp.say').server_message(question)
    return vim.NIL
  end
  M.waiting = M.waiting + 1
  vim.cmd.redrawstatus()
  idle.run_when_free(function()
    local options = {
      kind = 'qwen_lsp_question',
      prompt = question.message,
      format_item = function(action)
        return action.title
      end,
    }
    vim.ui.select(actions, options, function(choice)
      M.waiting = M.waiting - 1
      -- The default vim.ui.select answers before this coroutine has yielded.
      vim.schedule(function()
        vim.cmd.redrawstatus()
        coroutine.resume(routine, choice or vim.NIL)
      end)
    end)
  end, M.quiet_ms)
  return coroutine.yield()
end

return M
