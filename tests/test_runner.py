"""utils/run.py: Kaldi's convention, markers, failures that cannot be lost, and tasks that end with their runner."""

import os
import signal
import subprocess
import sys

import pytest
from conftest import ROOT
from small_recipe import is_running, wait_for

sys.path.insert(0, str(ROOT / "utils"))
import runner  # noqa: E402
import tasks  # noqa: E402


@pytest.mark.parametrize("words", [["false | cat"], ["false", "|", "cat"], ["true", "|", "false", "|", "cat"],
                                   ["exit 3"], ["no-such-command"], ["cat", "<", "/dev/null", "|", "false"],
                                   ["true && false | cat"], ["kill -9 $$"], ["kill -9 $PPID"]])
def test_a_failure_anywhere_in_a_pipe_fails(call, words):
    done = call("run.py", "l.log", *words)
    assert done.returncode == 1 and "1 of 1 jobs failed" in done.stderr and "l.log" in done.stderr


@pytest.mark.parametrize("word", ["a  b", "it's", '"', "$HOME", "`id`", "$(id)", "*", "a;b", "a|b", "a&", "<unk>", "\\",
                                  "#x", "~", "é", "", "a\tb", "[a]", "(x", "'", "x>y", "{1..3}", "!x", "a\nb"])
def test_a_word_reaches_the_command_as_it_is(call, tmp_path, word):
    show = "import sys; open('out', 'w', newline='').write(chr(0).join(sys.argv[1:]))"
    assert call("run.py", "l.log", sys.executable, "-c", show, word, "end").returncode == 0
    assert (tmp_path / "out").read_text(encoding="utf-8") == word + "\0end"


def test_operators_that_are_words_of_their_own_are_the_shells(call, tmp_path):
    words = ["echo", "one", "&&", "echo", "two", "2>&1", "|", "tr", "a-z", "A-Z", ">out.JOB", ";", "cat", "<out.JOB",
             ">>", "all"]
    assert call("run.py", "JOB=1:2", "--max-jobs-run", "1", "l.JOB.log", *words).returncode == 0
    assert (tmp_path / "all").read_text() == "TWO\nTWO\n"
    assert "one" in (tmp_path / "l.1.log").read_text()


def test_job_is_replaced_only_as_a_whole_token(call, tmp_path):
    words = ["echo", "JOB", "a/JOB/b", "feats.1.JOB.ark", "--x=JOB", "ark,scp:JOB,JOB", "two JOB", "BIGJOB", "JOBS",
             "MY_JOB", "A-JOB-B"]
    assert call("run.py", "JOB=3:3", "l.JOB.log", *words).returncode == 0
    assert "3 a/3/b feats.1.3.ark --x=3 ark,scp:3,3 two 3 BIGJOB JOBS MY_JOB A-JOB-B" \
        in (tmp_path / "l.3.log").read_text()


def test_the_name_before_the_range_is_the_callers(call, tmp_path):
    assert call("run.py", "N=1:2", "l.N.log", "echo", "N", "JOB").returncode == 0
    assert "2 JOB" in (tmp_path / "l.2.log").read_text()


def test_a_log_tells_command_times_and_status_and_has_a_marker(call, tmp_path):
    assert call("run.py", "deep/log/x.log", "echo", "said").returncode == 0
    lines = (tmp_path / "deep/log/x.log").read_text().splitlines()
    assert lines[0] == "# echo said" and lines[1].startswith("# Started at ") and lines[2] == "said"
    assert lines[3].startswith("# Ended (status 0) at ")
    assert (tmp_path / "deep/log/x.log.rc").read_text() == "0\n"


def test_every_task_runs_and_all_failed_ones_are_listed(call, tmp_path):
    done = call("run.py", "JOB=1:20", "log/x.JOB.log", "echo why JOB; [ JOB -le 2 ] || exit JOB")
    assert done.returncode == 1 and "18 of 20 jobs failed" in done.stderr
    assert "log/x.3.log (status 3)" in done.stderr and "and 8 more" in done.stderr and "  why 3\n" in done.stderr
    assert all((tmp_path / f"log/x.{n}.log").exists() for n in range(1, 21))


def test_a_killed_task_leaves_no_marker_and_has_failed(call, tmp_path):
    (tmp_path / "l.log.rc").write_text("0\n")
    done = call("run.py", "l.log", "kill -9 $PPID")
    assert done.returncode == 1 and not (tmp_path / "l.log.rc").exists()
    assert "left no exit status: killed, or no room on the disk to write it" in done.stderr


def test_a_task_killed_for_memory_is_told_so(call):
    done = call("run.py", "l.log", "kill -9 $$")
    assert done.returncode == 1 and "status 137, killed by signal 9, perhaps out of memory" in done.stderr


