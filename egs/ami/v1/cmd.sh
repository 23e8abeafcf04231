# shellcheck shell=bash
# How jobs are started: $cpu_cmd for plain work, $gpu_cmd for work that needs a GPU. The same file in every recipe.
#
# DIAR_BACKEND=local ./run.sh   (the default) runs jobs on this machine, as many at once as it has CPUs.
#
# For a cluster, add a case with its runner and what a job may ask for. A runner is called
#   <runner> [--mem 4G] [--gpu 1] [--time 2:00:00] [--num-threads 4] [--max-jobs-run N] [JOB=1:N] LOG COMMAND...
# which is Kaldi's convention, so that a site's own queue.pl or slurm.pl works as well:
#   site) cpu_cmd="queue.pl --mem 4G"  gpu_cmd="queue.pl --mem 8G --gpu 1";;
# The folder of the recipe must be seen under the same path by every machine.

case ${DIAR_BACKEND:-local} in
  local) cpu_cmd="run.py"  gpu_cmd="run.py --gpu 1";;
  *) echo "cmd.sh: unknown DIAR_BACKEND=$DIAR_BACKEND. Known: local; add yours to cmd.sh" >&2; return 2;;
esac
