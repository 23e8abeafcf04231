#!/usr/bin/env bash
# Cut speech at the speaker changes inside it, into the pieces that get one embedding each.
# Usage: steps/split_at_changes.sh [options] <speech> <found> <out>
# Reads:  <speech>/vad.scp <found>/changes.scp
# Writes: <out>/subsegments: the pieces; <out>/segments: the speech runs that were cut
split_config=conf/change/split.conf   # options of bin/split-at-changes.py
changes=changes.scp                       # the table in <found>; change.scp of a segmentation is one too
cmd=run.py                                # how to start jobs, see cmd.sh
. utils/step.sh
need "$speech/vad.scp" "$found/$changes" "$split_config"
begin "$out" --out subsegments segments --in "$speech/vad.scp" "$found/$changes" "$split_config"
run_jobs split_at_changes split-at-changes.py --config="$split_config" "scp:$speech/vad.scp" "scp:$found/$changes" \
  "$out/subsegments" "$out/segments"
finish
