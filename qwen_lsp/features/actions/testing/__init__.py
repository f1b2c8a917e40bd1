"""How a project writes its tests: where they lie, in which framework, and what a file of them is.

Nothing here asks the model, and no test is ever run.
"""
