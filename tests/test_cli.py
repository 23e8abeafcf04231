"""The shared command line: anywhere, both spellings, exit statuses, failures that cost only their own key."""

import sys

import pytest

from diarkit import cli

PROGRAM = '''#!/usr/bin/env python3
"""Square numbers.

Reads a table, writes a table.
"""
from diarkit import cli, files
from diarkit.errors import DiarkitError
from diarkit.options import opt, options


@options
class SquareOptions:
    """How to square."""

    sign: int = opt(1, "sign of the result", choices=(-1, 1))
    loud: bool = opt(False, "say more")


def main(source, target, note, square):
    lines = []

    def work(key, text):
        if text == "crash":
            raise RuntimeError("boom")
        if not text.isdigit():
            raise DiarkitError(f"{text!r} is no number")
        lines.append(f"{key} {square.sign * int(text) ** 2}{' ' + note if note else ''}")

    try:
        cli.for_each(files.read_table(source).items(), work)
    finally:
        files.write_text(target, lines)


if __name__ == "__main__":
    cli.run(main, __doc__, ("source", "target", "[note]"), SquareOptions)
'''


@pytest.fixture
def square(tmp_path, call):
    (tmp_path / "square.py").write_text(PROGRAM)
    (tmp_path / "in").write_text("a 2\nb 3\n")
    return lambda *words: call(sys.executable, "square.py", *words)


@pytest.mark.parametrize("words", [
    ("--sign=-1", "in", "out"), ("--sign", "-1", "in", "out"), ("in", "--sign", "-1", "out"),
    ("in", "out", "--sign=-1")])
def test_options_stand_anywhere_in_both_spellings(square, tmp_path, words):
    done = square(*words)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out").read_text() == "a -4\nb -9\n"
    assert done.stdout == ""
    assert done.stderr.splitlines()[0].startswith("square.py ")


def test_an_optional_positional(square, tmp_path):
    assert square("in", "out", "note").returncode == 0
    assert (tmp_path / "out").read_text() == "a 4 note\nb 9 note\n"


@pytest.mark.parametrize("words, said", [
    (("--sign",), "--sign needs a value"),
    (("--speed=1", "in", "out"), "unknown option --speed"),
    (("in",), r"expected <source> <target> [note], got 1: in"),
    (("a", "b", "c", "d"), "got 4: a b c d"),
    (("--sign=two", "in", "out"), "--sign must be int, not 'two'"),
    (("--loud=maybe", "in", "out"), "--loud must be true or false, not 'maybe'"),
    (("--config=none.conf", "in", "out"), "none.conf: cannot read this configuration")])
def test_wrong_usage_is_status_2(square, words, said):
    done = square(*words)
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr


def test_the_command_line_wins_over_the_conf_wherever_it_stands(square, tmp_path):
    (tmp_path / "square.conf").write_text("--sign=-1  # dark\n")
    assert square("--sign=1", "--config=square.conf", "in", "out").returncode == 0
    assert (tmp_path / "out").read_text() == "a 4\nb 9\n"


def test_help_lists_every_option_with_its_default(square):
    done = square("--help")
    assert done.returncode == 0 and done.stdout.startswith("Square numbers.")
    assert "--sign=1\n        sign of the result (-1, 1)" in done.stdout and "--loud=false" in done.stdout
    assert "<source> <target> [note]" in done.stdout


def test_a_failure_costs_only_its_own_key_and_every_one_is_listed(square, tmp_path):
    (tmp_path / "in").write_text("a 2\nb x\nc crash\nd 4\n")
    done = square("in", "out")
    assert done.returncode == 1
    for said in ("2 of 4 failed", "b: 'x' is no number", "c: RuntimeError: boom"):
        assert said in done.stderr
    assert (tmp_path / "out").read_text() == "a 4\nd 16\n"


def test_a_missing_input_is_one_line_and_status_1(square):
    done = square("nowhere", "out")
    assert done.returncode == 1 and "nowhere: cannot be read" in done.stderr and "Traceback" not in done.stderr


def test_a_full_disk_is_said_plainly(square):
    done = square("in", "/dev/full")
    assert done.returncode == 1 and "Traceback" not in done.stderr


def test_two_options_of_one_name_are_a_programming_error():
    from diarkit.options import field_table, opt, options

    @options
    class Other:
        rate: int = opt(1, "one")

    @options
    class Another:
        rate: int = opt(2, "two")

    with pytest.raises(AssertionError, match="--rate in Another and Other"):
        field_table(Other, Another)


def test_a_log_gets_one_plain_line_a_minute(monkeypatch, capsys):
    clock = iter(range(0, 10000, 45))
    monkeypatch.setattr(cli.time, "monotonic", lambda: next(clock))
    assert list(cli.progress(range(5), 5)) == [0, 1, 2, 3, 4]
    assert capsys.readouterr().err.splitlines() == ["1 of 5 reco done after 2 min", "3 of 5 reco done after 3 min"]
