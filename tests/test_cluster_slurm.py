"""utils/slurm.py on a real Slurm of three nodes: every fault that can be made there."""

import contextlib
import os
import signal
import time

import pytest
from engines import daemons, slurm
from small_recipe import wait_for

pytest.register_assert_rewrite("engines.faults")
from engines.faults import Faults  # noqa: E402


@pytest.fixture(scope="session")
def engine():
    """Three nodes of two CPUs; the last has two GPUs in name."""
    try:
        started = slurm.start(nodes=3, max_array=8)
    except daemons.NotHere as reason:
        pytest.skip(f"NO SLURM HERE, nothing of slurm.py is tested: {reason}")
    with started:
        yield started


class TestSlurm(Faults):
    """What holds for both engines, and what only Slurm has."""

    runner, controller = "slurm.py", "slurmctld"
    wrong_queue = "--partition=nowhere"

    def queue(self, engine):
        return engine.call("squeue", "-h", "-o", "%A").stdout.split()

    def cancel(self, engine):
        engine.call("scancel", "--user=root")

    def answers(self, engine):
        return not engine.call("squeue", "-h").returncode

    def test_all_three_nodes_work(self, recipe):
        all_on = "touch on.JOB; while [ $(ls on.* | wc -l) -lt 3 ]; do sleep 0.1; done"
        assert self.run(recipe, "JOB=1:3", "log/x.JOB.log", f"hostname; {all_on}")[0] == 0
        hosts = {recipe.read(f"log/x.{task}.log").splitlines()[2] for task in range(1, 4)}
        assert len(hosts) == (3 if slurm.has_namespaces() else 1)

    def test_what_a_request_asks_for_reaches_slurm(self, recipe, engine):
        command = "scontrol show job $SLURM_JOB_ID >shown"
        status, said = self.run(recipe, "--mem", "1.5G", "--time", "1-2:00:00", "--num-threads", "2", "l.log", command)
        shown = recipe.read("shown")
        assert status == 0, said
        for words in ("MinMemoryNode=1.50G", "TimeLimit=1-02:00:00", "CPUs/Task=2", "Requeue=0", "JobName=diarkit-l-"):
            assert words in shown, words

    def test_each_task_sees_its_own_gpu(self, recipe):
        status, said = self.run(recipe, "--gpu", "1", "JOB=1:2", "log/x.JOB.log",
                                "echo $CUDA_VISIBLE_DEVICES >>seen; touch on.JOB; "
                                "while [ ! -e on.1 ] || [ ! -e on.2 ]; do sleep 0.1; done",
                                CUDA_VISIBLE_DEVICES="7")
        assert status == 0 and sorted(recipe.read("seen").split()) == ["0", "1"], said

    def test_more_gpus_than_there_are_is_one_clear_message(self, recipe):
        status, said = self.run(recipe, "--gpu", "3", "l.log", "touch", "ran")
        assert status == 1 and "slurm refused the jobs" in said and "--gres=gpu:3" in said and not recipe.has("ran")

    def test_a_node_without_the_gpu_that_was_asked_for_says_so(self, recipe):
        self.configure(recipe, "--gpu=")
        status, said = self.run(recipe, "--gpu", "1", "l.log", "touch", "ran")
        assert status == 1 and "slurm gave this task no GPU" in said and not recipe.has("ran"), said

    def test_a_task_that_is_never_started_is_given_up(self, recipe, engine):
        self.configure(recipe, "--options=--hold")
        process = recipe.start(self.runner, "JOB=1:2", "log/x.JOB.log", "touch", "ran")
        number = wait_for(lambda: self.queue(engine))[0]
        assert engine.call("scontrol", "hold", number).returncode == 0  # by root: JobHeldAdmin
        said = process.communicate(timeout=60)[1]
        assert process.returncode == 1 and "could not be started" in said and not recipe.has("ran"), said
        self.is_quiet(recipe, engine)

    def test_a_log_that_slurm_cannot_open_is_told(self, recipe, engine):
        self.configure(recipe, "--options=--output=/proc/nowhere/x")
        status, said = self.run(recipe, "log/x.log", "touch", "ran")
        assert status == 1 and "1 of 1 jobs failed" in said and not recipe.has("ran"), said
        self.is_quiet(recipe, engine)

    def test_a_task_that_is_requeued_ends_well(self, recipe, engine):
        """One is requeued in its midst and runs again, one after its end and does not."""
        self.configure(recipe, "--options=--requeue")
        command = "echo >>ran.JOB; [ JOB = 1 ] || while [ ! -e go ]; do sleep 0.1; done"
        process = recipe.start(self.runner, "JOB=1:2", "log/x.JOB.log", command)
        self.started(recipe, "log/x.1.log.rc", "ran.2")
        wait_for(lambda: len(self.queue(engine)) == 1)
        array, = set(engine.call("squeue", "-h", "-o", "%F").stdout.split())
        for task in ("1", "2"):
            assert engine.call("scontrol", "requeue", f"{array}_{task}").returncode == 0
        wait_for(lambda: recipe.read("ran.2") == "\n\n", 60)
        recipe.write("go", "")
        said = process.communicate(timeout=60)[1]
        assert process.returncode == 0 and recipe.read("ran.1") == "\n", said
        self.is_quiet(recipe, engine)

    @pytest.mark.slow
    def test_over_its_time_limit(self, recipe, engine):
        process = recipe.start(self.runner, "--time", "1", "--retries", "1", "log/x.log", "sleep 300")
        said = process.communicate(timeout=240)[1]
        assert process.returncode == 1 and "over its time limit" in said and "DUE TO TIME LIMIT" in said, said
        assert "started again" not in said
        self.is_quiet(recipe, engine)

    @pytest.mark.slow
    @pytest.mark.parametrize("retries", [0, 1])
    def test_a_node_whose_daemon_is_killed(self, recipe, engine, retries):
        """Its tasks are lost; started again they end well on another node."""
        command = "hostname >>hosts; [ -e again ] || { touch again; echo $$ >pid; exec sleep 300; }"
        process = recipe.start(self.runner, "--retries", str(retries), "log/x.log", command)
        self.started(recipe, "pid")
        node = recipe.read("hosts").strip()
        engine.kill(node)
        try:
            said = process.communicate(timeout=240)[1]
        finally:
            engine.relaunch(node)
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(recipe.read("pid")), signal.SIGKILL)
        assert process.returncode == (0 if retries else 1) and "its node failed" in said, said
        assert not retries or recipe.read("hosts").split()[1] != node
        wait_for(lambda: slurm.idle(engine) == 3, 60)
        time.sleep(1)
