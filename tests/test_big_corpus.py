"""Thousands of recordings over many tasks: what plumbing asks of the disk grows in a straight line, counted."""

import itertools
import os
import re
import sys
import threading
from collections import Counter

import pytest
from conftest import ROOT
from small_recipe import SmallRecipe

from diarkit import files

sys.path.insert(0, str(ROOT / "utils"))
import collect  # noqa: E402
import plumbing  # noqa: E402
import runner  # noqa: E402
import split_data  # noqa: E402
import stamp  # noqa: E402
import state  # noqa: E402
import tasks  # noqa: E402

STEPS = sorted((ROOT / "steps").glob("*.sh"))
BEGIN = ["begin", "out", "--out", "x.scp", "--in", "data/wav.scp", "--pid", str(os.getpid()), "--lock"]
COUNTED = {os: ("stat", "listdir", "open", "mkdir", "replace", "unlink"), files: ("open",), split_data: ("open",),
           stamp: ("open",), state: ("open",), tasks: ("open",)}


class Corpus:
    """A folder with a wav.scp, and the verbs of a step on it in this process, each counted."""

    def __init__(self, folder, monkeypatch, count, jobs):
        self.jobs, self.calls, self.monkeypatch = jobs, {}, monkeypatch
        for name in ("data", "out"):
            (folder / name).mkdir(parents=True)
        monkeypatch.chdir(folder)
        monkeypatch.setenv("DIARKIT_STEP", "step.sh")
        (folder / "step.sh").write_text(". utils/step.sh\ncollect x.scp --keys k\n")
        (folder / "data/wav.scp").write_text("".join(f"r{n:05d} audio/{n}.wav\n" for n in range(count)))

    def do(self, name, work, *words):
        """Call work(*words) and note how often it asked the disk for what, and how many lines it read."""
        seen = []
        with self.monkeypatch.context() as patch:
            for module, names in COUNTED.items():
                for called in names:
                    patch.setattr(module, called, counting(called, getattr(module, called, open), seen), raising=False)
            for module in (split_data, files):
                patch.setattr(module, "read_lines", counting_lines(module.read_lines, seen))
            status = work(*words)
        self.calls[name] = Counter(seen)
        return status

    def begin(self, name):
        with open("out/.lock", "a") as lock:
            return self.do(name, stamp.main, [*BEGIN, str(lock.fileno())])

    def run(self, name):
        """Begin, split, run jobs that copy their share, collect."""
        assert self.begin(f"{name} begin") == stamp.GO_ON
        self.do(f"{name} split", split_data.main, [str(self.jobs), "out", "data/wav.scp"])
        jobs, attempt = len(os.listdir("out/split")), split_data.read_lines("out/parts/.attempt")
        attempt = next(attempt)[1]
        request = runner.parse([f"JOB=1:{jobs}", "out/log/x.JOB.log", "true"])
        self.do(f"{name} prepare", tasks.prepare, request)
        for job in range(1, jobs + 1):
            for suffix, text in (("", ""), (".rc", "0\n")):
                with open(f"out/log/x.{job}.log{suffix}", "w") as file:
                    file.write(text)
            os.replace(f"out/split/{job}/wav.scp", f"out/parts/x.{attempt}.{job}.scp")
        ended, _ = self.do(f"{name} look", tasks.look, request, list(request.tasks))
        assert set(ended.values()) == {"0"} and len(ended) == jobs
        assert self.do(f"{name} report", tasks.report, request) == 0
        self.do(f"{name} collect", collect.main, ["out", "x.scp", "--keys", "data/wav.scp"])

    def whole_life(self):
        """Run it, ask again, and run it after half of the parts are lost; return {(part, call): how often}."""
        self.run("first")
        self.do("finish", stamp.main, ["finish", "out"])
        assert self.begin("second") == stamp.UP_TO_DATE
        for job in range(1, self.jobs // 2 + 1):
            os.unlink(f"out/parts/x.1.{job}.scp")
        os.unlink("out/x.scp")
        self.run("resumed")
        return {(part, call): count for part, calls in self.calls.items() for call, count in calls.items()}


def counting(name, work, seen):
    """Return work, which notes its name when it is called; a recording's stat by another name."""
    def call(*args, **more):
        seen.append("stat of a recording" if name == "stat" and str(args[0]).startswith("audio/") else name)
        return work(*args, **more)
    return call


def counting_lines(read_lines, seen):
    """Return read_lines, which notes every line."""
    def read(*args):
        for item in read_lines(*args):
            seen.append("line")
            yield item
    return read


def test_a_step_asks_the_disk_in_proportion_to_recordings_plus_tasks(tmp_path, monkeypatch, capsys):
    """The costs at three numbers of recordings lie on a line, and its slope is the same with twice the tasks."""
    def life(count, jobs):
        return Corpus(tmp_path / f"{count}-{jobs}", monkeypatch, count, jobs).whole_life()
    one, two, three = (life(count, 20) for count in (600, 1200, 1800))
    more, most = (life(count, 40) for count in (600, 1200))
    for what in {**three, **most}:
        assert three[what] - two[what] == two[what] - one[what], what
        assert most[what] - more[what] == two[what] - one[what], what
        assert two[what] - one[what] <= 600 * 3, f"{what}: a recording is not met more than three times"
    assert {part for part, call in one if call == "stat of a recording"} == {"first begin", "second", "resumed begin"}
    assert all(count == 600 for (_, call), count in one.items() if call == "stat of a recording"), "one question each"
    opens = {part: most[part, "open"] for part, call in most if call == "open"}
    assert all(count <= 40 * 2 + 5 for count in opens.values()), "two for each task and a few: a part and a share"


def test_questions_about_recordings_are_asked_side_by_side(tmp_path, monkeypatch):
    """None of eight is answered before all eight are asked."""
    corpus = tmp_path / "wav.scp"
    corpus.write_text("".join(f"r{n} audio/{n}.wav\n" for n in range(1600)))
    together, number = threading.Barrier(8, timeout=30), itertools.count()

    def stat(entry):
        if next(number) < 8:
            together.wait()
        return entry
    monkeypatch.setattr(state, "recording_state", stat)
    assert state.recording_states(corpus) == {f"r{n}": f"audio/{n}.wav" for n in range(1600)}


@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 100])
def test_side_by_side_keeps_the_order_and_the_first_error(count):
    assert plumbing.side_by_side(str, range(count)) == [str(n) for n in range(count)]
    with pytest.raises(ZeroDivisionError):
        plumbing.side_by_side(lambda n: 1 // (count - n), range(count + 1))


def test_folders_stay_listable(tmp_path, environment):
    """Three thousand recordings over sixty tasks of the real runner: files go with tasks, and split goes at the end."""
    recipe = SmallRecipe(tmp_path, environment)
    recipe.write("data/wav.scp", "".join(f"r{n:04d} audio/a.txt\n" for n in range(3000)))
    recipe.script("local/measure.py", '#!/bin/sh\ncp "$2" "${3##*,}"\n')
    status, said = recipe.measure("--nj", "60", "--cmd", "run.py --max-jobs-run 2")
    assert status == 0 and "3000 of 3000 recordings to do in 60 jobs" in said, said
    sizes = {path.name: len(os.listdir(path)) for path in (recipe.folder / "exp/size").iterdir() if path.is_dir()}
    assert sizes == {"parts": 62, "log": 120}
    assert len(recipe.read("exp/size/size.scp").splitlines()) == 3000


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_no_job_is_given_more_of_a_table_than_its_share(step):
    """A job that reads a whole scp, segments file or RTTM makes a step's work grow as recordings times tasks."""
    text = re.sub(r"\\\n\s*", " ", step.read_text())
    if not re.search(r"^split_data ", text, re.M):
        return
    inputs = r'(?:"scp:|[ "=])\$\{?(\w+)\}?/(?:[\w.]+\.scp|segments|subsegments|[\w.]+\.rttm)\b'
    for line in re.findall(r"^(?:\[.*\|\| )?run_jobs .*", text, re.M):
        given = re.sub(r'"ark,scp:[^"]*"|"\$parts[^"]*"', "", line)
        assert set(re.findall(inputs, given)) <= {"sdata"}, line
