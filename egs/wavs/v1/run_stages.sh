#!/usr/bin/env bash
# The same as run.sh, stage by stage: every intermediate is left as ark and scp files that Kaldi can read.
# Usage: ./run_stages.sh --audio DIR [options]
audio=           # folder of recordings, at any depth, in any format: audio or film
rttm=            # references, where there are any: an RTTM file or a folder; X.rttm beside X.wav when empty
ref=             # references in another format: TextGrid, eaf, csv, stm, cha and others, a file or a folder
name=wavs        # name of this set of recordings, in data/ and exp/
model=small      # speaker embedding: small, which comes along, or resnet34, a download of 27 MB
num_speakers=    # exactly this many speakers in each recording
min_speakers=    # at least this many
max_speakers=    # at most this many
nj=2             # most jobs to run at once
threads=1        # processor threads of a job; 2 for a single long recording on two processors
. "$(dirname "$0")/utils/recipe.sh"
[ "$stage" != 0 ] || : "${audio:?is empty. Say where your recordings are: ./run_stages.sh --audio DIR}"
data=data/$name seg=exp/segment/$name feats=exp/fbank_resnet34/$name emb=exp/${model}_segment/$name found=exp/${model}_stages/$name

stage 0 "data" local/prepare.sh --audio "$audio" --rttm "$rttm" --ref "$ref" "$data"
stage 1 "local speakers" steps/segment_speakers.sh --nj "$nj" --cmd "$cpu_cmd" --threads "$threads" "$data" "$seg"
stage 2 "features" steps/make_fbank.sh --nj "$nj" --cmd "$cpu_cmd" --fbank-config conf/features/fbank_resnet34.conf "$data" "$feats"
stage 3 "embeddings" steps/embed_speakers.sh --nj "$nj" --cmd "$cpu_cmd" --threads "$threads" --model "$model" "$feats" "$seg" "$emb"
stage 4 "speakers" steps/cluster_speakers.sh --nj "$nj" --cmd "$cpu_cmd" --plda "$model" --num-speakers "$num_speakers" --min-speakers "$min_speakers" \
  --max-speakers "$max_speakers" "$emb" "$seg" "$found"
stage 5 "turns" steps/make_overlapping_turns.sh --cmd "$cpu_cmd" "$data" "$seg" "$emb" "$found" "$found/turns"
[ ! -e "$data/ref.rttm" ] || stage 6 "score" steps/score.sh --cmd "$cpu_cmd" "$data" "$found/turns" "$found/score"
stage 7 "results in $found/results" steps/export_turns.sh --nj "$nj" --cmd "$cpu_cmd" "$data" "$found/turns" "$found/results"
stage 8 "pages: $found/results/html/index.html" steps/make_panel.sh --nj "$nj" --cmd "$cpu_cmd" "$data" "$found/turns" "$found/results/html"
