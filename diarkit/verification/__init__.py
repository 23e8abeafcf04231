"""Verification: is it the same speaker? Trials, scores, and how often they err."""
