#!/usr/bin/env bash
# Compute features of python_speech_features, one matrix per recording.
# Usage: steps/make_psf.sh [options] <data> <out>
# Reads:  <data>/wav.scp
# Writes: <out>/feats.scp <out>/feats.conf
psf_config=conf/features/psf.conf   # options of bin/compute-psf-feats.py
nj=4                       # most jobs to run at once
cmd=run.py                 # how to start jobs, see cmd.sh
. utils/step.sh
need "$data/wav.scp" "$psf_config"
begin "$out" --out feats.scp feats.conf --in "$data/wav.scp" "$psf_config"
split_data "$data/wav.scp"
run_jobs make_psf compute-psf-feats.py --config="$psf_config" \
    "scp:$sdata/wav.scp" "ark,scp:$parts/feats.$part.ark,$parts/feats.$part.scp"
collect feats.scp --keys "$data/wav.scp"
cp "$psf_config" "$out/feats.conf"
finish
