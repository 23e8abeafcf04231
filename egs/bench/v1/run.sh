#!/usr/bin/env bash
# Compose conversations under many conditions and compare the pipelines on each: one table, one picture.
# Usage: ./run.sh --speech DIR [options]
speech=          # folder of speech with utterances.tsv: path, speaker, corpus, seconds
half=tune        # half of the speakers; tune on tune alone, and score test with released configurations only
seed=1           # seed of every random choice
model=small      # speaker embedding of the default pipeline
clustering=spectral   # of the sliding windows
windows_model=resnet34   # speaker embedding of the sliding windows
nj=2             # most jobs to run at once
. "$(dirname "$0")/utils/recipe.sh"
: "${speech:?is empty. Say where the speech is: ./run.sh --speech DIR}"
data=data/$half found=exp/${model}_overlap/$half
vad=exp/vad_silero/$half windows=exp/windows_silero/$half feats=exp/fbank_$windows_model/$half emb=exp/${windows_model}_silero/$half
other=exp/${windows_model}_silero_$clustering/$half

stage 0 "data" local/prepare.sh --speech "$speech" --half "$half" --seed "$seed" "$data"
stage 1 "default" steps/diarize.sh --nj "$nj" --cmd "$cpu_cmd" --model "$model" "$data" "$found"
stage 2 "speech activity" steps/compute_vad.sh --nj "$nj" --cmd "$cpu_cmd" --method silero "$data" "$vad"
stage 2 "windows" steps/make_subsegments.sh "$vad" "$windows"
stage 3 "features" steps/make_fbank.sh --nj "$nj" --cmd "$cpu_cmd" --fbank-config "conf/features/fbank_$windows_model.conf" "$data" "$feats"
stage 4 "embeddings" steps/extract_embeddings.sh --nj "$nj" --cmd "$cpu_cmd" --model "$windows_model" "$feats" "$windows" "$emb"
stage 5 "speakers" steps/cluster_embeddings.sh --nj "$nj" --cmd "$cpu_cmd" --method "$clustering" --tuned-config "conf/cluster/tuned_$windows_model.conf" "$emb" "$other"
stage 6 "turns" steps/make_turns.sh "$data" "$other" "$other/turns"
stage 7 "score default" steps/score.sh --cmd "$cpu_cmd" "$data" "$found" "$found/score"
stage 7 "score windows" steps/score.sh --cmd "$cpu_cmd" "$data" "$other/turns" "$other/score"
stage 8 "table" steps/compare_conditions.sh --systems "default=$found/score/der.tsv,windows=$other/score/der.tsv" "$data" "exp/bench/$half"
stage 8 "results" cat "exp/bench/$half/bench.md"
