"""What both engines must stand: each fault is made on the real engine, and the runner has to give the right answer."""

import os
import signal
import subprocess
import time

import pytest
from small_recipe import SmallRecipe, is_running, wait_for

ODD = ["a  b", "it's", '"', "$HOME", "`id`", "$(id)", "*", "a;b", "a|b", "", "\\", "%a", "{x}", "~", "é", "a\nb",
       "JOBS"]


class Faults:
    """The tests of one engine; a subclass says how it is spoken to.

    Its queue(engine) returns the numbers of the jobs in the queue, its cancel(engine) cancels them all as a user would.
    """

    runner = ""          # its runner
    limit = 7            # tasks in an array, as the engine was set up
    wrong_queue = ""     # a line of its conf that it refuses
    tight_memory = ()    # lines of its conf with which it obeys --mem

    @pytest.fixture
    def recipe(self, tmp_path, environment, engine):
        made = SmallRecipe(tmp_path, {**environment, **engine.env})
        made.name = self.runner.removesuffix(".py")
        self.configure(made)
        yield made
        if self.queue(engine):  # a test has failed, or the controller does not know yet what has ended
            self.cancel(engine)
            wait_for(lambda: not self.queue(engine), 90)

    def configure(self, recipe, *lines):
        """Write the site's settings: short patience, and these lines."""
        recipe.write(f"conf/backend/{recipe.name}.conf", "\n".join(["--grace-s=1", "--silent-s=40", *lines, ""]))

    def run(self, recipe, *words, **env):
        return recipe.run(self.runner, *words, **env)

    def started(self, recipe, *names):
        """Wait until tasks have made these files."""
        wait_for(lambda: all(recipe.has(name) for name in names), 60)

    def is_quiet(self, recipe, engine, folder="log"):
        """Assert that nothing is left in the queue and on the disk."""
        wait_for(lambda: not self.queue(engine))
        assert not recipe.has(f"{folder}/.arrays")

    def test_tasks_run_with_logs_and_markers_and_leave_nothing(self, recipe, engine):
        words = ["JOB=1:4", "log/x.JOB.log", "echo", "said", "JOB", "a/JOB/b", "|", "tr", "a-z", "A-Z", ">out.JOB"]
        assert self.run(recipe, *words) == (0, "")
        for task in range(1, 5):
            lines = recipe.read(f"log/x.{task}.log").splitlines()
            assert lines[0].startswith(f"# echo said {task} a/{task}/b | tr") and lines[1].startswith("# Started at ")
            assert lines[2].startswith("# Ended (status 0)")
            assert recipe.read(f"out.{task}") == f"SAID {task} A/{task}/B\n"
            assert recipe.read(f"log/x.{task}.log.rc") == "0\n"
        assert len(os.listdir(recipe.folder / "log")) == 8
        self.is_quiet(recipe, engine)

    def test_words_and_environment_reach_the_command_as_they_are(self, recipe):
        show = "import os, sys; open('out', 'w').write(chr(0).join([os.getcwd(), os.environ['MINE'], *sys.argv[1:]]))"
        status, said = self.run(recipe, "--num-threads", "2", "l.log", "python3", "-c", show, *ODD, MINE="it's $x\ny")
        assert status == 0, said
        assert recipe.read("out").split("\0") == [str(recipe.folder), "it's $x\ny", *ODD]
        assert self.run(recipe, "l.log", "echo $OMP_NUM_THREADS $PATH >out")[0] == 0
        assert recipe.read("out") == f"1 {recipe.environment['PATH']}\n"

    def test_a_folder_with_odd_characters(self, tmp_path, environment, engine):
        (tmp_path / "it's 100% {a} $b").mkdir()
        recipe = SmallRecipe(tmp_path / "it's 100% {a} $b", {**environment, **engine.env})
        status, said = self.run(recipe, "JOB=1:2", "my log/x.JOB.log", "touch", "made.JOB")
        assert status == 0 and recipe.has("made.2"), said

    def test_a_command_that_fails_is_told_with_its_status_and_not_run_again(self, recipe, engine):
        command = "echo ran JOB >>ran; echo why JOB; case JOB in 1) exit;; 2) exit 99;; 3) exit 100;; esac; false | cat"
        status, said = self.run(recipe, "--retries", "2", "JOB=1:4", "log/x.JOB.log", command)
        assert status == 1 and "3 of 4 jobs failed" in said and "  why 2\n" in said, said
        for task, code in ((2, 99), (3, 100), (4, 1)):
            assert f"log/x.{task}.log (status {code})" in said
        assert sorted(recipe.read("ran").split()[1::2]) == list("1234")
        self.is_quiet(recipe, engine)

    def test_a_killed_command_has_failed(self, recipe):
        status, said = self.run(recipe, "l.log", "kill -9 $$")
        assert status == 1 and "status 137, killed by signal 9, perhaps out of memory" in said

    def test_a_killed_task_is_lost_and_is_started_again_where_asked_for(self, recipe, engine):
        command = "echo JOB >>ran; [ JOB = 1 ] || [ -e again ] || { touch again; kill -9 $PPID; }"
        status, said = self.run(recipe, "JOB=1:2", "log/x.JOB.log", command)
        assert status == 1 and "1 of 2 jobs failed" in said and "log/x.2.log (" in said and "exit status" in said, said
        os.unlink(recipe.folder / "again")
        status, said = self.run(recipe, "--retries", "1", "JOB=1:2", "log/x.JOB.log", command)
        assert status == 0 and "1 tasks were lost" in said and "started again (1 of 1)" in said, said
        assert sorted(recipe.read("ran").split()) == list("112222"[:2] + "222")
        self.is_quiet(recipe, engine)

    def test_a_task_that_is_always_lost_is_given_up(self, recipe):
        status, said = self.run(recipe, "--retries", "1", "l.log", "echo >>ran; kill -9 $PPID")
        assert status == 1 and "started again (1 of 1)" in said and "1 of 1 jobs failed" in said
        assert len(recipe.read("ran")) == 2

    def test_a_marker_that_comes_late_is_waited_for(self, recipe):
        self.configure(recipe, "--grace-s=8")
        process = recipe.start(self.runner, "log/l.log", "touch dead; kill -9 $PPID")
        self.started(recipe, "dead")
        time.sleep(3)
        recipe.write("log/l.log.rc", "0\n")
        assert process.communicate(timeout=40) == ("", "") and process.returncode == 0

    def test_a_cancelled_array_has_failed_and_is_not_started_again(self, recipe, engine):
        process = recipe.start(self.runner, "--retries", "2", "--max-jobs-run", "2", "JOB=1:4", "log/x.JOB.log",
                               "touch on.JOB; sleep 100")
        self.started(recipe, "on.1", "on.2")
        self.cancel(engine)
        said = process.communicate(timeout=60)[1]
        assert process.returncode == 1 and "4 of 4 jobs failed" in said and "started again" not in said, said
        assert "cancelled" in said or "deleted" in said
        assert not recipe.has("on.3")
        self.is_quiet(recipe, engine)

    def test_a_refused_submission_is_one_message_with_the_cure(self, recipe):
        self.configure(recipe, self.wrong_queue)
        status, said = self.run(recipe, "JOB=1:2", "log/x.JOB.log", "touch", "ran")
        assert status == 1 and f"{recipe.name} refused the jobs: " in said and "nowhere" in said, said
        assert f"See conf/backend/{recipe.name}.conf" in said and "Traceback" not in said
        assert not recipe.has("ran") and not recipe.has("log/.arrays")

    def test_too_much_memory_ends_a_task_and_is_told(self, recipe, engine):
        self.configure(recipe, *self.tight_memory)
        hog = "x = bytearray(700 << 20); import time; time.sleep(20); open('survived', 'w')"
        status, said = self.run(recipe, "--mem", "300M", "--retries", "1", "log/x.log", "python3", "-c", hog)
        assert status == 1 and "memory" in said.lower() and not recipe.has("survived"), said
        assert "started again" not in said
        self.is_quiet(recipe, engine)

    def test_a_log_folder_that_vanishes_costs_no_result(self, recipe, engine):
        process = recipe.start(self.runner, "JOB=1:2", "log/x.JOB.log",
                               "touch on.JOB; while [ ! -e go ]; do sleep 0.1; done; [ JOB = 1 ]")
        self.started(recipe, "on.1", "on.2")
        subprocess.run(["rm", "-r", "log"], cwd=recipe.folder, check=True)
        recipe.write("go", "")
        said = process.communicate(timeout=60)[1]
        assert process.returncode == 1 and "1 of 2 jobs failed" in said and "log/x.2.log (status 1)" in said, said

    def test_arrays_are_split_at_the_engines_limit(self, recipe, engine):
        command = "touch on.JOB; ls on.* | wc -l >>count; sleep 0.3; rm on.JOB; echo JOB >>ran"
        status, said = self.run(recipe, "--max-jobs-run", "2", f"JOB=3:{self.limit + 5}", "log/x.JOB.log", command)
        assert status == 0, said
        assert sorted(map(int, recipe.read("ran").split())) == list(range(3, self.limit + 6))
        assert max(map(int, recipe.read("count").split())) <= 2

    @pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_a_signal_cancels_the_array(self, recipe, engine, number, status):
        process = recipe.start(self.runner, "--max-jobs-run", "2", "JOB=1:3", "log/x.JOB.log",
                               "echo $$ >pid.JOB; exec sleep 300")
        self.started(recipe, "pid.1", "pid.2")
        time.sleep(0.2)
        process.send_signal(number)
        said = process.communicate(timeout=60)[1]
        assert process.returncode == status and "all tasks are cancelled" in said, said
        pids = [int(recipe.read(name)) for name in ("pid.1", "pid.2")]
        wait_for(lambda: not any(map(is_running, pids)))
        assert not recipe.has("pid.3")
        self.is_quiet(recipe, engine)

    @pytest.mark.parametrize("whole_group, number", [(True, signal.SIGINT), (False, signal.SIGTERM)])
    def test_ending_a_recipe_cancels_its_array(self, recipe, engine, whole_group, number):
        """Ctrl-C reaches all, `kill` only run.sh."""
        recipe.script("run.sh", '#!/usr/bin/env bash\n# A recipe.\nnj=3  # jobs\n. "$(dirname "$0")/utils/recipe.sh"\n'
                      'stage 1 "size" steps/measure.sh --nj "$nj" --cmd "$cpu_cmd" data exp/size\n')
        recipe.write("hold.a", "")
        process = recipe.start("./run.sh", DIAR_BACKEND=recipe.name)
        self.started(recipe, "touched")
        (os.killpg if whole_group else os.kill)(process.pid, number)
        said = process.communicate(timeout=60)[1]
        assert process.returncode and "stage 1 (size) failed" in said
        self.is_quiet(recipe, engine, "exp/size")
        (recipe.folder / "hold.a").unlink()
        status, said = recipe.run("./run.sh", DIAR_BACKEND=recipe.name)
        assert status == 0 and recipe.read("exp/size/size.scp").count("\n") == 4, said

    def test_the_second_run_on_a_folder_is_told_who_holds_it(self, recipe):
        recipe.write("hold.a", "")
        first = recipe.start("steps/measure.sh", "--cmd", self.runner, "data", "exp/size")
        self.started(recipe, "touched")
        status, said = recipe.measure("--cmd", self.runner)
        assert status == 1 and f"exp/size is held by host {os.uname().nodename}, pid {first.pid}, since 20" in said
        (recipe.folder / "hold.a").unlink()
        first.communicate(timeout=60)
        assert first.returncode == 0

    @pytest.mark.parametrize("elsewhere", [True, False])
    def test_a_dead_runs_tasks_are_ended_and_a_rerun_does_what_is_missing(self, recipe, engine, elsewhere):
        """The submitting side is killed with two of four recordings done; the rerun has another nj, perhaps backend."""
        recipe.write("hold.c", "")
        one = f"{self.runner} --max-jobs-run 1"
        step = recipe.start("steps/measure.sh", "--nj", "4", "--cmd", one, "data", "exp/size")
        self.started(recipe, "exp/size/parts/size.1.2.scp", "touched")
        wait_for(lambda: "c" in recipe.read("touched"), 60)
        os.killpg(step.pid, signal.SIGKILL)
        step.communicate(timeout=20)
        assert self.queue(engine) and sorted(recipe.touched()) == list("abc")
        again = recipe.start("steps/measure.sh", "--nj", "1", "--cmd", "run.py" if elsewhere else self.runner,
                             "data", "exp/size")
        self.started(recipe, "touched")  # of the rerun, so the old tasks have ended
        (recipe.folder / "hold.c").unlink()
        said = again.communicate(timeout=60)[1]
        assert again.returncode == 0 and "had left in the queue" in said and "are cancelled" in said, said
        assert "2 of 4 recordings to do in 1 jobs, 2 are finished" in said and sorted(recipe.touched()) == ["c", "d"]
        self.is_quiet(recipe, engine, "exp/size")

    def test_a_dead_runs_tasks_notice_by_themselves(self, recipe, engine):
        process = recipe.start(self.runner, "--max-jobs-run", "1", "JOB=1:2", "log/x.JOB.log",
                               "echo $$ >pid.JOB; exec sleep 300")
        self.started(recipe, "pid.1")
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=20)
        live, = (recipe.folder / "log/.arrays").glob("*/live")
        live.unlink()
        wait_for(lambda: not self.queue(engine), 60)
        assert not is_running(int(recipe.read("pid.1"))) and not recipe.has("pid.2")

    @pytest.mark.slow
    def test_a_submission_while_the_controller_is_away_waits_for_it(self, recipe, engine):
        self.away(recipe, engine, 3, submit_first=False)

    @pytest.mark.slow
    def test_tasks_that_end_while_the_controller_is_away_count(self, recipe, engine):
        self.away(recipe, engine, 4, submit_first=True)

    @pytest.mark.slow
    def test_the_controller_away_for_a_minute(self, recipe, engine):
        self.away(recipe, engine, 65, submit_first=True)

    def away(self, recipe, engine, seconds, submit_first):
        """Kill the controller for a while, before or after the submission; all must end well."""
        words = ["JOB=1:3", "log/x.JOB.log",
                 "echo >>on.JOB; sleep 2; [ JOB = 1 ] || while [ ! -e back ]; do sleep 0.1; done"]
        if submit_first:
            process = recipe.start(self.runner, *words)
            self.started(recipe, "on.1", "on.2")
        engine.kill(self.controller, signal.SIGTERM)
        if not submit_first:
            process = recipe.start(self.runner, *words)
        time.sleep(seconds)
        engine.relaunch(self.controller)
        engine.wait_for(self.controller, lambda: self.answers(engine), 60)
        recipe.write("back", "")
        said = process.communicate(timeout=120)[1]
        assert process.returncode == 0, said
        if seconds > 30:
            assert "does not answer" in said and said.count("answers again") == 1, said
        assert all(recipe.read(f"on.{task}") == "\n" for task in (1, 2, 3)) and not recipe.has("log/.arrays")
