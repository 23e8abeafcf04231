# shellcheck shell=bash
# How jobs are started: $cpu_cmd for plain work, $gpu_cmd for work that needs a GPU. The same file in every recipe.
#
#   DIAR_BACKEND=local ./run.sh   (the default) jobs run on this machine, as many at once as it has CPUs
#   DIAR_BACKEND=slurm ./run.sh   as arrays of Slurm; partition, account and the like: conf/backend/slurm.conf
#   DIAR_BACKEND=sge ./run.sh     as arrays of Grid Engine; queue, project and the like: conf/backend/sge.conf
#
# Behind the runner stands what every job asks for:
#   <runner> [--mem 4G] [--gpu 1] [--time 2:00:00] [--num-threads 4] [--max-jobs-run N] [--retries N] [JOB=1:N] LOG COMMAND...
# It is Kaldi's convention, so that a site's own queue.pl, slurm.pl or run.pl works as well:
#   site) cpu_cmd="queue.pl --mem 4G"  gpu_cmd="queue.pl --mem 8G --gpu 1";;
# On a cluster the folder of the recipe must be seen under the same path by every machine. See docs/CLUSTER.md.

case ${DIAR_BACKEND:-local} in
  local) cpu_cmd="run.py"  gpu_cmd="run.py --gpu 1";;
  slurm) cpu_cmd="slurm.py --mem 4G --retries 2"  gpu_cmd="slurm.py --mem 8G --retries 2 --gpu 1";;
  sge) cpu_cmd="sge.py --mem 4G --retries 2"  gpu_cmd="sge.py --mem 8G --retries 2 --gpu 1";;
  *) echo "cmd.sh: unknown DIAR_BACKEND=$DIAR_BACKEND. Known: local slurm sge; add yours to cmd.sh" >&2; return 2;;
esac
