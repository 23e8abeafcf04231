#!/usr/bin/env bash
# Train the Bi-LSTM that detects speaker changes; goes on where it was stopped.
# Usage: steps/train_change_detector.sh [options] <data> <feats> <out>
# Reads:  <data>/ref.rttm, <data>/ref.uem where there is one, <feats>/feats.scp of steps/make_change_feats.sh
# Writes: <out>/final.pt for --model of steps/detect_changes.sh, <out>/best.pt <out>/checkpoint.pt <out>/metrics.csv
#         <out>/params.yaml <out>/loss.png <out>/feats.conf
train_config=conf/train/change.conf   # options of bin/train-change-detector.py
cmd=run.py                            # how to start jobs, see cmd.sh
. utils/step.sh
uem=$data/ref.uem
[[ -e $uem ]] || uem=''
inputs=("$data/ref.rttm" "$feats/feats.scp" "$feats/feats.conf" "$train_config" ${uem:+"$uem"})
need "${inputs[@]}"
begin "$out" --out final.pt best.pt checkpoint.pt metrics.csv params.yaml loss.png feats.conf --in "${inputs[@]}"
run_jobs train train-change-detector.py --config="$train_config" --uem="$uem" "scp:$feats/feats.scp" "$data/ref.rttm" "$out"
cp "$feats/feats.conf" "$out/feats.conf"
finish
