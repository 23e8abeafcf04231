#!/usr/bin/env bash
# Join the windows of each speaker into turns.
# Usage: steps/make_turns.sh [options] <data> <clusters> <out>
# Reads:  <data>/reco2dur <clusters>/labels.scp <clusters>/subsegments
# Writes: <out>/hyp.rttm, and <out>/talk_time: `<reco> <speaker> <seconds>`
turns_config=conf/turns/turns.conf   # options of bin/labels-to-rttm.py
cmd=run.py                     # how to start jobs, see cmd.sh
. utils/step.sh
need "$data/reco2dur" "$clusters/labels.scp" "$clusters/subsegments" "$turns_config"
begin "$out" --out hyp.rttm talk_time \
  --in "$data/reco2dur" "$clusters/labels.scp" "$clusters/subsegments" "$turns_config"
run_jobs make_turns labels-to-rttm.py --config="$turns_config" \
  "$clusters/subsegments" "scp:$clusters/labels.scp" "$data/reco2dur" "$out/hyp.rttm" "$out/talk_time"
finish
