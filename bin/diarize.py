#!/usr/bin/env python3
"""Find out who spoke when in recordings: files, folders of them, or `-` for standard input.

It is the command `diarkit`, for a checkout that is not installed.
"""

from diarkit.command import main

if __name__ == "__main__":
    main()
