#!/usr/bin/env bash
# Compute the features of the change detector, one matrix per recording.
# Usage: steps/make_change_feats.sh [options] <data> <out>
# Reads:  <data>/wav.scp
# Writes: <out>/feats.scp <out>/feats.conf
change_feats_config=conf/features/change_feats.conf   # options of bin/compute-change-feats.py
nj=4                                         # most jobs to run at once
cmd=run.py                                   # how to start jobs, see cmd.sh
. utils/step.sh
need "$data/wav.scp" "$change_feats_config"
begin "$out" --out feats.scp feats.conf --in "$data/wav.scp" "$change_feats_config"
split_data "$data/wav.scp"
run_jobs make_change_feats compute-change-feats.py --config="$change_feats_config" \
    "scp:$sdata/wav.scp" "ark,scp:$parts/feats.$part.ark,$parts/feats.$part.scp"
collect feats.scp --keys "$data/wav.scp"
cp "$change_feats_config" "$out/feats.conf"
finish
