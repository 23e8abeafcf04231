#!/usr/bin/env bash
# Join the local speakers of each cluster into turns, which may overlap.
# Usage: steps/make_overlapping_turns.sh [options] <data> <seg> <emb> <clusters> <out>
# Reads:  <data>/reco2dur <seg>/seg.scp <seg>/seg.conf <seg>/scores.scp <emb>/times.scp <clusters>/labels.scp <clusters>/shares.scp
# Writes: <out>/hyp.rttm, and <out>/talk_time: `<reco> <speaker> <seconds>`
turns_config=conf/turns/overlapping.conf   # options of bin/speakers-to-rttm.py
cmd=run.py                                 # how to start jobs, see cmd.sh
. utils/step.sh
inputs=("$data/reco2dur" "$seg/seg.scp" "$seg/seg.conf" "$seg/scores.scp" "$emb/times.scp" "$clusters/labels.scp" "$clusters/shares.scp")
need "${inputs[@]}" "$turns_config"
begin "$out" --out hyp.rttm talk_time --in "${inputs[@]}" "$turns_config"
run_jobs make_turns speakers-to-rttm.py --config="$turns_config" --seg-config="$seg/seg.conf" --scores="scp:$seg/scores.scp" \
  --times="scp:$emb/times.scp" --shares="scp:$clusters/shares.scp" "scp:$seg/seg.scp" "scp:$clusters/labels.scp" "$data/reco2dur" "$out/hyp.rttm" "$out/talk_time"
finish
