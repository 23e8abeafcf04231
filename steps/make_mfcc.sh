#!/usr/bin/env bash
# Compute mel frequency cepstral coefficients, one matrix per recording.
# Usage: steps/make_mfcc.sh [options] <data> <out>
# Reads:  <data>/wav.scp
# Writes: <out>/feats.scp <out>/feats.conf
mfcc_config=conf/features/mfcc.conf   # options of bin/compute-mfcc-feats.py
nj=4                         # most jobs to run at once
cmd=run.py                   # how to start jobs, see cmd.sh
. utils/step.sh
need "$data/wav.scp" "$mfcc_config"
begin "$out" --out feats.scp feats.conf --in "$data/wav.scp" "$mfcc_config"
split_data "$data/wav.scp"
run_jobs make_mfcc compute-mfcc-feats.py --config="$mfcc_config" \
    "scp:$sdata/wav.scp" "ark,scp:$parts/feats.$part.ark,$parts/feats.$part.scp"
collect feats.scp --keys "$data/wav.scp"
cp "$mfcc_config" "$out/feats.conf"
finish
