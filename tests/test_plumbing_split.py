"""utils/split_data.py and utils/collect.py: every recording in one job, and one table out of all parts or an error."""

import os
import subprocess
import sys
from collections import Counter

import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "utils"))
import split_data  # noqa: E402


@pytest.fixture
def room(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DIARKIT_STEP", raising=False)
    (tmp_path / "data").mkdir()
    (tmp_path / "out/parts").mkdir(parents=True)
    return tmp_path


def table(path, keys):
    path.write_text("".join(f"{key} value-{key}\n" for key in keys))


def split(nj, *files):
    """Return (jobs, attempt) and {job: {file: lines}}."""
    done = subprocess.run([ROOT / "utils/split_data.py", str(nj), "out", *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    shares = {}
    for folder, _, names in os.walk("out/split"):
        for name in names:
            with open(os.path.join(folder, name)) as file:
                shares.setdefault(int(os.path.basename(folder)), {})[name] = file.read().splitlines()
    return tuple(map(int, done.stdout.split())), shares


def collect(*words):
    done = subprocess.run([ROOT / "utils/collect.py", "out", *words], capture_output=True, text=True)
    return done.returncode, done.stderr


def test_every_recording_is_in_one_job_and_files_follow(room):
    keys = [f"r{n}" for n in range(7)]
    table(room / "data/wav.scp", keys)
    (room / "data/segments").write_text("".join(f"s{i}-{k} {k} 0 1\n" for i in range(2) for k in keys + ["other"]))
    (room / "data/ref.rttm").write_text("".join(f"SPEAKER {k} 1 0 1 <NA> <NA> A <NA> <NA>\n" for k in keys))
    (jobs, attempt), shares = split(3, "data/wav.scp", "data/segments", "data/ref.rttm")
    assert (jobs, attempt) == (3, 1) and sorted(shares) == [1, 2, 3]
    assert sorted(line for s in shares.values() for line in s["wav.scp"]) == [f"{k} value-{k}" for k in keys]
    for share in shares.values():
        mine = [line.split()[0] for line in share["wav.scp"]]
        assert sorted({line.split()[1] for line in share["segments"]}) == mine
        assert [line.split()[1] for line in share["ref.rttm"]] == mine and len(share["segments"]) == 2 * len(mine)


def test_the_same_split_every_time_in_the_order_of_the_keys(room):
    table(room / "data/wav.scp", ["z", "b", "m", "a"])
    first = split(2, "data/wav.scp")[1]
    assert split(2, "data/wav.scp")[1] == first
    assert [line[0] for line in first[1]["wav.scp"] + first[2]["wav.scp"]] == ["z", "m", "b", "a"]


def test_durations_balance_the_jobs(room):
    seconds = {"long": 3600, **{f"short{n}": 600 for n in range(6)}}
    table(room / "data/wav.scp", seconds)
    (room / "data/reco2dur").write_text("".join(f"{k} {v}\n" for k, v in seconds.items()))
    shares = split(2, "data/wav.scp")[1]
    assert sorted(sum(seconds[line.split()[0]] for line in s["wav.scp"]) for s in shares.values()) == [3600, 3600]


def test_jobs_are_clamped_and_none_is_empty(room):
    table(room / "data/wav.scp", "abc")
    (room / "data/reco2dur").write_text("a 0\nb 0\nc 0\n")
    (jobs, _), shares = split(200, "data/wav.scp")
    assert jobs == 3 and all(len(s["wav.scp"]) == 1 for s in shares.values())


def test_what_is_finished_is_left_out_and_attempts_count_up(room):
    table(room / "data/wav.scp", "abcd")
    assert split(2, "data/wav.scp")[0] == (2, 1)
    table(room / "out/parts/x.1.2.scp", "bd")
    (jobs, attempt), shares = split(4, "data/wav.scp")
    assert (jobs, attempt) == (2, 2) and sorted(s["wav.scp"][0][0] for s in shares.values()) == ["a", "c"]
    table(room / "out/parts/x.2.1.scp", "ac")
    assert split(4, "data/wav.scp") == ((0, 3), {})


def test_a_job_killed_between_its_two_tables_is_done_again(room):
    table(room / "data/wav.scp", "abcd")
    for name, keys in {"x.1.1": "ab", "y.1.1": "a", "x.1.2": "cd"}.items():
        table(room / f"out/parts/{name}.scp", keys)
    shares = split(4, "data/wav.scp")[1]
    assert sorted(s["wav.scp"][0][0] for s in shares.values()) == ["b", "c", "d"]
    assert (room / "out/parts/x.1.1.scp").read_text() == "a value-a\n"
    assert (room / "out/parts/x.1.2.scp").read_text() == ""


def test_a_table_of_which_no_part_is_there_yet_is_known_from_the_step(room, monkeypatch):
    (room / "step.sh").write_text("collect x.scp --keys k\ncollect y.scp --keys k\n")
    monkeypatch.setenv("DIARKIT_STEP", "step.sh")
    table(room / "data/wav.scp", "ab")
    table(room / "out/parts/x.1.1.scp", "ab")
    assert split(1, "data/wav.scp")[0][0] == 1


def test_leftovers_of_killed_jobs_are_removed(room):
    table(room / "data/wav.scp", "ab")
    table(room / "out/parts/x.1.1.scp", "a")
    for name in ("x.1.1.ark", "x.1.2.ark", ".x.1.2.ark.77.ab.tmp"):
        (room / "out/parts" / name).write_text("")
    split(1, "data/wav.scp")
    assert sorted(os.listdir("out/parts")) == [".attempt", ".counts", "x.1.1.ark", "x.1.1.scp"]


@pytest.mark.parametrize("words, text, message", [
    (["0", "out", "data/wav.scp"], "a b\n", "above 0"), (["-1", "out", "data/wav.scp"], "a b\n", "above 0"),
    (["2", "out", "data/wav.scp"], "", "is empty"), (["2", "out", "data/none"], "a b\n", "data/none"),
    (["2", "out", "data/wav.scp", "data/segments"], "a\n", "data/segments:1: expected at least 2 columns"),
    (["2", "out", "data/wav.scp", "./data/wav.scp"], "a b\n", "one name"),
])
def test_bad_input_is_one_clear_message(room, words, text, message):
    for name in ("wav.scp", "segments"):
        (room / "data" / name).write_text(text)
    done = subprocess.run([ROOT / "utils/split_data.py", *words], capture_output=True, text=True)
    assert done.returncode in (1, 2) and message in done.stderr and done.stderr.count("\n") == 1 and not done.stdout


def test_twenty_thousand_recordings_over_two_hundred_jobs_read_each_line_once(room, monkeypatch, capsys):
    keys = [f"r{n:05d}" for n in range(20000)]
    table(room / "data/wav.scp", keys)
    (room / "data/segments").write_text("".join(f"{k}-{i} {k} {i} {i + 1}\n" for k in keys for i in range(3)))
    read, opened, original = Counter(), Counter(), split_data.read_lines
    monkeypatch.setattr(split_data, "read_lines", lambda path: count(path, original, read))
    monkeypatch.setattr(split_data, "open", lambda *a, **k: opened.update([a[0]]) or open(*a, **k), raising=False)
    split_data.main(["200", "out", "data/wav.scp", "data/segments"])
    assert capsys.readouterr().out == "200 1\n"
    assert read == {"data/wav.scp": 40000, "data/segments": 60000}, "once for the keys, once for each job's share"
    assert len(opened) == 400 and set(opened.values()) == {1}
    assert {sum(1 for _ in open(f"out/split/{n}/wav.scp")) for n in range(1, 201)} == {100}


def count(path, read_lines, seen):
    for item in read_lines(path):
        seen[path] += 1
        yield item


def test_a_table_is_collected_in_the_order_of_its_keys(room):
    table(room / "data/wav.scp", ["z", "b", "m", "a"])
    table(room / "out/parts/x.1.1.scp", "ab")
    table(room / "out/parts/x.2.10.scp", "mz")
    table(room / "out/parts/x.y.1.1.scp", "q")  # another table, whose name begins the same
    assert collect("x.scp", "--keys", "data/wav.scp") == (0, "")
    assert (room / "out/x.scp").read_text() == "z value-z\nb value-b\nm value-m\na value-a\n"


def test_keys_of_segments_are_their_recordings(room):
    (room / "data/segments").write_text("s1 a 0 1\ns2 a 1 2\ns3 b 0 1\n")
    table(room / "out/parts/x.1.1.scp", "ab")
    assert collect("x.scp", "--keys", "data/segments")[0] == 0


def test_a_missing_middle_shard_names_three_and_the_count(room):
    table(room / "data/wav.scp", [f"r{n:02d}" for n in range(15)])
    for job in (1, 3):
        table(room / f"out/parts/x.1.{job}.scp", [f"r{n:02d}" for n in range(5 * job - 5, 5 * job)])
    (room / "out/x.scp").write_text("old\n")
    status, said = collect("x.scp", "--keys", "data/wav.scp")
    assert status == 1 and "5 of 15 recordings are missing (5, such as r05, r06, r07)" in said
    assert (room / "out/x.scp").read_text() == "old\n"


def test_a_key_from_two_parts_names_both(room):
    table(room / "data/wav.scp", "ab")
    table(room / "out/parts/x.1.1.scp", "ab")
    table(room / "out/parts/x.2.1.scp", "b")
    status, said = collect("x.scp", "--keys", "data/wav.scp")
    assert status == 1 and "b comes from two parts, out/parts/x.1.1.scp and out/parts/x.2.1.scp" in said


def test_a_stale_shard_of_an_earlier_run_is_refused(room):
    table(room / "data/wav.scp", "ab")
    table(room / "out/parts/x.1.1.scp", "ab")
    table(room / "out/parts/x.1.2.scp", "c")
    status, said = collect("x.scp", "--keys", "data/wav.scp")
    assert status == 1 and "out/parts/x.1.2.scp: holds recordings that are not in data/wav.scp (1: c)" in said


@pytest.mark.parametrize("words", [["x.scp"], ["x.scp", "--keys"], ["x", "--keys", "data/wav.scp"], []])
def test_collect_refuses_a_wrong_call(room, words):
    assert collect(*words)[0] == 2


def test_a_recording_that_the_keys_have_not_is_an_error_after_known_alone(room):
    table(room / "data/wav.scp", "ab")
    (room / "data/subsegments").write_text("s a 0 1\nt c 0 1\nu d 0 1\n")
    assert split(2, "data/wav.scp", "data/subsegments")[1][1]["subsegments"] == ["s a 0 1"]
    done = subprocess.run([ROOT / "utils/split_data.py", "2", "out", "data/wav.scp", "--known", "data/subsegments"],
                          capture_output=True, text=True)
    assert done.returncode == 1 and "data/subsegments: lines of 2 recordings that data/wav.scp has not" in done.stderr
    table(room / "data/wav.scp", "abcd")
    assert split(2, "data/wav.scp", "--known", "data/subsegments")[1][2]["subsegments"] == ["u d 0 1"]


def test_comments_of_rttm_are_about_no_recording(room):
    table(room / "data/wav.scp", "a")
    (room / "data/ref.rttm").write_text(";;\n;; a comment\nSPEAKER a 1 0 1 <NA> <NA> A <NA> <NA>\n")
    assert split(1, "data/wav.scp", "data/ref.rttm")[1][1]["ref.rttm"] == ["SPEAKER a 1 0 1 <NA> <NA> A <NA> <NA>"]
