"""utils/state.py, lock.py and stamp.py from within: what counts, who holds a folder, and no moment that can lie."""

import errno
import json
import os
import socket
import subprocess
import sys

import pytest
from conftest import ROOT

from diarkit.errors import DiarkitError, UsageError

sys.path.insert(0, str(ROOT / "utils"))
import lock  # noqa: E402
import stamp  # noqa: E402
import state  # noqa: E402

STEP = "# A step.\nnj=4  # jobs\n. utils/step.sh\n# why\nrun_jobs x y\n"


@pytest.fixture
def room(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIARKIT_STEP", "step.sh")
    for name in ("data", "out", "up"):
        (tmp_path / name).mkdir()
    (tmp_path / "step.sh").write_text(STEP)
    (tmp_path / "a.wav").write_text("sound")
    (tmp_path / "data/wav.scp").write_text("a a.wav\nb sox b.sph -t wav - |\nc none.wav\n")
    return tmp_path


def make(options=("x=1",), inputs=("data/wav.scp",), outputs=("o",)):
    return state.make_state("step.sh", options, inputs, outputs)


def test_the_state_is_the_same_for_the_same_and_however_paths_are_written(room):
    assert make() == make() == make(inputs=("./data//wav.scp",))
    assert make()["state"] != make(options=("x=2",))["state"]


def test_a_recording_counts_with_size_and_time_a_pipe_with_its_text(room):
    before = make()
    os.utime("a.wav", ns=(1, 1))
    assert state.differences(before, make())[0].startswith("input data/wav.scp: names recordings")
    before = make()
    (room / "none.wav").write_text("now it is there")
    assert make()["state"] != before["state"]
    before = make()
    (room / "b.sph").write_text("a piped file is not looked at")
    assert make() == before


def test_an_input_counts_with_the_state_of_the_step_that_made_it(room):
    (room / "up/feats.scp").write_text("a up/a.ark:2\n")
    plain = make(inputs=["up/feats.scp"])
    (room / "up/.done").write_text(json.dumps({"step": "x.sh", "state": "1"}))
    made = make(inputs=["up/feats.scp"])
    (room / "up/.done").write_text(json.dumps({"step": "x.sh", "state": "2"}))
    assert len({plain["state"], made["state"], make(inputs=["up/feats.scp"])["state"]}) == 3


def test_commands_count_comments_and_option_lines_do_not(room):
    before = state.commands_digest("step.sh")
    (room / "step.sh").write_text(STEP.replace("A step", "The step").replace("nj=4", "nj=8").replace("why", "because"))
    assert state.commands_digest("step.sh") == before
    (room / "step.sh").write_text(STEP.replace("x y", "x z"))
    assert state.commands_digest("step.sh") != before


def test_bad_inputs_and_outputs_are_named(room):
    for path, words in (("no.scp", "is missing"), ("data", "is no plain file")):
        with pytest.raises(DiarkitError, match=words):
            make(inputs=[path])
    for name in ("/tmp/x", "../x"):
        with pytest.raises(UsageError, match="own folder"):
            make(outputs=[name])


def test_every_kind_of_difference_is_told(room):
    old = make(options=("x=1", "gone=2"), inputs=("data/wav.scp",))
    new = make(options=("x=1", "fresh=3"), inputs=("a.wav",))
    assert state.differences(old, new) == ["option gone: 2 -> (none)", "option fresh: (none) -> 3",
                                           "input data/wav.scp: is no longer used", "input a.wav: is new"]
    assert state.differences(make(), make(outputs=("o", "p"))) == ["outputs: o -> o p"]


def test_killed_while_starting_over_the_folder_counts_as_unfinished(room, monkeypatch):
    (room / "out/o").write_text("old result")
    stamp.write_json("out/.done", make())

    def killed(*_):
        raise KeyboardInterrupt
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(stamp, "wipe", killed)
        stamp.compare("out", make(options=("x=2",)), "")
    assert not (room / "out/.done").exists() and (room / "out/.begun").exists()
    assert stamp.compare("out", make(options=("x=2",)), "") == stamp.GO_ON and not (room / "out/o").exists()


def test_killed_between_done_and_the_removal_of_begun_is_finished(room):
    (room / "out/o").write_text("result")
    for name in (".done", ".begun"):
        stamp.write_json(f"out/{name}", make())
    assert stamp.compare("out", make(), "") == stamp.UP_TO_DATE and not (room / "out/.begun").exists()


def test_a_stamp_that_cannot_be_read_proves_nothing(room):
    (room / "out/o").write_text("result")
    (room / "out/.done").write_text("{ broken")
    assert stamp.compare("out", make(), "") == stamp.GO_ON and not (room / "out/o").exists()


def no_locks(*_):
    raise OSError(errno.ENOLCK, "No locks available")


def dead_pid():
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


@pytest.mark.parametrize("flock_works", [True, False])
def test_a_dead_holder_of_this_host_is_taken_over_and_named(room, monkeypatch, flock_works):
    if not flock_works:
        monkeypatch.setattr(lock.fcntl, "flock", no_locks)
    pid = dead_pid()
    lock.write_holder("out/.lock", {"host": socket.gethostname(), "pid": pid, "since": "then"})
    with open("out/.lock", "a") as file:
        assert lock.take("out", file.fileno(), os.getpid()) == f"host {socket.gethostname()}, pid {pid}, since then"
    assert lock.read_holder("out/.lock")["pid"] == os.getpid()
    lock.release("out")
    assert lock.read_holder("out/.lock") == {} and (room / "out/.lock").exists()


def test_on_a_disk_without_locks_a_living_holder_is_respected(room, monkeypatch):
    monkeypatch.setattr(lock.fcntl, "flock", no_locks)
    lock.write_holder("out/.lock", {"host": socket.gethostname(), "pid": os.getppid(), "since": "then"})
    with open("out/.lock", "a") as file, pytest.raises(DiarkitError, match=f"pid {os.getppid()}, since then"):
        lock.take("out", file.fileno(), os.getpid())


def test_a_lock_that_is_held_is_refused_even_when_it_names_nobody(room):
    with open("out/.lock", "a") as first, open("out/.lock", "a") as second:
        lock.take("out", first.fileno(), os.getpid())
        lock.release("out")
        with pytest.raises(DiarkitError, match="has just begun or is ending"):
            lock.take("out", second.fileno(), os.getpid())
