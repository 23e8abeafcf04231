#!/usr/bin/env bash
# Compute log mel filterbank features, one matrix per recording.
# Usage: steps/make_fbank.sh [options] <data> <out>
# Reads:  <data>/wav.scp
# Writes: <out>/feats.scp <out>/feats.conf
fbank_config=conf/features/fbank.conf   # options of bin/compute-fbank-feats.py
nj=4                           # most jobs to run at once
cmd=run.py                     # how to start jobs, see cmd.sh
. utils/step.sh
need "$data/wav.scp" "$fbank_config"
begin "$out" --out feats.scp feats.conf --in "$data/wav.scp" "$fbank_config"
split_data "$data/wav.scp"
run_jobs make_fbank compute-fbank-feats.py --config="$fbank_config" \
    "scp:$sdata/wav.scp" "ark,scp:$parts/feats.$part.ark,$parts/feats.$part.scp"
collect feats.scp --keys "$data/wav.scp"
cp "$fbank_config" "$out/feats.conf"
finish
