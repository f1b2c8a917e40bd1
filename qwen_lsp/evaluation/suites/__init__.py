"""What `eval` scores: one file a suite, each from cases to outcomes."""
