"""What slurm.py and sge.py share, without an engine: amounts, settings, answers, scripts, progress, retries."""

import subprocess
import sys

import pytest
from conftest import ROOT
from small_recipe import SmallRecipe

sys.path.insert(0, str(ROOT / "utils"))
import arrays  # noqa: E402
import dialects  # noqa: E402
import engine  # noqa: E402
import progress  # noqa: E402
import runner  # noqa: E402
import tasks  # noqa: E402

from diarkit.errors import DiarkitError, UsageError  # noqa: E402

RECIPES = sorted(path.parent for path in ROOT.glob("egs/*/v1/cmd.sh")) + [ROOT / "egs/TEMPLATE"]
SQUEUE = """\
12|7|PENDING|JobArrayTaskLimit|
12|1|RUNNING|None|n1
12|2|COMPLETED|None|n1
12|3|FAILED|RaisedSignal:9(Killed)|n2
12|4|TIMEOUT|TimeLimit|n2
12|5|NODE_FAIL|None|n3
12|6|PENDING|launch failed requeued held|
13|1|OUT_OF_MEMORY|OutOfMemory|n[1-2]
13|N/A|CANCELLED|JobArrayTaskLimit|
14|1|PENDING|JobHeldAdmin|
"""
QSTAT = """\
job-ID  prior   name       user         state submit/start at     queue                          slots ja-task-ID
-----------------------------------------------------------------------------------------------------------------
      1 0.50000 diarkit-fb root         r     11/21/2026 04:15:55 all.q@vm                           1 2
      1 0.50000 diarkit-fb root         dr    11/21/2026 04:15:55 all.q@vm                           1 3
      1 0.00000 diarkit-fb root         qw    11/21/2026 04:15:55                                    1 4
      1 0.00000 diarkit-fb root         Eqw   11/21/2026 04:15:55                                    4 5
      1 0.50000 diarkit-fb root         Rq    11/21/2026 05:28:07                                    1 6
      1 0.50000 diarkit-fb root         Rr    11/21/2026 05:28:07 gpu.q@node-17.cluster.exam         1 7
      1 0.50000 diarkit-fb root         hqw   11/21/2026 05:28:07                                    1 8
      9 0.00000 login      anna         r     11/21/2026 04:15:55 all.q@vm                           1
"""


@pytest.mark.parametrize("row, text, phases", [
    (dialects.SLURM, SQUEUE, {("12", 7): "waiting", ("12", 1): "running", ("12", 2): "lost", ("12", 3): "lost",
                              ("12", 4): "final", ("12", 5): "lost", ("12", 6): "stuck", ("13", 1): "final",
                              ("13", 0): "final", ("14", 1): "stuck"}),
    (dialects.SGE, QSTAT, {("1", 2): "running", ("1", 3): "final", ("1", 4): "waiting", ("1", 5): "stuck",
                           ("1", 6): "waiting", ("1", 7): "running", ("1", 8): "waiting", ("9", 0): "running"}),
])
def test_an_answer_of_the_engine_is_read(row, text, phases):
    found = engine.read_answer(row, text)
    assert {key: state.phase for key, state in found.items()} == phases
    assert engine.read_answer(row, "") == {}


def test_the_words_for_a_lost_task_name_reason_and_node():
    found = engine.read_answer(dialects.SLURM, SQUEUE)
    assert found["12", 3].words == "ended without leaving an exit status (FAILED RaisedSignal:9(Killed) on n2)"
    assert found["12", 4].words == "over its time limit (TIMEOUT TimeLimit on n2)"
    assert engine.read_answer(dialects.SGE, QSTAT)["1", 7].node == "gpu.q@node-17.cluster.exam"


@pytest.mark.parametrize("row", dialects.TABLE.values())
def test_an_answer_that_cannot_be_read_is_no_answer(row):
    with pytest.raises(engine.Away, match="cannot be read: 'slurm_load_jobs"):
        engine.read_answer(row, "slurm_load_jobs warning: something new\n")


@pytest.mark.parametrize("line, phase, words", [
    ("failed       37  : qmaster enforced h_rt, h_cpu, or h_vmem limit", "final", "over its time limit"),
    ("failed       100 : assumedly after job", "lost", "ended without leaving an exit status")])
def test_an_account_of_grid_engine_is_read(line, phase, words):
    assert engine.judge(dialects.SGE, line)[0] == phase and engine.judge(dialects.SGE, line).words.startswith(words)


@pytest.mark.parametrize("text, mb", [("4G", 4096), ("512M", 512), ("1.5T", 1572864), ("300", 300), ("2000K", 2)])
def test_memory_is_counted_in_mebibytes(text, mb):
    assert engine.memory_mb(text) == mb


@pytest.mark.parametrize("text, seconds", [("90", 5400), ("90:30", 5430), ("2:00:00", 7200), ("1-2", 93600),
                                           ("1-2:30", 95400), ("1-02:30:05", 95405)])
def test_time_is_read_as_slurm_reads_it(text, seconds):
    assert engine.time_s(text) == seconds


