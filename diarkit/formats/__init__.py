"""Turns on disk in the formats of others: one module for each format, and one table of them all in `registry`.

A module has `write(turns, reco, duration_s)`, which returns text, and `read(path)`, which yields Turns (and Ignored
spans, where the format has them). Turns are anything with start_s, end_s and speaker, in seconds.
"""
