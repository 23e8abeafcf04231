#!/usr/bin/env python3
"""Run tasks as an array of Grid Engine, each with a log of its own.

Usage: sge.py [--mem 4G] [--gpu 1] [--time 2:00:00] [--num-threads 4] [--max-jobs-run N]
                [--retries N] [JOB=1:N] LOG COMMAND...

The same convention, logs, markers and statuses as run.py. How tasks are asked for at your site stands in
conf/backend/sge.conf. Ctrl-C or a kill cancels the array.

  --max-jobs-run N   most tasks at once; as many as Grid Engine starts
  --num-threads N    threads of each task, and CPUs asked for; 1
  --gpu N            GPUs of each task, which sees no others; 0
  --mem --time       of each task; what is above is ended
  --retries N        how often a task is started again that the cluster lost, not one whose command failed; 0
"""

import batch

if __name__ == "__main__":
    batch.main("sge", __doc__)
