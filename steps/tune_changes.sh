#!/usr/bin/env bash
# Find how changes are best picked from their scores on a development set: threshold and least distance.
# Usage: steps/tune_changes.sh [options] <data> <changes> <out>
# Reads:  <data>/ref.rttm <changes>/curve.scp
# Writes: <out>/pick.conf, for --pick-config of the detection of changes
tolerance=0.5   # a change is found when one is this near, seconds
cmd=run.py      # how to start jobs, see cmd.sh
. utils/step.sh
need "$data/ref.rttm" "$changes/curve.scp"
begin "$out" --out pick.conf --in "$data/ref.rttm" "$changes/curve.scp"
run_jobs tune_changes tune-changes.py --tolerance-s="$tolerance" "scp:$changes/curve.scp" "$data/ref.rttm" "$out/pick.conf"
cat "$out/pick.conf"
finish
