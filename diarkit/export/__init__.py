"""Turns for others to use: JSON, CSV, subtitles and pictures, one file per recording."""
