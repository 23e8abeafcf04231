"""The panel: one page per recording to hear, see and correct who spoke when, and an index of the pages.

A page holds everything it needs, its sound too, and asks no network for anything. Scripts and styles lie in assets/,
the waveform player of others in vendor/, with its licence and a table that says where it comes from.
"""
