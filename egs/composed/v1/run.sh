#!/usr/bin/env bash
# Compose conversations of ten minutes and two to seven people out of single utterances, and find out who spoke when.
# Usage: ./run.sh --speech DIR [options]
speech=          # folder of speech with utterances.tsv: path, speaker, corpus, seconds
half="test"      # half of the speakers; nothing is tuned on test
num=10           # conversations
duration=600     # seconds of each, at least
seed=2           # seed of every random choice
model=small      # speaker embedding: small, which comes along, or resnet34, a download of 27 MB
nj=2             # most jobs to run at once
. "$(dirname "$0")/utils/recipe.sh"
: "${speech:?is empty. Say where the speech is: ./run.sh --speech DIR}"
x=${half}_${num}x$duration
data=data/$x seg=exp/segment/$x feats=exp/fbank_resnet34/$x emb=exp/${model}_segment/$x found=exp/${model}_overlap/$x

stage 0 "data" local/prepare.sh --speech "$speech" --half "$half" --num "$num" --duration "$duration" --seed "$seed" "$data"
stage 1 "local speakers" steps/segment_speakers.sh --nj "$nj" --cmd "$cpu_cmd" "$data" "$seg"
stage 2 "features" steps/make_fbank.sh --nj "$nj" --cmd "$cpu_cmd" --fbank-config conf/features/fbank_resnet34.conf "$data" "$feats"
stage 3 "embeddings" steps/embed_speakers.sh --nj "$nj" --cmd "$cpu_cmd" --model "$model" "$feats" "$seg" "$emb"
stage 4 "speakers" steps/cluster_speakers.sh --nj "$nj" --cmd "$cpu_cmd" --plda "$model" "$emb" "$seg" "$found"
stage 5 "turns" steps/make_overlapping_turns.sh --cmd "$cpu_cmd" "$data" "$seg" "$emb" "$found" "$found/turns"
stage 6 "score" steps/score.sh --cmd "$cpu_cmd" "$data" "$found/turns" "$found/score"
stage 6 "results" cat "$found/score/der.txt"
