"""Options dataclasses: values check themselves, conf files are parsed and never sourced."""

import pytest

from diarkit.errors import UsageError
from diarkit.options import field_table, format_value, from_conf, opt, options, parse_value


@options
class Demo:
    """A demonstration."""

    rate: int = opt(16000, "samples per second", low=1)
    shift: float = opt(10.0, "milliseconds", above=0)
    window: str = opt("povey", "shape", choices=("povey", "hamming"))
    center: bool = opt(True, "look both ways")
    count: int | None = opt(None, "speakers", low=1)

    def check(self):
        if self.count and self.count > self.rate:
            raise UsageError("more speakers than samples")


@pytest.mark.parametrize("wrong, words", [
    (dict(rate=0), "--rate must be at least 1, not 0"),
    (dict(rate="16000"), "--rate must be int, not '16000'"),
    (dict(rate=True), "--rate must be int, not True"),
    (dict(shift=0), "--shift must be greater than 0"),
    (dict(window="hann"), "--window must be one of povey, hamming, not 'hann'"),
    (dict(rate=None), "--rate needs a value"),
    (dict(count=20000), "more speakers than samples"),
    (dict(center=1), "--center must be bool"),
])
def test_a_wrong_value_is_refused_by_name(wrong, words):
    with pytest.raises(UsageError, match=words):
        Demo(**wrong)


def test_options_cannot_be_changed():
    with pytest.raises(AttributeError):
        Demo().rate = 8000


@pytest.mark.parametrize("name, text, value", [
    ("rate", "8000", 8000), ("shift", "5", 5.0), ("center", "False", False), ("center", "true", True),
    ("center", "no", False), ("count", "none", None), ("count", "3", 3)])
def test_text_becomes_the_fields_type(name, text, value):
    field = field_table(Demo)[name][1]
    assert parse_value(field, text) == value and type(parse_value(field, text)) is type(value)
    assert parse_value(field, format_value(value)) == value


@pytest.mark.parametrize("name, text", [("center", "maybe"), ("center", ""), ("rate", "16k"), ("rate", "1.5")])
def test_text_of_another_type_is_refused(name, text):
    with pytest.raises(UsageError, match=f"--{name} must be"):
        parse_value(field_table(Demo)[name][1], text)


def test_a_conf_file_is_read_with_comments_and_arguments_win(tmp_path):
    conf = tmp_path / "demo.conf"
    conf.write_text("# whole line\n--rate=8000  # narrow band\n\n--window=hamming\n--center=false\n")
    assert from_conf(Demo, conf) == Demo(rate=8000, window="hamming", center=False)
    assert from_conf(Demo, conf, rate=44100).rate == 44100


@pytest.mark.parametrize("line, words", [
    ("--speed=3", r"demo.conf:2: unknown option --speed"),
    ("rate=8000", r"demo.conf:2: expected --key=value"),
    ("--rate 8000", r"demo.conf:2: expected --key=value"),
    ("--rate=$(touch /tmp/never)", r"demo.conf:2: --rate must be int"),
    ("--rate=", r"demo.conf:2: --rate must be int")])
def test_a_bad_conf_line_is_named(tmp_path, line, words):
    conf = tmp_path / "demo.conf"
    conf.write_text(f"--shift=10\n{line}\n")
    with pytest.raises(UsageError, match=words):
        from_conf(Demo, conf)


def test_a_missing_conf_file_is_named():
    with pytest.raises(UsageError, match="nowhere.conf: cannot read"):
        from_conf(Demo, "nowhere.conf")
