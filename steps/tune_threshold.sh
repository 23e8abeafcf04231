#!/usr/bin/env bash
# Find the threshold of a clustering with the least DER on a development set, which must not be scored with it.
# Usage: steps/tune_threshold.sh [options] <data> <emb> <out>
# Reads:  <data>/reco2dur <data>/ref.rttm <emb>/emb.scp <emb>/subsegments
# Writes: <out>/tuned.conf, for steps/cluster_embeddings.sh --tuned-config, and <out>/tuned.recos, for steps/score.sh --tuned-on
method=ahc                     # ahc, kmeans or meanshift: takes conf/cluster/<method>.conf
cluster_config=                # options of clustering instead of conf/cluster/<method>.conf
turns_config=conf/turns/turns.conf   # options of making turns
max_speakers=                  # at most this many; k-means needs it
cmd=run.py                     # how to start jobs, see cmd.sh
. utils/step.sh
config=${cluster_config:-conf/cluster/$method.conf}
inputs=("$data/reco2dur" "$data/ref.rttm" "$emb/emb.scp" "$emb/subsegments" "$config" "$turns_config")
need "${inputs[@]}"
begin "$out" --out tuned.conf tuned.recos --in "${inputs[@]}"
run_jobs tune_threshold tune-threshold.py --config="$config" --config="$turns_config" --max-speakers="$max_speakers" \
  scp:"$emb/emb.scp" "$emb/subsegments" "$data/reco2dur" "$data/ref.rttm" "$out/tuned.conf"
cat "$out/tuned.conf"
finish
