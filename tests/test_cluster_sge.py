"""utils/sge.py on a real Grid Engine: every fault that can be made there."""

import pytest
from engines import daemons, sge
from small_recipe import wait_for

pytest.register_assert_rewrite("engines.faults")
from engines.faults import Faults  # noqa: E402


@pytest.fixture(scope="session")
def engine():
    """One host with six slots and two GPUs in name."""
    try:
        started = sge.start(max_array=7)
    except daemons.NotHere as reason:
        pytest.skip(f"NO GRID ENGINE HERE, nothing of sge.py is tested: {reason}")
    with started:
        yield started


class TestSge(Faults):
    """What holds for both engines, and what only Grid Engine has."""

    runner, controller = "sge.py", "qmaster"
    wrong_queue = "--queue=nowhere.q"
    tight_memory = ("--mem=-l h_vmem={mem_mb_per_thread}M",)

    def queue(self, engine):
        lines = engine.call("qstat", "-u", "*").stdout.splitlines()[2:]
        return [line.split()[0] for line in lines]

    def cancel(self, engine):
        engine.call("qdel", "-u", "root")

    def answers(self, engine):
        return not engine.call("qstat").returncode and sge.is_up(engine)

    def test_what_a_request_asks_for_reaches_grid_engine(self, recipe):
        status, said = self.run(recipe, "--mem", "1G", "--time", "2:00", "--num-threads", "2", "l.log",
                                "qstat -j $JOB_ID >shown; echo $NSLOTS >>shown")
        shown = recipe.read("shown")
        assert status == 0, said
        assert "mem_free=512M" in shown and "h_rt=120" in shown and "smp range: 2" in shown and shown.endswith("\n2\n")

    def gpus(self, recipe, count):
        """Put a program in the place of nvidia-smi that lists so many GPUs."""
        lines = [f"echo 'GPU {i}: none (UUID: x)'" for i in range(count)]
        recipe.script("fake/nvidia-smi", "\n".join(["#!/bin/sh", *lines, ""]))
        return f"{recipe.folder}/fake:{recipe.environment['PATH']}"

    def test_each_task_sees_its_own_gpu(self, recipe):
        status, said = self.run(recipe, "--gpu", "1", "JOB=1:2", "log/x.JOB.log",
                                "echo $CUDA_VISIBLE_DEVICES >>seen; touch on.JOB; "
                                "while [ ! -e on.1 ] || [ ! -e on.2 ]; do sleep 0.1; done",
                                PATH=self.gpus(recipe, 2), CUDA_VISIBLE_DEVICES="7")
        assert status == 0 and sorted(recipe.read("seen").split()) == ["0", "1"], said

    def test_more_gpus_than_there_are_is_one_clear_message(self, recipe):
        status, said = self.run(recipe, "--gpu", "3", "l.log", "touch", "ran")
        assert status == 1 and "sge refused the jobs" in said and "gpu=3" in said and not recipe.has("ran"), said

    def test_a_node_without_the_gpu_that_was_asked_for_says_so(self, recipe):
        status, said = self.run(recipe, "--gpu", "1", "l.log", "touch", "ran", PATH=self.gpus(recipe, 0))
        assert status == 1 and "sge gave this task no GPU" in said and not recipe.has("ran"), said

    def test_a_task_that_is_never_started_is_given_up(self, recipe, engine):
        self.configure(recipe, "--options=-o /proc/nowhere/x")
        status, said = self.run(recipe, "JOB=1:2", "log/x.JOB.log", "touch", "ran")
        assert status == 1 and "could not be started" in said and not recipe.has("ran"), said
        self.is_quiet(recipe, engine)

    def test_a_task_that_is_requeued_ends_well(self, recipe, engine):
        self.configure(recipe, "--options=-r y")
        command = "echo >>ran.JOB; [ JOB = 1 ] || while [ ! -e go ]; do sleep 0.1; done"
        process = recipe.start(self.runner, "JOB=1:2", "log/x.JOB.log", command)
        self.started(recipe, "log/x.1.log.rc", "ran.2")
        number = wait_for(lambda: len(self.queue(engine)) == 1 and self.queue(engine))[0]
        assert engine.call("qmod", "-rj", f"{number}.2").returncode == 0
        wait_for(lambda: recipe.read("ran.2") == "\n\n", 60)
        recipe.write("go", "")
        said = process.communicate(timeout=60)[1]
        assert process.returncode == 0 and recipe.read("ran.1") == "\n", said
        self.is_quiet(recipe, engine)

    def test_over_its_time_limit(self, recipe, engine):
        status, said = self.run(recipe, "--time", "0:03", "--retries", "1", "log/x.log", "sleep 300")
        assert status == 1 and "over its time limit" in said and "started again" not in said, said
        self.is_quiet(recipe, engine)

    @pytest.mark.slow
    def test_a_node_whose_daemon_is_killed(self, recipe, engine):
        """The node is given up although the engine still shows its task as running."""
        process = recipe.start(self.runner, "log/x.log", "echo $$ >pid; exec sleep 300")
        self.started(recipe, "pid")
        engine.kill("execd")
        try:
            said = process.communicate(timeout=240)[1]
        finally:
            engine.relaunch("execd")
        assert process.returncode == 1 and "does not answer" in said, said
        engine.wait_for("execd", lambda: sge.is_up(engine), 60)
        wait_for(lambda: not self.queue(engine), 60)
