;;; emacs_session.el --- What test_emacs.py does in Emacs  -*- lexical-binding: t; -*-

;; Each step prints a line `step: text'; the test reads them.  Started with
;;   emacs -q --batch -l qwen-lsp.el -l emacs_session.el FILE

;;; Code:

(require 'cl-lib)
(require 'flymake)
(require 'qwen-lsp)

(defvar session-limit-seconds 120)

(defun session-say (step format &rest arguments)
  "Print STEP and what FORMAT makes of ARGUMENTS, on one line."
  (let ((text (apply #'format format arguments)))
    (princ (format "%s: %s\n" step (replace-regexp-in-string "\n" "\\\\n" text)))))

(defun session-wait (what condition)
  "Let Emacs work until CONDITION returns a value; end with WHAT otherwise."
  (let ((end (+ (float-time) session-limit-seconds)) value)
    (while (and (not (setq value (funcall condition))) (< (float-time) end))
      (accept-process-output nil 0.05))
    (or value (progn (session-say "failed" "%s" what) (kill-emacs 1)))))

(defun session-choose (title)
  "Choose the code action that begins with TITLE from the menu at point."
  ;; Without a key that was pressed, eglot would open a menu for the mouse.
  (cl-letf ((last-nonmenu-event ?\r)
            ((symbol-function 'completing-read)
             (lambda (_prompt items &rest _)
               (or (cl-find title (mapcar #'car items) :test #'string-prefix-p)
                   (error "No %s among %S" title (mapcar #'car items))))))
    (call-interactively #'eglot-code-actions)))

(defun session-status ()
  "Return the state that the server has told."
  (plist-get (qwen-lsp--status (eglot-current-server)) :state))

(setq eglot-autoshutdown t
      eglot-sync-connect 30
      eglot-confirm-server-initiated-edits nil
      eglot-confirm-server-edits nil
      qwen-lsp-settings (list :model (getenv "SESSION_MODEL")))

(let ((file (pop command-line-args-left)))
  (find-file file)
  (setq-local indent-tabs-mode nil)
  (call-interactively #'eglot)
  (session-wait "ready" (lambda () (equal (session-status) "ready")))
  (session-say "mode line" "%s" (qwen-lsp-mode-line))

  ;; A suggestion, by completion.
  (search-forward "return total * (1 - discount)\n")
  (insert "\n\ndef average_price(prices):\n    return ")
  (eglot--signal-textDocument/didChange)
  (let ((found (session-wait "a suggestion"
                             (lambda ()
                               (let ((table (eglot-completion-at-point)))
                                 (all-completions "" (nth 2 table) (plist-get (nthcdr 3 table) :predicate)))))))
    (session-say "suggestion" "%s" (car found)))
  (undo-boundary)
  (delete-region (line-beginning-position -2) (point))

  ;; An edit.
  (goto-char (point-min))
  (search-forward "def total_pr")
  (session-choose "Add type hints")
  (session-wait "type hints" (lambda () (string-match-p "def total_price(.*) -> " (buffer-string))))
  (session-say "type hints" "%s" (buffer-substring (line-beginning-position) (line-end-position)))

  ;; A review, and the fix of what it finds.
  (search-forward "def find_art")
  (qwen-lsp-review-function)
  (flymake-mode 1)
  (let ((finding (session-wait "a finding" (lambda () (car (flymake-diagnostics))))))
    (session-say "finding" "%s" (flymake-diagnostic-text finding))
    (goto-char (flymake-diagnostic-beg finding)))
  (session-choose "Fix: ")
  (session-wait "the fix" (lambda () (save-excursion
                                       (goto-char (point-min))
                                       (search-forward "while low <= high:" nil t))))
  (session-say "fix" "%s" (buffer-substring (line-beginning-position) (line-end-position)))

  ;; Words about the code.
  (qwen-lsp-explain)
  (session-wait "an explanation" (lambda () (get-buffer "*qwen-lsp explanation*")))
  (session-say "explanation" "%s" (with-current-buffer "*qwen-lsp explanation*" (buffer-string)))

  ;; Pause and resume.
  (qwen-lsp-pause)
  (session-wait "paused" (lambda () (equal (session-status) "paused")))
  (session-say "paused" "%s" (qwen-lsp-mode-line))
  (qwen-lsp-pause)
  (session-wait "resumed" (lambda () (equal (session-status) "ready")))
  (session-say "resumed" "%s" (session-status))

  (set-buffer-modified-p nil)
  (eglot-shutdown (eglot-current-server))
  (session-say "end" "done"))

;;; emacs_session.el ends here
