#!/usr/bin/env bash
# Find where the speaker changes without training: neighbouring windows of speech that are unlike.
# Usage: steps/detect_changes_metric.sh [options] <feats> <speech> <out>
# Reads:  <feats>/feats.scp <feats>/feats.conf of steps/make_mfcc.sh, <speech>/vad.scp
# Writes: <out>/curve.scp: seconds and score of every candidate; <out>/changes.scp: seconds of the changes
method=bic       # bic, divergence or kl2: takes conf/change/<method>.conf
detect_config=   # options of bin/detect-changes-metric.py instead of conf/change/<method>.conf
nj=4             # most jobs to run at once
cmd=run.py       # how to start jobs, see cmd.sh
. utils/step.sh
config=${detect_config:-conf/change/$method.conf}
need "$feats/feats.scp" "$feats/feats.conf" "$speech/vad.scp" "$config"
begin "$out" --out curve.scp changes.scp --in "$feats/feats.scp" "$feats/feats.conf" "$speech/vad.scp" "$config"
split_data "$feats/feats.scp" "$speech/vad.scp"
run_jobs detect_changes_metric detect-changes-metric.py --config="$config" --feats-config="$feats/feats.conf" \
  --speech="scp:$sdata/vad.scp" "scp:$sdata/feats.scp" "ark,scp:$parts/curve.$part.ark,$parts/curve.$part.scp" \
  "ark,scp:$parts/changes.$part.ark,$parts/changes.$part.scp"
collect curve.scp --keys "$feats/feats.scp"
collect changes.scp --keys "$feats/feats.scp"
finish
