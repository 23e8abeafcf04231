#!/usr/bin/env python3
"""Where the time goes on a cluster, by simulation: simulate_cluster.py [hours=1000,10000,100000] [cores=100,1000] ...

egs/wavs/v1/run.sh task by task: a task is dispatched when the engine gets to it, waits for a core, reads and writes at
its share of the disk, may be slow, may be lost with its node and is then started again. Costs are those measured on two
cores (docs/RESULTS.md, docs/BAD_INPUT.md, bench_plumbing.py, bench_cluster_overhead.py); assumptions are the options of
`Site`, any of which may be given as name=value: simulate_cluster.py cores=500 disk_mb_s=3000 reco_h=0.2
"""

import collections
import dataclasses
import heapq
import random
import sys
from typing import NamedTuple


@dataclasses.dataclass(frozen=True)
class Site:
    """A cluster and a corpus."""

    nj_per_core: float = 4.0   # tasks for each core, clamped to one for each recording
    max_nj: int = 5000
    reco_h: float = 1.0        # hours of one recording
    longest_h: float = 10.0    # of the longest one
    dispatch_s: float = 0.1    # from one started task to the next: Slurm .1, Grid Engine .17, this machine .01
    wait_s: float = 10.0       # until an array is looked at: scheduling, polling, late files
    disk_mb_s: float = 1000.0  # of the shared disk, reading and writing together
    file_ms: float = 5.0       # to make, read or remove one small file there
    node_days: float = 1000.0  # of work until a node fails with all its tasks
    silent_s: float = 180.0    # until its tasks are started again
    slow_share: float = 0.01   # of tasks on a busy node
    slow_times: float = 3.0    # as long
    read_cores: int = 2        # of the machine that prepares the data
    seed: int = 0


class Step(NamedTuple):
    """What one step costs for each hour of audio, and for each task."""

    name: str
    cpu_s: float        # of an hour, in jobs
    start_s: float      # of a task: programs and weights
    disk_mb: float      # of an hour, read and written in jobs
    serial_s: float     # of an hour, in one process
    serial_mb: float    # of memory of that process for an hour
    task_files: int     # that a task leaves in parts and log, and reads in split
    kept_mb: float      # of an hour that stay on the disk
    reco_files: int     # that stay for a recording


# Serial in the first row: every sample read once, on two cores. FLAC 36 MB an hour.
STEPS = (
    Step("data", 0, 0, 0, 0.6, 0.001, 0, 0, 0),
    Step("segmentation", 34, 2.5, 36 + 6, 0.020, 0.001, 7, 6, 0),
    Step("features", 2.4, 0.5, 36 + 115, 0, 0.001, 5, 115, 0),
    Step("embeddings", 34, 2.5, 115 + 3 + 4, 0, 0.001, 6, 4, 0),
    Step("speakers", 0.5, 1.5, 4 + 3, 0.002, 0.001, 8, 0.02, 0),
    Step("turns", 0, 0.5, 0, 0.10, 0.2, 0, 0.1, 0),
    Step("results", 0.7, 2.0, 0.3, 0, 0.001, 6, 0.3, 6),
)
VERBS_S, RECO_MS, LOOKED_AT = 0.3, 0.015, ("segmentation", "features")  # plumbing: a step, a recording; wav.scp again
THREADS = 16                                                           # questions to the disk at a time
PARTS = ("work", "starting", "disk", "dispatch, waiting", "tail", "one process", "plumbing")


def number_of_jobs(site, hours, cores):
    """Return --nj: so many for each core, no more than there are recordings."""
    return max(1, min(round(cores * site.nj_per_core), site.max_nj, round(hours / site.reco_h)))


def task_times(step, site, hours, cores, jobs, draw):
    """Return ([seconds of each task], seconds of work, of starting, of waiting for the disk in one of them)."""
    share_h = hours / jobs
    work_s, running = step.cpu_s * share_h, min(jobs, cores)
    disk_s = max(step.disk_mb * share_h * running / site.disk_mb_s - work_s, 0)
    whole = work_s + step.start_s + disk_s
    # The recordings of a task differ from those of another, and the longest cannot be divided.
    spread = [whole * draw.lognormvariate(0, 0.05) * (site.slow_times if draw.random() < site.slow_share else 1)
              for _ in range(jobs)]
    spread[0] = max(spread[0], step.cpu_s * min(site.longest_h, hours) + step.start_s)
    return spread, work_s, step.start_s, disk_s


