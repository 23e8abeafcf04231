#!/usr/bin/env bash
# Score the change points of a set against its reference: purity, coverage, precision and recall.
# Usage: steps/score_changes.sh [options] <data> <found> <out>
# Reads:  <data>/reco2dur <data>/ref.rttm, <data>/ref.uem where there is one, and <found>/changes.scp
# Writes: <out>/changes.txt to read and <out>/changes.tsv for programs
score_config=conf/score/changes.conf   # options of bin/score-changes.py
changes=changes.scp                    # the table in <found>; change.scp of a segmentation is one too
uem=                                   # score what this UEM names instead of what <data>/ref.uem names
cmd=run.py                             # how to start jobs, see cmd.sh
. utils/step.sh
region=$uem
[[ -n $uem || ! -e $data/ref.uem ]] || region=$data/ref.uem
need "$data/reco2dur" "$data/ref.rttm" "$found/$changes" "$score_config" ${region:+"$region"}
begin "$out" --out changes.txt changes.tsv \
  --in "$data/reco2dur" "$data/ref.rttm" "$found/$changes" "$score_config" ${region:+"$region"}
run_jobs score_changes score-changes.py --config="$score_config" --uem="$region" \
  "$data/ref.rttm" "$data/reco2dur" "scp:$found/$changes" "$out"
grep -e '^recording' -e '^TOTAL' "$out/changes.txt"
finish
