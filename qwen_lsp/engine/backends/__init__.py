"""What can run a model. Backends do not know each other; `base` says what each must do."""
