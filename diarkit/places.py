"""Where the files lie that come along with the package: weights beside the code, configurations beside or above it."""

from pathlib import Path

HERE = Path(__file__).resolve().parent
WEIGHTS = HERE / "weights"
# An installed package holds a copy of the checkout's conf/ (setup.py); in a checkout there is only the one on top.
CONF = HERE / "conf" if (HERE / "conf").is_dir() else HERE.parent / "conf"