def run_array(times, site, cores, draw):
    """Return (seconds until the last task has ended, tasks lost): the events of one array."""
    free, clock_s, lost, latest, queue = [0.0] * min(cores, len(times)), 0.0, 0, 0.0, collections.deque(times)
    while queue:
        seconds = queue.popleft()
        clock_s = max(clock_s + site.dispatch_s, heapq.heappop(free))
        end_s = clock_s + seconds
        if draw.random() < seconds / 86400 / site.node_days:
            lost, end_s = lost + 1, clock_s + draw.random() * seconds + site.silent_s
            queue.append(seconds)
        latest = max(latest, end_s)
        heapq.heappush(free, end_s)
    return latest, lost


def run_step(step, site, hours, cores, jobs, draw):
    """Return {part: seconds} of one step and the number of lost tasks."""
    recos = hours / site.reco_h
    spent = dict.fromkeys(PARTS, 0.0)
    spent["one process"] = step.serial_s * hours * (2 / site.read_cores if step.name == "data" else 1)
    spent["plumbing"] = VERBS_S + recos * RECO_MS / 1000
    if step.name in LOOKED_AT:
        spent["plumbing"] += recos * site.file_ms / 1000 / THREADS
    if not step.task_files:
        return spent, 0
    # Each share and part is made and read side by side; folders are removed one by one.
    spent["plumbing"] += jobs * (step.task_files / THREADS + 2) * site.file_ms / 1000
    times, work_s, start_s, disk_s = task_times(step, site, hours, cores, jobs, draw)
    whole_s, lost = run_array(times, site, cores, draw)
    rounds = -(-jobs // cores)
    spent.update({"work": rounds * work_s, "starting": rounds * start_s, "disk": rounds * disk_s})
    # The same array where all tasks are alike: what is beyond their time is dispatch, what the real one is beyond it
    # is the slow, the lost and the longest.
    whole = dataclasses.replace(site, node_days=float("inf"))
    alike = run_array([work_s + start_s + disk_s] * jobs, whole, cores, draw)
    spent["dispatch, waiting"] = site.wait_s + alike[0] - rounds * (work_s + start_s + disk_s)
    spent["tail"] = max(whole_s - alike[0], 0)
    return spent, lost


def simulate(site, hours, cores):
    """Print one row for a corpus on a cluster."""
    draw, jobs = random.Random(site.seed), number_of_jobs(site, hours, cores)
    total, lost = dict.fromkeys(PARTS, 0.0), 0
    slowest = ("", 0.0)
    for step in STEPS:
        spent, gone = run_step(step, site, hours, cores, jobs, draw)
        lost += gone
        for part, seconds in spent.items():
            total[part] += seconds
        slowest = max(slowest, (step.name, sum(spent.values())), key=lambda pair: pair[1])
    whole_s = sum(total.values())
    shares = "".join(f"{seconds / whole_s:>10.0%}" for seconds in total.values())
    print(f"{hours:>7} {cores:>6} {jobs:>5} {whole_s / 3600:>8.2f} h {shares}  {slowest[0]} "
          f"{slowest[1] / whole_s:.0%}, {lost} lost")


def limits(site, hours, cores):
    """Print what grows with the corpus, beside what is commonly allowed."""
    jobs, recos = number_of_jobs(site, hours, cores), hours / site.reco_h
    files = sum(step.task_files * jobs + step.reco_files * recos for step in STEPS)
    folder = max(recos, *(step.task_files * jobs for step in STEPS))
    terabytes = sum(step.kept_mb for step in STEPS) * hours / 1e6
    rate = max(step.disk_mb / step.cpu_s for step in STEPS if step.cpu_s > 2) * cores
    print(f"{hours:>7} {cores:>6} {jobs:>5} {files:>10,.0f} {folder:>10,.0f} {terabytes:>8.1f} TB {rate:>8,.0f} MB/s"
          f" {115 * hours / jobs / 1000:>7.1f} GB {max(s.serial_mb for s in STEPS) * hours / 1000:>7.1f} GB"
          f" {jobs // 1000 + 1 if jobs > 1000 else 1:>5}")


def main(*words):
    given = dict(word.split("=", 1) for word in words)
    hours = [int(text) for text in given.pop("hours", "1000,10000,100000").split(",")]
    cores = [int(text) for text in given.pop("cores", "100,1000").split(",")]
    kinds = {field.name: type(field.default) for field in dataclasses.fields(Site)}
    site = Site(**{name: kinds[name](text) for name, text in given.items()})
    heads = "".join(f"{part.partition(' ')[0].strip(','):>10}" for part in PARTS)
    print(f"  hours  cores  jobs       wall {heads}  longest step, tasks")
    for count in hours:
        for size in cores:
            simulate(site, count, size)
    print("\n  hours  cores  jobs  all files  in 1 folder      kept  features ask    one ark     memory  arrays")
    for count in hours:
        for size in cores:
            limits(site, count, size)


if __name__ == "__main__":
    main(*sys.argv[1:])
