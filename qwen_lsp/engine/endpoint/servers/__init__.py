"""One file a server: what it can do, and its own words for it."""
