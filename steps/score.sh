#!/usr/bin/env bash
# Score the turns of a set against its reference by the protocols full, fair and forgiving.
# Usage: steps/score.sh [options] <data> <turns> <out>
# Reads:  <data>/reco2dur <data>/ref.rttm, <data>/ref.uem where there is one, and <turns>/hyp.rttm
# Writes: <out>/der.txt to read and <out>/der.tsv for programs
score_config=conf/score/score.conf   # options of bin/score-diarization.py
uem=                           # score what this UEM names instead of what <data>/ref.uem names
tuned_on=                      # file whose first column names the recordings a threshold was tuned on: they are refused
cmd=run.py                     # how to start jobs, see cmd.sh
. utils/step.sh
region=$uem
[[ -n $uem || ! -e $data/ref.uem ]] || region=$data/ref.uem
need "$data/reco2dur" "$data/ref.rttm" "$turns/hyp.rttm" "$score_config" ${region:+"$region"} ${tuned_on:+"$tuned_on"}
begin "$out" --out der.txt der.tsv \
  --in "$data/reco2dur" "$data/ref.rttm" "$turns/hyp.rttm" "$score_config" ${region:+"$region"} ${tuned_on:+"$tuned_on"}
run_jobs score score-diarization.py --config="$score_config" --uem="$region" --tuned-on="$tuned_on" \
  "$data/ref.rttm" "$data/reco2dur" "$turns/hyp.rttm" "$out"
grep '^DER ' "$out/der.txt"
finish
