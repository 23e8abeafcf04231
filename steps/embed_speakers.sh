#!/usr/bin/env bash
# Turn every local speaker of a segmentation into an embedding; the network runs once over each recording.
# Usage: steps/embed_speakers.sh [options] <feats> <seg> <out>
# Reads:  <feats>/feats.scp <feats>/feats.conf <seg>/seg.scp <seg>/seg.conf
# Writes: <out>/emb.scp; <out>/windows.scp <out>/times.scp: short windows over the speech, and their times
model=small                             # small, resnet34, campplus, or a file of torch weights of one of these
embed_config=conf/embed/speakers.conf   # options of bin/embed-speakers.py
threads=1                               # blocks each job works on at the same time (no stamp)
nj=4                                    # most jobs to run at once
cmd=run.py                              # how to start jobs, see cmd.sh
. utils/step.sh
own=''
[ ! -f "$model" ] || own=$model
need "$feats/feats.scp" "$feats/feats.conf" "$seg/seg.scp" "$seg/seg.conf" "$embed_config"
begin "$out" --out emb.scp windows.scp times.scp \
    --in "$feats/feats.scp" "$feats/feats.conf" "$seg/seg.scp" "$seg/seg.conf" "$embed_config" ${own:+"$own"}
[ -n "$own" ] || utils/fetch_model.py "$model" > /dev/null   # here: a node of a cluster may have no network
split_data "$feats/feats.scp" "$seg/seg.scp"
run_jobs embed_speakers embed-speakers.py --config="$embed_config" --model="$model" --threads="$threads" \
    --feats-config="$feats/feats.conf" --seg-config="$seg/seg.conf" \
    "scp:$sdata/feats.scp" "scp:$sdata/seg.scp" "ark,scp:$parts/emb.$part.ark,$parts/emb.$part.scp" \
    "ark,scp:$parts/windows.$part.ark,$parts/windows.$part.scp" "ark,scp:$parts/times.$part.ark,$parts/times.$part.scp"
for x in emb windows times; do collect $x.scp --keys "$feats/feats.scp"; done
finish
