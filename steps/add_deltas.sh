#!/usr/bin/env bash
# Append deltas to features.
# Usage: steps/add_deltas.sh [options] <feats> <out>
# Reads:  <feats>/feats.scp
# Writes: <out>/feats.scp
deltas_config=conf/features/deltas.conf   # options of bin/add-deltas.py
nj=4                             # most jobs to run at once
cmd=run.py                       # how to start jobs, see cmd.sh
. utils/step.sh
need "$feats/feats.scp" "$deltas_config"
begin "$out" --out feats.scp --in "$feats/feats.scp" "$deltas_config"
split_data "$feats/feats.scp"
run_jobs add_deltas add-deltas.py --config="$deltas_config" \
    "scp:$sdata/feats.scp" "ark,scp:$parts/feats.$part.ark,$parts/feats.$part.scp"
collect feats.scp --keys "$feats/feats.scp"
finish
