"""The table of batch engines: one row for each says how it is spoken to. See docs/CLUSTER.md for a row of your own.

Commands are words with {names} to fill in. A task's phase is found from what the engine says of it: the first
expression of `phases` that matches `<state> <reason>` tells it.
    waiting running    it is in the engine's hands
    stuck              it would wait for ever: it is cancelled, and counts as lost
    lost               the cluster lost it: --retries starts it again
    final              it would end so again, or was meant to end: it is not started again
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Dialect:
    """How one engine is spoken to."""

    name: str           # of the engine, of conf/backend/<name>.conf and of the runner <name>.py
    submit: str         # {name} of the array, {out} what the engine itself says of task {index}
    index_in_name: str  # how {index} is written in the name of that file
    span: str           # {count} tasks, numbered from 1
    span_most: str      # the same with at most {most} at once
    array_id: str       # finds the array's id in the answer
    index: str          # variable with the task's number in the array
    wants: dict         # what a task may ask for: {mem_mb} {mem_mb_per_thread} {minutes} {seconds} {threads} {gpu}
    site: dict          # what a site may set in conf/backend/<name>.conf, {value}
    query: str          # all tasks of {names} or {user}
    row: str            # one line of its answer: job, index (no number: all others), state, perhaps reason and node
    heading: str        # lines of its answer that say nothing
    phases: tuple       # (expression, phase, words)
    cancel: str         # the array {name}
    cancel_task: str    # task {index} of array {id}
    limit: tuple        # command, expression for the largest array, and what to take off
    away: str           # finds in an error that the engine did not answer, and may later
    notes: tuple = ()   # phases again, searched in what the engine itself wrote of a task that was lost
    program: str = ""   # what stands before the script, where the engine runs it as it lies there
    explain: str = ""   # tells how task {index} of array {id} ended, where the query has forgotten it; see phases
    dead_nodes: str = ""  # lists nodes that no longer answer, where the query does not tell


SLURM = Dialect(
    name="slurm",
    submit="sbatch --parsable --no-requeue --export=ALL --chdir=/ --open-mode=append --job-name={name} --output={out}",
    index_in_name="%a",
    span="--array=1-{count}",
    span_most="--array=1-{count}%{most}",
    array_id=r"^(\d+)",
    index="SLURM_ARRAY_TASK_ID",
    wants={"mem": "--mem={mem_mb}M", "time": "--time={minutes}", "threads": "--cpus-per-task={threads}",
           "gpu": "--gres=gpu:{gpu}"},
    site={"partition": "--partition={value}", "account": "--account={value}"},
    query="squeue --noheader --array --states=all --name={names} --format=%F|%K|%T|%r|%N",
    row=r"(?P<job>\d+)\|(?P<index>\d+|N/A)\|(?P<state>\w+)\|(?P<reason>[^|]*)\|(?P<node>.*)",
    heading=r"",
    phases=(
        (r"PENDING .*(launch.failed|LaunchFail|BadConstraints|DependencyNeverSatisfied|HeldAdmin)", "stuck",
         "could not be started"),
        (r"PENDING|REQUEUE|SPECIAL_EXIT", "waiting", ""),
        (r"RUNNING|CONFIGURING|COMPLETING|SUSPENDED|STOPPED|SIGNALING|STAGE_OUT|RESIZING", "running", ""),
        (r"TIMEOUT|DEADLINE", "final", "over its time limit"),
        (r"OUT_OF_MEMORY", "final", "over its memory"),
        (r"CANCELLED", "final", "cancelled"),
        (r"NODE_FAIL|BOOT_FAIL", "lost", "its node failed"),
        (r"PREEMPTED", "lost", "had to make room for another job"),
        (r"", "lost", "ended without leaving an exit status"),
    ),
    cancel="scancel --name={name}",
    cancel_task="scancel {id}_{index}",
    limit=("scontrol show config", r"MaxArraySize\s*=\s*(\d+)", 1),  # the largest index is one below
    away=r"(?i)unable to contact|connection (refused|reset|timed out)|socket timed out|timed out",
    notes=((r"DUE TO TIME LIMIT", "final", "over its time limit"),
           (r"(?i)exceeded .*memory limit|oom.kill", "final", "over its memory"),
           (r"DUE TO PREEMPTION", "lost", "had to make room for another job"),
           (r"DUE TO NODE FAIL", "lost", "its node failed")),
)

SGE = Dialect(
    name="sge",
    # Without a login shell, whose start-up files may change the environment, or wait.
    submit="qsub -terse -V -wd / -b y -shell n -r n -w e -j y -o /dev/null -N {name}",
    program="/bin/bash",
    index_in_name="",
    span="-t 1-{count}",
    span_most="-t 1-{count} -tc {most}",
    array_id=r"^(\d+)",
    index="SGE_TASK_ID",
    wants={"mem": "-l mem_free={mem_mb_per_thread}M", "time": "-l h_rt={seconds}", "threads": "-pe smp {threads}",
           "gpu": "-l gpu={gpu}"},
    site={"queue": "-q {value}", "project": "-P {value}"},
    query="qstat -u {user} -g d",
    # job, priority, name, user, state, day, time, queue instance, slots, task
    row=r"\s*(?P<job>\d+)\s+\S+\s+\S+\s+\S+\s+(?P<state>[A-Za-z]+)\s+\S+\s+[\d:]+\s+(?:(?P<node>\S+@\S+)\s+)?\d+"
        r"(?:\s+(?P<index>\d+))?\s*",
    heading=r"job-ID .*|-+",
    phases=(
        (r"failed +(37 |.*h_rt)", "final", "over its time limit"),
        (r"failed .*h_vmem", "final", "over its memory"),
        (r"failed ", "lost", "ended without leaving an exit status"),
        (r"\w*E\w* ", "stuck", "could not be started"),
        (r"\w*d\w* ", "final", "deleted"),
        (r"\w*[wq]\w* ", "waiting", ""),
        (r"[rtsSTR]+ ", "running", ""),
        (r"", "lost", "ended without leaving an exit status"),
    ),
    cancel="qdel {name}",
    cancel_task="qdel {id} -t {index}",
    limit=("qconf -sconf", r"max_aj_tasks\s+(\d+)", 0),
    away=r"(?i)commlib error|unable to contact qmaster|can't connect|connection (refused|reset|timed out)|timed out",
    explain="qacct -j {id} -t {index}",
    dead_nodes="qselect -qs u",
)

TABLE = {row.name: row for row in (SLURM, SGE)}
