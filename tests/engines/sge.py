"""A real Grid Engine on this machine: one sge_qmaster, one sge_execd, the queue all.q."""

import os
import re
import socket
import subprocess

from . import daemons

HOME, SHARE = "/usr/lib/gridengine", "/usr/share/gridengine"
PROGRAMS = [f"{HOME}/sge_qmaster", f"{HOME}/sge_execd", "/usr/bin/qsub"]
# gridengine-common wants a mailer, that one a mail server; dma is the smallest, and is never used.
PACKAGES = ["gridengine-master", "gridengine-exec", "gridengine-client", "bsd-mailx", "dma"]
ANSWERS = [f"gridengine-{name} shared/gridengineconfig boolean false" for name in "common master client exec".split()]
BOOTSTRAP = """\
admin_user none
default_domain none
ignore_fqdn true
spooling_method classic
spooling_lib libspoolc
spooling_params {common};{spool}
binary_path {home}
qmaster_spool_dir {spool}
security_mode none
listener_threads 2
worker_threads 2
scheduler_threads 1
"""
HOST = """\
hostname {host}
load_scaling NONE
complex_values mem_free=64000M,gpu={gpus}
user_lists NONE
xuser_lists NONE
projects NONE
xprojects NONE
usage_scaling NONE
report_variables NONE
"""
# Root may submit, reports come quickly, an execd that is silent for ten seconds is unknown.
GLOBAL = {"mailer": "/bin/true", "min_uid": "0", "min_gid": "0", "load_report_time": "00:00:02",
          "max_unheard": "00:00:10", "administrator_mail": "none", "gid_range": "50000-50999",
          "reporting_params": "accounting=true reporting=false flush_time=00:00:01 joblog=false sharelog=00:00:00"}
QUEUE = {"qname": "all.q", "hostlist": "@allhosts", "load_thresholds": "NONE", "pe_list": "smp", "shell": "/bin/bash",
         "rerun": "FALSE", "tmpdir": "/tmp"}
SCHEDULER = {"schedule_interval": "0:0:1", "flush_submit_sec": "1", "flush_finish_sec": "1",
             "job_load_adjustments": "NONE", "schedd_job_info": "true"}


def start(slots=6, gpus=2, max_array=75000):
    """Return a running Engine with one queue of `slots` slots. Raises daemons.NotHere."""
    daemons.install(PROGRAMS, PACKAGES, ANSWERS)
    engine = daemons.Engine("sge")
    try:
        configure(engine, max_array)
        engine.launch("qmaster", f"{HOME}/sge_qmaster", SGE_ND="1")
        engine.wait_for("qmaster", lambda: not engine.call("qconf", "-sh").returncode)
        describe(engine, slots, gpus)
        engine.launch("execd", f"{HOME}/sge_execd", SGE_ND="1")
        engine.wait_for("execd", lambda: is_up(engine))
    except BaseException:
        engine.__exit__()
        raise
    return engine


def is_up(engine):
    """Tell whether the queue takes jobs."""
    return re.search(r"^all\.q@\S+ .* lx-\w+ *$", engine.call("qstat", "-f").stdout, re.M)


def changed(text, values):
    """Return a Grid Engine description with other values."""
    for name, value in values.items():
        text = re.sub(rf"^{name}\s.*", lambda _, line=f"{name} {value}": line, text, flags=re.M)
    return text


def configure(engine, max_array):
    """Lay out the cell and fill the spool."""
    folder, host = engine.folder, socket.gethostname()
    try:
        socket.gethostbyname(host)
    except OSError:
        raise daemons.NotHere(f"this machine's name does not resolve: echo 127.0.0.1 {host} >>/etc/hosts") from None
    kind = subprocess.run([f"{SHARE}/util/arch"], capture_output=True, text=True).stdout.strip()
    common, spool, port = folder / "default/common", folder / "spool/qmaster", daemons.free_ports(2)
    for path in (common, spool / "job_scripts", folder / "spool/execd", folder / "etc"):
        path.mkdir(parents=True)
    for name in ("bin", "lib", "utilbin"):
        (folder / name).mkdir()
        (folder / name / kind).symlink_to(HOME)
    (folder / "util").symlink_to(f"{SHARE}/util")
    (common / "bootstrap").write_text(BOOTSTRAP.format(common=common, spool=spool, home=HOME))
    (common / "act_qmaster").write_text(f"{host}\n")
    (common / "cluster_name").write_text("test\n")
    # Where 127.0.0.1 is called localhost, which Grid Engine refuses as the name of a host: all its names are this one.
    name, others, _ = socket.gethostbyaddr("127.0.0.1")
    (common / "host_aliases").write_text(" ".join([host, *sorted({name, *others} - {host})]) + "\n")
    engine.env = {"SGE_ROOT": str(folder), "SGE_CELL": "default", "SGE_ARCH": kind, "SGE_QMASTER_PORT": str(port),
                  "SGE_EXECD_PORT": str(port + 1), "LD_LIBRARY_PATH": HOME,
                  "PATH": os.environ["PATH"] + os.pathsep + HOME}
    with open(f"{SHARE}/default-configuration") as file:
        text = changed(file.read(), {**GLOBAL, "execd_spool_dir": folder / "spool/execd", "max_aj_tasks": max_array})
    (folder / "etc/configuration").write_text(text)
    must(engine, f"{HOME}/spoolinit", "classic", "libspoolc", f"{common};{spool}", "init")
    for words in (("configuration", folder / "etc/configuration"), ("complexes", f"{SHARE}/util/resources/centry"),
                  ("usersets", f"{SHARE}/util/resources/usersets"), ("managers", "root")):
        must(engine, f"{HOME}/spooldefaults", *words)


def must(engine, *words):
    """Run a command that has to succeed; return what it printed."""
    done = engine.call(*words)
    if done.returncode:
        raise daemons.NotHere(f"{words}: {done.stdout}{done.stderr}")
    return done.stdout


def describe(engine, slots, gpus):
    """Tell the qmaster its host, resources, parallel environment, queue and scheduler."""
    host, number = socket.gethostname(), 0

    def give(option, text):
        nonlocal number
        number += 1
        path = engine.folder / "etc" / str(number)
        path.write_text(text)
        must(engine, "qconf", option, path)

    if host not in engine.call("qconf", "-sh").stdout.split():
        must(engine, "qconf", "-ah", host)
    must(engine, "qconf", "-as", host)
    complexes = re.sub(r"^(mem_free .*<= +YES +)NO +0 ", r"\1YES 0 ", must(engine, "qconf", "-sc"), flags=re.M)
    give("-Mc", complexes + "gpu gpu INT <= YES YES 0 0\n")
    give("-Ae", HOST.format(host=host, gpus=gpus))
    give("-Ahgrp", f"group_name @allhosts\nhostlist {host}\n")
    with open(f"{SHARE}/util/resources/pe/smp") as file:
        give("-Ap", changed(file.read(), {"slots": 999, "allocation_rule": "$pe_slots"}))
    give("-Aq", changed(must(engine, "qconf", "-sq"), {**QUEUE, "slots": slots}))
    give("-Msconf", changed(must(engine, "qconf", "-ssconf"), SCHEDULER))
