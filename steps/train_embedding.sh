#!/usr/bin/env bash
# Train a network for speaker embeddings, from audio or features; goes on where it was stopped.
# Usage: steps/train_embedding.sh [options] <data> <out>
# Reads:  <data>/wav.scp <data>/utt2spk, one line an utterance each; or <feats>/feats.scp <feats>/feats.conf for wav.scp
# Writes: <out>/final.pt <out>/best.pt <out>/checkpoint.pt <out>/metrics.csv <out>/params.yaml <out>/loss.png
train_config=conf/train/embedding.conf   # options of bin/train-embedding.py
feats=                                   # folder of a features step; empty: audio
teacher=                                 # scp of a teacher's embeddings of the utterances; empty: none
cache=                                   # folder of the decoded audio, for several trainings (no stamp)
max_hours=none                           # stop before so many hours are over; run again to go on (no stamp)
cmd=run.py                               # how to start jobs, see cmd.sh
. utils/step.sh
table=${feats:-$data}/$([[ -n $feats ]] && echo feats || echo wav).scp
words=(--config="$train_config" --max-hours="$max_hours" --cache="$cache" ${teacher:+--teacher=scp:"$teacher"}
       ${feats:+--input=feats --feats-config="$feats/feats.conf"})
need "$table" "$data/utt2spk" "$train_config" ${teacher:+"$teacher"} ${feats:+"$feats/feats.conf"}
begin "$out" --out final.pt best.pt checkpoint.pt metrics.csv params.yaml loss.png \
    --in "$table" "$data/utt2spk" "$train_config" ${teacher:+"$teacher"} ${feats:+"$feats/feats.conf"}
run_jobs train train-embedding.py "${words[@]}" "scp:$table" "$data/utt2spk" "$out"
finish
