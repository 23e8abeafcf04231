"""Features: each module has one options class and one object with `__call__`, `blocks` and `dim`."""
