;;; qwen-lsp.el --- Code help by a local Qwen model, with eglot  -*- lexical-binding: t; -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "28.1") (eglot "1.9"))
;; Keywords: convenience, languages
;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; Makes eglot start `qwen-lsp serve', shows its state in the mode line, and has a command for
;; each thing that an editor can ask for.  Whatever takes the model's time is asked for in the
;; background: Emacs is never blocked, and C-g is not needed.
;;
;;   (require 'qwen-lsp)
;;   (add-hook 'python-mode-hook #'eglot-ensure)
;;
;; Suggestions come by completion-at-point (M-TAB), as eglot has no ghost text.

;;; Code:

(require 'cl-lib)
(require 'eglot)

(defgroup qwen-lsp nil
  "Code help by a Qwen model that runs on this machine."
  :group 'tools)

(defcustom qwen-lsp-command '("qwen-lsp" "serve")
  "The program of the language server and its arguments."
  :type '(repeat string))

(defcustom qwen-lsp-settings nil
  "What the server's section `qwenLsp' holds, as a property list.
For instance (:model \"qwen3.5-4b\" :review (:onSave t)).  Write
`:json-false' for false.  They are read when the server starts."
  :type 'plist)

(defcustom qwen-lsp-modes
  '(python-mode python-ts-mode js-mode js-ts-mode typescript-mode typescript-ts-mode
    tsx-ts-mode go-mode go-ts-mode rust-mode rust-ts-mode java-mode java-ts-mode
    c-mode c-ts-mode c++-mode c++-ts-mode csharp-mode csharp-ts-mode ruby-mode
    ruby-ts-mode php-mode php-ts-mode sh-mode bash-ts-mode lua-mode lua-ts-mode)
  "The major modes in which eglot starts this server."
  :type '(repeat symbol))

(defconst qwen-lsp--longest-seconds 1800
  "After this many seconds an answer is no longer waited for.")

(defclass qwen-lsp-server (eglot-lsp-server)
  ((status :initform nil :accessor qwen-lsp--status)
   (running :initform nil :accessor qwen-lsp--running
            :documentation "The tokens of the work that is going on."))
  "The language server of qwen-lsp.")

(add-to-list 'eglot-server-programs
             (cons qwen-lsp-modes (lambda (&rest _) (cons 'qwen-lsp-server qwen-lsp-command))))

;;; What eglot and the server tell each other.

(cl-defmethod eglot-initialization-options ((_server qwen-lsp-server))
  "Return the settings, which need no workspace configuration then."
  (or qwen-lsp-settings (make-hash-table)))

(cl-defmethod eglot-client-capabilities ((_server qwen-lsp-server))
  "Say that edits are not fetched by `codeAction/resolve'.
Eglot waits for that answer and gives up early; without it, each
action is a command, which is asked for in the background."
  (let* ((capabilities (cl-call-next-method))
         (action (plist-get (plist-get capabilities :textDocument) :codeAction)))
    (when (plist-member action :resolveSupport)
      (cl-remf action :resolveSupport)
      (cl-remf action :dataSupport)
      (plist-put (plist-get capabilities :textDocument) :codeAction action))
    (plist-put capabilities :window
               (plist-put (plist-get capabilities :window) :workDoneProgress t))))

(cl-defmethod eglot-handle-notification
  ((server qwen-lsp-server) (_method (eql qwenLsp/status)) &rest status)
  "Keep the STATUS of SERVER for the mode line."
  (setf (qwen-lsp--status server) status)
  (force-mode-line-update t))

(cl-defmethod eglot-handle-request
  ((_server qwen-lsp-server) (_method (eql window/workDoneProgress/create)) &rest _)
  "Agree to progress, which `qwen-lsp-cancel' stops."
  nil)

(cl-defmethod eglot-handle-notification
  ((server qwen-lsp-server) (_method (eql $/progress)) &rest params)
  "Remember what work of SERVER is going on, by PARAMS."
  (let ((token (plist-get params :token))
        (kind (plist-get (plist-get params :value) :kind)))
    (cond ((equal kind "begin") (push token (qwen-lsp--running server)))
          ((equal kind "end")
           (setf (qwen-lsp--running server) (remove token (qwen-lsp--running server))))))
  (cl-call-next-method))

(cl-defmethod eglot-execute-command ((server qwen-lsp-server) command arguments)
  "Ask SERVER to run COMMAND with ARGUMENTS, and do not wait."
  (qwen-lsp--run server (format "%s" command) arguments))

(cl-defmethod eglot-execute ((server qwen-lsp-server) action)
  "Ask SERVER to run ACTION where it is a command, and do not wait (Emacs 30)."
  (let* ((inner (plist-get action :command))
         (command (if (stringp inner) action inner)))
    (if (and command (null (plist-get action :edit)))
        (qwen-lsp--run server (plist-get command :command) (plist-get command :arguments))
      (cl-call-next-method))))