def test_a_stale_log_and_marker_cannot_pass_for_new(tmp_path):
    for name in ("l.1.log", "l.1.log.rc", "l.2.log", "l.2.log.rc"):
        (tmp_path / name).write_text("0\n")
    request = runner.parse(["JOB=1:2", str(tmp_path / "l.JOB.log"), "true"])
    assert tasks.failures(request) == []
    tasks.prepare(request)
    assert len(tasks.failures(request)) == 2 and os.listdir(tmp_path) == []


@pytest.mark.parametrize("words, message", [
    ("", "no LOG"), ("l.log", "no COMMAND"), ("--nj 3 l.log true", "unknown option --nj"),
    ("--gpu", "--gpu needs a value"), ("--gpu two l.log true", "--gpu must be a whole number"),
    ("--mem lots l.log true", "--mem must be such as 4G"), ("--time soon l.log true", "--time must be such as"),
    ("--num-threads 0 l.log true", "above 0"), ("JOB=0:3 l.JOB.log true", "from 1 or more"),
    ("JOB=3:1 l.JOB.log true", "upwards"), ("JOB=1:3 l.log true", "JOB must stand in its name"),
    ("JOB=1:3 l-JOB.log true", "JOB must stand in its name"), ("-q l.log true", "unknown option -q"),
])
def test_a_wrong_command_line_is_refused(call, words, message):
    done = call("run.py", *words.split())
    assert done.returncode == 2 and message in done.stderr


def test_options_stand_in_any_order_with_blank_or_equals_sign():
    request = runner.parse(["--mem=4G", "JOB=2:5", "--gpu", "1", "--time", "1-2:00:00", "--num-threads=4",
                            "--max-jobs-run", "3", "x.JOB.log", "a", "--gpu", "9", "JOB=1:2"])
    assert (request.mem, request.gpu, request.time, request.num_threads, request.max_jobs_run) == \
        ("4G", 1, "1-2:00:00", 4, 3)
    assert list(request.tasks) == [2, 3, 4, 5] and request.command == "a --gpu 9 JOB=1:2"


def test_threads_are_set_for_each_task(call, tmp_path):
    assert call("run.py", "a.log", "env").returncode == 0
    assert call("run.py", "--num-threads", "4", "b.log", "env").returncode == 0
    assert "OMP_NUM_THREADS=1\n" in (tmp_path / "a.log").read_text()
    assert "OMP_NUM_THREADS=4\n" in (tmp_path / "b.log").read_text()


def test_no_more_than_the_asked_for_tasks_run_at_once(call, tmp_path):
    command = "touch on.JOB; ls on.* | wc -l >>count; sleep 0.05; rm on.JOB"
    assert call("run.py", "--max-jobs-run", "2", "JOB=1:8", "l.JOB.log", command).returncode == 0
    counts = [int(n) for n in (tmp_path / "count").read_text().split()]
    assert len(counts) == 8 and max(counts) <= 2


def test_a_gpu_that_is_not_there_is_one_clear_message(call, tmp_path):
    done = call("run.py", "--gpu", "1", "l.log", "touch", "ran", env={"CUDA_VISIBLE_DEVICES": ""})
    assert done.returncode == 1 and "this machine offers 0 GPUs" in done.stderr and not (tmp_path / "ran").exists()


def test_each_task_sees_its_own_gpus(call, tmp_path):
    done = call("run.py", "--gpu", "2", "JOB=1:4", "l.JOB.log", "echo $CUDA_VISIBLE_DEVICES >>seen",
                env={"CUDA_VISIBLE_DEVICES": "3,5,7,8,9"})
    assert done.returncode == 0
    assert set((tmp_path / "seen").read_text().split()) <= {"3,5", "7,8"}


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_all_tasks_with_everything_they_started(environment, tmp_path, number, status):
    command = "sleep 300 & echo $! >pid.JOB; trap '' TERM; sleep 301"
    process = subprocess.Popen(["run.py", "--max-jobs-run", "2", "JOB=1:3", "l.JOB.log", command], cwd=tmp_path,
                               env=environment, stderr=subprocess.PIPE, text=True)
    files = [tmp_path / "pid.1", tmp_path / "pid.2"]
    wait_for(lambda: all(f.exists() and f.read_text().strip() for f in files))
    process.send_signal(number)
    words = process.communicate(timeout=20)[1]
    assert process.returncode == status and "all tasks are ended" in words
    wait_for(lambda: not any(is_running(int(f.read_text())) for f in files))
    assert not (tmp_path / "pid.3").exists() and not (tmp_path / "l.1.log.rc").exists()


def test_a_log_that_cannot_be_written_is_one_message(call, tmp_path):
    (tmp_path / "log").write_text("a file where a folder should be")
    done = call("run.py", "log/x.log", "true")
    assert done.returncode == 1 and "log" in done.stderr and "Traceback" not in done.stderr
