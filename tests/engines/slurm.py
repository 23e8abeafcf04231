"""A real Slurm of several nodes on this machine: one munged, one slurmctld, one slurmd for each node."""

import os
import socket
import subprocess

from . import daemons

PROGRAMS = ["/usr/sbin/munged", "/usr/sbin/slurmctld", "/usr/sbin/slurmd", "/usr/bin/sbatch"]
PACKAGES = ["munge", "slurmctld", "slurmd", "slurm-client"]
# No cgroups and no accounting. Tasks are spread over the nodes. Memory is measured every second and a job above its
# limit is killed. A node is lost when it is silent for ten seconds. All nodes are this machine, so they may claim more
# than it has.
CONF = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmctldPidFile={folder}/slurmctld.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmctldTimeout=60
SlurmUser=root
SlurmdUser=root
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmdLogFile={folder}/log/slurmd-%n.log
SlurmdSpoolDir={folder}/spool/%n
SlurmdTimeout=10
SlurmdParameters=config_overrides
StateSaveLocation={folder}/state
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
{listen}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
MailProg=/bin/true
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory,CR_LLN
DefMemPerCPU=100
MaxArraySize={max_array}
KillWait=2
CompleteWait=0
ReturnToService=2
InactiveLimit=0
GresTypes=gpu
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
PartitionName=short Nodes=ALL MaxTime=10 State=UP
"""
# In namespaces of its own, so that each node has its name and finds it in /etc/hosts.
NODE = 'mount --bind "$1/hosts" /etc/hosts && hostname "$2" && exec slurmd -D -N "$2" -f "$1/slurm.conf"'


def start(nodes=3, cpus=2, gpus=2, max_array=1001):
    """Return a running Engine; the last node has `gpus` GPUs that are none. Raises daemons.NotHere."""
    daemons.install(PROGRAMS, PACKAGES)
    engine = daemons.Engine("slurm")
    try:
        configure(engine, nodes, cpus, gpus, max_array)
        bring_up(engine, nodes)
    except BaseException:
        engine.__exit__()
        raise
    return engine


def configure(engine, nodes, cpus, gpus, max_array):
    """Write slurm.conf, gres.conf, the key and the names of the nodes."""
    folder, names = engine.folder, [f"n{i}" for i in range(1, nodes + 1)]
    port, host, spaces = daemons.free_ports(nodes + 1), socket.gethostname().split(".")[0], has_namespaces()
    for name in ("state", "spool"):
        (folder / name).mkdir()
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    with open("/etc/hosts") as file:
        (folder / "hosts").write_text(file.read() + "".join(f"\n127.0.0.1 {name}" for name in names) + "\n")
    lines = [f"NodeName={name} NodeHostname={name if spaces else host} NodeAddr=127.0.0.1 Port={port + i} CPUs={cpus} "
             f"RealMemory=16000 State=UNKNOWN" + (f" Gres=gpu:{gpus}" if gpus and i == nodes else "")
             for i, name in enumerate(names, 1)]
    local = socket.gethostbyname(host) == "127.0.0.1"
    listen = "CommunicationParameters=NoCtldInAddrAny,NoInAddrAny" if local else ""
    (folder / "slurm.conf").write_text(CONF.format(folder=folder, host=host, port=port, max_array=max_array,
                                                   listen=listen, nodes="\n".join(lines)))
    devices = [f"NodeName={names[-1]} Name=gpu File=/dev/tty{i}\n" for i in range(gpus)]  # any device file serves
    (folder / "gres.conf").write_text("".join(devices))
    engine.env = {"SLURM_CONF": str(folder / "slurm.conf")}


def has_namespaces():
    """Tell whether this machine lets us give a process a host name of its own."""
    return not subprocess.run(["unshare", "--uts", "--mount", "true"], capture_output=True).returncode


def bring_up(engine, nodes):
    """Start the daemons and wait until all nodes are idle."""
    folder, conf = engine.folder, engine.folder / "slurm.conf"
    engine.launch("munged", "munged", "-F", f"--socket={folder}/munge.socket", f"--key-file={folder}/munge.key",
                  f"--pid-file={folder}/munged.pid", f"--log-file={folder}/log/munged.log",
                  f"--seed-file={folder}/state/seed")
    engine.wait_for("munged", lambda: not engine.call("munge", "-n", "-S", folder / "munge.socket").returncode)
    engine.launch("slurmctld", "slurmctld", "-D", "-i", "-f", conf)
    for i in range(1, nodes + 1):
        (folder / "spool" / f"n{i}").mkdir()
        words = ["unshare", "--uts", "--mount", "sh", "-c", NODE, "sh", folder, f"n{i}"] if has_namespaces() else \
            ["slurmd", "-D", "-N", f"n{i}", "-f", conf]
        engine.launch(f"n{i}", *words)
    engine.wait_for("the nodes", lambda: idle(engine) == nodes)


def idle(engine):
    """Return how many nodes are idle."""
    return len(set(engine.call("sinfo", "-h", "-N", "-t", "idle", "-o", "%N").stdout.split()))
