"""Files that appear only when whole, and text tables with named mistakes."""

import os

import pytest

from diarkit.errors import DiarkitError
from diarkit.files import atomic, read_lines, read_number_table, read_table, write_text


def test_a_file_appears_only_when_whole(tmp_path):
    target = tmp_path / "out"
    target.write_text("old")
    with pytest.raises(RuntimeError):
        with atomic(target) as file:
            file.write("new")
            assert target.read_text() == "old"
            raise RuntimeError
    assert target.read_text() == "old" and os.listdir(tmp_path) == ["out"]
    with atomic(target) as file:
        file.write("new")
    assert target.read_text() == "new" and os.listdir(tmp_path) == ["out"]


def test_a_table_keeps_order_unicode_and_blanks_in_values(tmp_path):
    write_text(tmp_path / "wav.scp", ["b sph2pipe x y |", "ä /a b/c d.wav", "a\tz"])
    assert read_table(tmp_path / "wav.scp") == {"b": "sph2pipe x y |", "ä": "/a b/c d.wav", "a": "z"}


@pytest.mark.parametrize("text, words", [
    (b"a 1\na 2\n", r"t:2: a stands already on line 1"),
    (b"a 1\n\nb\n", r"t:3: expected `<id> <value>`"),
    (b"a 1\n\xff\xfe 2\n", r"t:2: not UTF-8")])
def test_a_bad_line_is_named(tmp_path, text, words):
    (tmp_path / "t").write_bytes(text)
    with pytest.raises(DiarkitError, match=words):
        read_table(tmp_path / "t")


def test_numbers(tmp_path):
    write_text(tmp_path / "reco2dur", ["a 1.5", "b 2"])
    assert read_number_table(tmp_path / "reco2dur") == {"a": 1.5, "b": 2.0}
    with pytest.raises(DiarkitError, match="a has '1.5', expected a number"):
        read_number_table(tmp_path / "reco2dur", int)


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(DiarkitError, match="none: cannot be read: No such file"):
        list(read_lines(tmp_path / "none"))


def test_windows_line_ends_are_no_part_of_the_value(tmp_path):
    (tmp_path / "t").write_bytes(b"a 1\r\nb 2\r\n")
    assert read_table(tmp_path / "t") == {"a": "1", "b": "2"}
