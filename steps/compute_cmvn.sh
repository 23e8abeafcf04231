#!/usr/bin/env bash
# Normalise features to mean 0, over the recording or a sliding window.
# Usage: steps/compute_cmvn.sh [options] <feats> <out>
# Reads:  <feats>/feats.scp
# Writes: <out>/feats.scp
cmvn_config=conf/features/cmvn.conf   # options of bin/apply-cmvn.py
nj=4                         # most jobs to run at once
cmd=run.py                   # how to start jobs, see cmd.sh
. utils/step.sh
need "$feats/feats.scp" "$cmvn_config"
begin "$out" --out feats.scp --in "$feats/feats.scp" "$cmvn_config"
split_data "$feats/feats.scp"
run_jobs compute_cmvn apply-cmvn.py --config="$cmvn_config" \
    "scp:$sdata/feats.scp" "ark,scp:$parts/feats.$part.ark,$parts/feats.$part.scp"
collect feats.scp --keys "$feats/feats.scp"
finish