(defun qwen-lsp--run (server command arguments &optional then)
  "Ask SERVER to run COMMAND with ARGUMENTS; call THEN with its result."
  (when (string= command "qwenLsp.rewrite")
    (setq arguments (vector (qwen-lsp--with-instruction (aref arguments 0)))))
  (jsonrpc-async-request
   server :workspace/executeCommand (list :command command :arguments arguments)
   :timeout qwen-lsp--longest-seconds
   :success-fn (lambda (result) (when then (funcall then result)))
   :error-fn (lambda (problem)
               ;; What was cancelled by hand needs no words.
               (unless (memql (plist-get problem :code) '(-32800 -32802))
                 (message "qwen-lsp: %s" (plist-get problem :message))))
   :timeout-fn #'ignore))

(defun qwen-lsp--with-instruction (argument)
  "Return ARGUMENT with an instruction, asking for it where there is none."
  (if (plist-get argument :instruction)
      argument
    (append argument (list :instruction (read-string "Rewrite: ")))))

;;; The mode line.

(defun qwen-lsp-mode-line ()
  "Return what the server of this buffer is doing, in a few words."
  (let ((server (and (fboundp 'eglot-current-server) (eglot-current-server))))
    (if (not (cl-typep server 'qwen-lsp-server))
        ""
      (cl-destructuring-bind (&key (state "starting") (message "") (model "") (speed "")
                                   &allow-other-keys)
          (qwen-lsp--status server)
        (let ((words (cond ((member state '("downloading" "loading")) message)
                           ((string= state "ready") speed)
                           (t state))))
          (propertize (concat " [" (if (string= model "") "qwen" model)
                              (if (string= words "") "" (concat " " words)) "]")
                      'help-echo (format "qwen-lsp: %s. %s" state message)))))))

(add-to-list 'mode-line-misc-info '(:eval (qwen-lsp-mode-line)) t)

;;; Commands.

(defun qwen-lsp--server ()
  "Return the server of this buffer, or say that there is none."
  (let ((server (eglot-current-server)))
    (if (cl-typep server 'qwen-lsp-server)
        server
      (user-error "This buffer has no qwen-lsp: M-x eglot starts it"))))

(defun qwen-lsp--place ()
  "Return the region, or the place of point, as a command's argument."
  (let ((start (if (use-region-p) (region-beginning) (point)))
        (end (if (use-region-p) (region-end) (point))))
    (append (list :uri (plist-get (eglot--TextDocumentIdentifier) :uri))
            (list :range (list :start (eglot--pos-to-lsp-position start)
                               :end (eglot--pos-to-lsp-position end))))))

(defun qwen-lsp--say-findings (result)
  "Say in words how many findings RESULT has."
  (message "qwen-lsp: %d finding(s) in %d function(s)"
           (plist-get result :findings) (plist-get result :functions)))

;;;###autoload
(defun qwen-lsp-review-function ()
  "Review the function at point; findings are shown by Flymake."
  (interactive)
  (qwen-lsp--run (qwen-lsp--server) "qwenLsp.review" (vector (qwen-lsp--place))
                 #'qwen-lsp--say-findings))

;;;###autoload
(defun qwen-lsp-review-file ()
  "Review all functions of this file."
  (interactive)
  (qwen-lsp--run (qwen-lsp--server) "qwenLsp.review"
                 (vector (list :uri (plist-get (qwen-lsp--place) :uri)))
                 #'qwen-lsp--say-findings))

;;;###autoload
(defun qwen-lsp-cancel ()
  "Stop the reviews, edits and downloads that are going on."
  (interactive)
  (let ((server (qwen-lsp--server)))
    (dolist (token (qwen-lsp--running server))
      (jsonrpc-notify server :window/workDoneProgress/cancel (list :token token)))))

;;;###autoload
(defun qwen-lsp-clear-review ()
  "Take all findings away."
  (interactive)
  (qwen-lsp--run (qwen-lsp--server) "qwenLsp.clearReview" []))

;;;###autoload
(defun qwen-lsp-rewrite (instruction)
  "Rewrite the region or the function at point as INSTRUCTION says."
  (interactive "sRewrite: ")
  (qwen-lsp--run (qwen-lsp--server) "qwenLsp.rewrite"
                 (vector (append (qwen-lsp--place) (list :instruction instruction)))))

;;;###autoload
(defun qwen-lsp-explain ()
  "Explain the region or the function at point in a window of its own."
  (interactive)
  (qwen-lsp--run (qwen-lsp--server) "qwenLsp.explain"
                 ;; With a token the text comes in the answer, and not as a message as well.
                 (vector (append (qwen-lsp--place) (list :partialResultToken "explanation")))
                 (lambda (result) (qwen-lsp--show "*qwen-lsp explanation*" (plist-get result :text)))))

;;;###autoload
(defun qwen-lsp-show-prompt ()
  "Show the exact text that was last sent to the model."
  (interactive)
  (qwen-lsp--run (qwen-lsp--server) "qwenLsp.showPrompt" []
                 (lambda (text) (qwen-lsp--show "*qwen-lsp prompt*" text))))

;;;###autoload
(defun qwen-lsp-select-model ()
  "Choose among the models on this machine."
  (interactive)
  (qwen-lsp--run (qwen-lsp--server) "qwenLsp.selectModel" []))

;;;###autoload
(defun qwen-lsp-pause ()
  "Pause the suggestions, or resume them."
  (interactive)
  (qwen-lsp--run (qwen-lsp--server) "qwenLsp.pause" []))

;;;###autoload
(defun qwen-lsp-restart-engine ()
  "End the process that holds the model, and start it again."
  (interactive)
  (qwen-lsp--run (qwen-lsp--server) "qwenLsp.restartEngine" []))

(defun qwen-lsp--show (name text)
  "Show TEXT in the buffer NAME."
  (with-current-buffer (get-buffer-create name)
    (let ((inhibit-read-only t))
      (erase-buffer)
      (insert text)
      (goto-char (point-min)))
    (special-mode)
    (visual-line-mode)
    (display-buffer (current-buffer))))

(provide 'qwen-lsp)
;;; qwen-lsp.el ends here
