#!/usr/bin/env bash
# Turn every window of speech into an embedding, one matrix per recording.
# Usage: steps/extract_embeddings.sh [options] <feats> <windows> <out>
# Reads:  <feats>/feats.scp <feats>/feats.conf <windows>/subsegments
# Writes: <out>/emb.scp <out>/subsegments
model=resnet34                 # resnet34, small, campplus, ge2e, or a file of your own
embed_config=conf/embed/embed.conf   # options of bin/extract-embeddings.py
threads=1                      # processor threads of each job; rounding changes with it
nj=4                           # most jobs to run at once
cmd=run.py                     # how to start jobs, see cmd.sh
. utils/step.sh
own=''
[ ! -f "$model" ] || own=$model
need "$feats/feats.scp" "$feats/feats.conf" "$windows/subsegments" "$embed_config"
begin "$out" --out emb.scp subsegments \
    --in "$feats/feats.scp" "$feats/feats.conf" "$windows/subsegments" "$embed_config" ${own:+"$own"}
[ -n "$own" ] || utils/fetch_model.py "$model" > /dev/null   # here: a node of a cluster may have no network
split_data "$feats/feats.scp" --known "$windows/subsegments"
run_jobs extract_embeddings extract-embeddings.py --config="$embed_config" --model="$model" --threads="$threads" \
    --feats-config="$feats/feats.conf" "scp:$sdata/feats.scp" "$sdata/subsegments" \
    "ark,scp:$parts/emb.$part.ark,$parts/emb.$part.scp"
collect emb.scp --keys "$feats/feats.scp"
cp "$windows/subsegments" "$out/subsegments"
finish
