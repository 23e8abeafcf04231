"""utils/parse_options.sh: options are what a script declares at its top, and values are data."""

import pytest
from conftest import ROOT

SCRIPT = f"""\
#!/usr/bin/env bash
# Say what was given.
# Usage: say.sh [options] <data-dir> [<model>] <out>
nj=4                 # most jobs
threshold=0.5        # a number
words="two words"    # text
empty=               # text that may stay empty
overlap=true         # a choice (no stamp)
secret=1
. {ROOT}/utils/parse_options.sh
late=1               # no option, below the line that parses
printf '%s|' "$nj" "$threshold" "$words" "$empty" "$overlap" "$secret" "$late" "$data_dir" "$model" "$out"
"""


@pytest.fixture
def say(call, tmp_path):
    (tmp_path / "say.sh").write_text(SCRIPT)

    def run(*words, **env):
        done = call("bash", "say.sh", *words, env=env)
        return done.returncode, done.stdout.split("|")[:-1] if not done.returncode else done.stderr
    return run


def test_defaults_and_positionals_by_their_usage_line(say):
    assert say("d", "o") == (0, ["4", "0.5", "two words", "", "true", "1", "1", "d", "", "o"])
    assert say("d", "m", "o")[1][-3:] == ["d", "m", "o"]


@pytest.mark.parametrize("words", ["--nj 3 d o", "--nj=3 d o", "d --nj 3 o", "d o --nj 3", "d o --nj 9 --nj=3"])
def test_an_option_may_stand_anywhere(say, words):
    assert say(*words.split())[1][0] == "3" and say(*words.split())[1][-3:] == ["d", "", "o"]


def test_dashes_and_underscores_are_one(call, tmp_path):
    text = f"#!/bin/bash\n# Usage: x.sh\nfbank_config=a  # file\n. {ROOT}/utils/parse_options.sh\necho $fbank_config\n"
    (tmp_path / "x.sh").write_text(text)
    for flag in ("--fbank-config", "--fbank_config"):
        assert call("bash", "x.sh", flag, "b").stdout == "b\n"


@pytest.mark.parametrize("value", ["$(touch pwned)", "`touch pwned`", "a  b", "it's", '"', "; touch pwned", "*", "a\nb",
                                   "$HOME", "\\n", "é", "--", "#"])
def test_a_value_is_data_and_never_evaluated(say, tmp_path, value):
    status, fields = say(f"--words={value}", "d", "o")
    assert status == 0 and fields[2] == value
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("words, message", [
    ("--nj", "--nj needs a value"),
    ("d o --nj", "--nj needs a value"),
    ("--nj --threshold 1 d o", "--nj needs a value"),
    ("--nj three d o", "--nj must be a whole number, not 'three'"),
    ("--nj= d o", "--nj must be a whole number, not ''"),
    ("--nj 2.5 d o", "--nj must be a whole number"),
    ("--threshold high d o", "--threshold must be a number, not 'high'"),
    ("--threshold nan d o", "--threshold must be a number"),
    ("--overlap False d o", "--overlap must be true or false, not 'False'"),
    ("--njj 3 d o", "unknown option --njj, did you mean --nj"),
    ("-n 3 d o", "unknown option -n"),
    ("d", "expected <data_dir> [<model>] <out>, got 1: d"),
    ("a b c d", "got 4: a b c d"),
])
def test_a_wrong_command_line_is_one_clear_message_and_status_2(say, words, message):
    status, text = say(*words.split())
    assert status == 2 and message in text and text.count("\n") == 1


@pytest.mark.parametrize("flag", ["--PATH=/", "--secret=2", "--late=2", "--HOME=/", "--data-dir=x", "--IFS=,"])
def test_no_other_shell_variable_is_an_option(say, flag):
    status, text = say(flag, "d", "o")
    assert status == 2 and "unknown option" in text


def test_the_environment_sets_nothing(say):
    assert say("d", "o", nj="77", model="leak", empty="leak") == say("d", "o")


def test_a_number_may_be_negative_and_a_lone_dash_is_a_positional(say):
    assert say("--threshold", "-0.15", "-", "o")[1][1] == "-0.15"
    assert say("--threshold", "-0.15", "-", "o")[1][-3] == "-"


def test_help_is_the_header_and_the_options_with_their_defaults(call, tmp_path):
    (tmp_path / "say.sh").write_text(SCRIPT)
    done = call("bash", "say.sh", "d", "--help")
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.startswith("Say what was given.\nUsage: say.sh")
    for shown in ("--nj=4 ", "--threshold=0.5 ", "--words=two words ", "--empty= ", "most jobs"):
        assert shown in done.stdout
    assert "secret" not in done.stdout and "late" not in done.stdout


def test_a_list_of_positionals_cannot_be_named(call, tmp_path):
    (tmp_path / "x.sh").write_text(f"# Usage: x.sh <dir>... <out>\n. {ROOT}/utils/parse_options.sh\n")
    done = call("bash", "x.sh", "a", "b")
    assert done.returncode == 2 and "..." in done.stderr


def test_a_name_that_is_option_and_positional_is_refused(call, tmp_path):
    (tmp_path / "x.sh").write_text(f"# Usage: x.sh <out>\nout=1  # twice\n. {ROOT}/utils/parse_options.sh\n")
    done = call("bash", "x.sh", "a")
    assert done.returncode == 2 and "declared twice" in done.stderr


@pytest.mark.parametrize("words, told", [
    ("--num-speakers 0", "--num-speakers must be a whole number from 1, not '0'"),
    ("--num-speakers two", "--num-speakers must be a whole number from 1, not 'two'"),
    ("--min-speakers 5 --max-speakers 2", "--min-speakers 5 is more than --max-speakers 2"),
    ("--num-speakers 2 --max-speakers 2", "--num-speakers excludes --min-speakers and --max-speakers"),
    ("--channel left", "--channel must be auto, mix, separate or a number from 1, not 'left'"),
    ("--nj 0", "--nj must be a whole number above 0, not '0'"),
    ("--vad best", "--vad must be one of energy oracle silero webrtc, not 'best'")])
def test_options_of_a_recipe_are_checked_before_its_first_stage(call, tmp_path, words, told):
    (tmp_path / "conf").symlink_to(ROOT / "conf")
    (tmp_path / "run.sh").write_text("# x\nnj=2 # a\nvad=silero # a\nchannel=auto # a\nnum_speakers= # a\n"
                                     f"min_speakers= # a\nmax_speakers= # a\n. {ROOT}/utils/parse_options.sh\n"
                                     "echo ran\n")
    done = call("bash", "run.sh", *words.split())
    assert done.returncode == 2 and told in done.stderr and "ran" not in done.stdout
    assert call("bash", "run.sh", "--max-speakers", "2", "--vad", "webrtc", "--num-speakers", "").stdout == "ran\n"