@pytest.mark.parametrize("row, words", [
    (dialects.SLURM, "--partition=long --mem=4096M --time=91 --cpus-per-task=3 --gres=gpu:2 --qos=x y"),
    (dialects.SGE, "-q long -l mem_free=1366M -l h_rt=5430 -pe smp 3 -l gpu=2 --qos=x y")])
def test_what_is_asked_for_in_the_engines_words(tmp_path, row, words):
    conf = tmp_path / "x.conf"
    conf.write_text(f"--{next(iter(row.site))}=long\n--options=--qos=x 'y'\n")
    request = runner.parse("--mem 4G --time 90:30 --num-threads 3 --gpu 2 l.log true".split())
    assert engine.Engine(row, conf).resources(request) == words.split()
    assert engine.Engine(row, ROOT / f"conf/backend/{row.name}.conf").resources(runner.parse(["l.log", "true"])) == []


@pytest.mark.parametrize("row", dialects.TABLE.values())
def test_the_shipped_conf_says_the_defaults(row):
    assert engine.read_settings(row, ROOT / f"conf/backend/{row.name}.conf") == engine.read_settings(row)


@pytest.mark.parametrize("line, message", [
    ("--colour=red", "x.conf:1: unknown option --colour"), ("--grace-s=soon", "x.conf:1: --grace-s must be a number"),
    ("--mem=--mem={memory}", "--mem=--mem={memory} may name {mem_mb}"), ("--mem={", "may name {mem_mb}")])
def test_a_wrong_setting_is_named(tmp_path, line, message):
    (tmp_path / "x.conf").write_text(line + "\n")
    with pytest.raises(UsageError) as error:
        engine.Engine(dialects.SLURM, tmp_path / "x.conf").resources(runner.parse("--mem 4G l.log true".split()))
    assert message in str(error.value)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.parent.name)
def test_every_recipe_knows_the_backends_and_their_settings(recipe, environment):
    assert (recipe / "cmd.sh").read_text() == (ROOT / "egs/TEMPLATE/cmd.sh").read_text()
    for name in dialects.TABLE:
        assert (recipe / f"conf/backend/{name}.conf").resolve() == ROOT / f"conf/backend/{name}.conf"
        show = 'DIAR_BACKEND=$1; . ./cmd.sh; echo "$cpu_cmd"; echo "$gpu_cmd"'
        done = subprocess.run(["bash", "-c", show, "-", name], cwd=recipe, env=environment, capture_output=True,
                              text=True)
        words = done.stdout.splitlines()
        assert [line.split()[0] for line in words] == [f"{name}.py"] * 2 and "--gpu 1" in words[1]


@pytest.mark.parametrize("name, program", [("slurm", "sbatch"), ("sge", "qsub")])
def test_without_the_engine_there_is_one_clear_message(call, tmp_path, name, program):
    (tmp_path / "none").mkdir()
    path = f"{ROOT / 'utils'}:{tmp_path / 'none'}"
    done = call(sys.executable, ROOT / f"utils/{name}.py", "log/x.log", "touch", "ran", env={"PATH": path})
    assert done.returncode == 1 and "is not on PATH" in done.stderr and "DIAR_BACKEND=local" in done.stderr
    assert "Traceback" not in done.stderr and not (tmp_path / "ran").exists()
    assert not (tmp_path / "log/.arrays").exists()


def fake_squeue(recipe, text):
    """Put programs in the place of Slurm's that know this queue and write down how they were called."""
    for name, does in (("squeue", "cat queue"), ("scancel", ": >queue")):
        recipe.script(f"fake/{name}", f'#!/bin/sh\necho {name} "$@" >>called\n{does}\n')
    recipe.write("queue", text)
    recipe.environment["PATH"] = f"{recipe.folder}/fake:{recipe.environment['PATH']}"


def left_over(recipe):
    recipe.write("exp/size/.arrays/diarkit-x-1/live",
                 '{"engine": "slurm", "host": "far", "pid": 7, "since": "2024-01-01 00:00:00"}\n')
    recipe.write("exp/size/.arrays/diarkit-x-1/ids", "diarkit-x-1.1 12\n")


def test_what_a_dead_run_left_is_cancelled_before_the_step_begins(tmp_path, environment):
    recipe = SmallRecipe(tmp_path, dict(environment))
    left_over(recipe)
    fake_squeue(recipe, "12|1|RUNNING|None|n1\n12|2|PENDING|None|\n")
    status, said = recipe.measure()
    assert status == 0 and "2 tasks that a dead run (host far, pid 7, since 2024-01-01 00:00:00) had left" in said, said
    assert "scancel --name=diarkit-x-1.1" in recipe.read("called") and not recipe.has("exp/size/.arrays")


def test_a_queue_that_cannot_be_asked_stops_the_step_with_the_cure(tmp_path, environment):
    recipe = SmallRecipe(tmp_path, dict(environment))
    left_over(recipe)
    recipe.script("fake/squeue", "#!/bin/sh\necho unable to contact >&2; exit 1\n")
    recipe.environment["PATH"] = f"{recipe.folder}/fake:{recipe.environment['PATH']}"
    status, said = recipe.measure()
    assert status == 1 and "cannot be asked from here: unable to contact" in said, said
    assert "scancel --name=diarkit-x-1.1" in said and "Then: rm -r exp/size/.arrays/diarkit-x-1" in said
    assert recipe.touched() == [] and recipe.has("exp/size/.arrays/diarkit-x-1")


