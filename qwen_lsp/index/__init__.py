"""The symbols of a workspace's files, in a database that a process of its own keeps up to date.

`database` reads and writes it, `files` says which files belong to it, `build` brings it up to date,
and `process` does so in the background.
"""