def test_the_script_of_an_array_runs_the_task_of_its_index(tmp_path, monkeypatch, environment):
    monkeypatch.chdir(tmp_path)
    request = runner.parse(["JOB=1:9", "log/it's.JOB.log", "echo", "a JOB", "JOB.$x", ">out.JOB"])
    run = arrays.Run(request, dialects.SLURM)
    script = run.write_script(run.new_name(), [4, 7])
    for index in ("1", "2"):
        assert subprocess.run(["bash", script], env={**environment, "SLURM_ARRAY_TASK_ID": index}).returncode == 0
    assert (tmp_path / "out.7").read_text() == "a 7 7.$x\n" and tasks.status_of(request, 4) == "0"
    assert not (tmp_path / "out.1").exists()
    (tmp_path / "out.7").unlink()
    subprocess.run(["bash", script], env={**environment, "SLURM_ARRAY_TASK_ID": "2"}, check=True)
    assert not (tmp_path / "out.7").exists()  # it has ended already
    (tmp_path / "log/it's.4.log.rc").unlink()
    run.end()
    subprocess.run(["bash", script], env={**environment, "SLURM_ARRAY_TASK_ID": "1"}, check=True)
    assert tasks.status_of(request, 4) is None  # the run has ended
    run.close()
    assert not (tmp_path / "log/.arrays").exists()


def test_a_local_task_that_was_killed_is_started_again_and_a_failed_one_is_not(call, tmp_path):
    command = "echo >>ran.JOB; [ JOB = 1 ] && exit 3; [ -e again ] || { touch again; kill -9 $PPID; }"
    done = call("run.py", "--retries", "2", "JOB=1:2", "l.JOB.log", command)
    assert done.returncode == 1 and "1 tasks were lost, started again (1 of 2)" in done.stderr
    assert "1 of 2 jobs failed" in done.stderr and "l.1.log (status 3)" in done.stderr
    assert (tmp_path / "ran.1").read_text() == "\n" and (tmp_path / "ran.2").read_text() == "\n\n"


@pytest.mark.parametrize("counts, words", [
    ("0 100\n1 200\n2 50\n3 50\n", "300/400 recordings, 1 task running, 1 failed"),
    (None, "1/3 tasks, 1 task running, 1 failed")])
def test_a_line_tells_how_far_it_is(tmp_path, monkeypatch, capsys, counts, words):
    monkeypatch.chdir(tmp_path)
    request, now = runner.parse(["JOB=1:3", "x.JOB.log", "true"]), [0.0]
    if counts:
        (tmp_path / "out/parts").mkdir(parents=True)
        (tmp_path / "out/parts/.counts").write_text(counts)
    shown = progress.Progress(request, "out", terminal=False, clock=lambda: now[0])
    for name, text in (("x.1.log", ""), ("x.1.log.rc", "0\n"), ("x.2.log", ""), ("x.2.log.rc", "5\n"), ("x.3.log", "")):
        (tmp_path / name).write_text(text)
    for now[0], said in ((59, ""), (60, words), (61, "")):
        shown.update()
        assert said in capsys.readouterr().err if said else capsys.readouterr().err == ""


def test_a_half_written_marker_is_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    request = runner.parse(["l.log", "true"])
    assert tasks.status_of(request, 1) is None
    (tmp_path / "l.log.rc").write_text("")
    assert tasks.status_of(request, 1) is None and tasks.look(request, [1]) == ({}, set())


def test_a_refused_request_names_engine_and_conf(tmp_path, environment, monkeypatch):
    (tmp_path / "sbatch").write_text("#!/bin/sh\necho no such thing >&2; exit 1\n")
    (tmp_path / "sbatch").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{environment['PATH']}")
    with pytest.raises(DiarkitError, match=r"slurm refused the jobs: no such thing\n.*--mem=1024M.*backend/slurm.conf"):
        engine.Engine(dialects.SLURM).submit(runner.parse("--mem 1G l.log x".split()), "n", 1, 0, "o", "s")


def test_a_part_that_comes_late_is_waited_for_where_jobs_ran_elsewhere(tmp_path, environment):
    for name, text in (("keys", "a 1\nb 2\n"), ("out/parts/x.1.1.scp", "a x:1\n"), ("late", "b x:2\n")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    words = [ROOT / "utils/collect.py", "out", "x.scp", "--keys", "keys"]
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 1 and "1 of 2 recordings are missing" in done.stderr
    process = subprocess.Popen(words, cwd=tmp_path, env={**environment, "DIARKIT_GRACE_S": "20"})
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(2)
    (tmp_path / "late").rename(tmp_path / "out/parts/x.1.2.scp")
    assert process.wait(20) == 0 and (tmp_path / "out/x.scp").read_text() == "a x:1\nb x:2\n"
