#!/usr/bin/env bash
# Compose conversations out of single utterances; tune the thresholds of conf/cluster/tuned_<model>.conf on one half of the
# speakers and score the other half.
# Usage: ./run_windows.sh --speech DIR [options]
speech=              # folder of speech with utterances.tsv: path, speaker, corpus, seconds
sets="tune test"     # halves of the speakers
num=14               # conversations in each half
duration=180         # seconds of each conversation, at least
vad=silero           # speech activity: silero, webrtc, energy or oracle
model=resnet34       # speaker embedding: resnet34, campplus or ge2e
clustering=spectral  # what is scored: ahc, spectral, kmeans or meanshift
nj=2                 # most jobs to run at once
. "$(dirname "$0")/utils/recipe.sh"
: "${speech:?is empty. Say where the speech is: ./run_windows.sh --speech DIR}"
case $model in ge2e) kind=mel;; *) kind=fbank;; esac
feats=exp/${kind}_$model speech_exp=exp/vad_$vad windows=exp/windows_$vad
emb=exp/${model}_$vad found=exp/${model}_${vad}_$clustering

for x in $sets; do stage 0 "data $x" local/prepare.sh --speech "$speech" --half "$x" --num "$num" --duration "$duration" "data/$x"; done
for x in $sets; do stage 1 "speech activity $x" steps/compute_vad.sh --nj "$nj" --cmd "$cpu_cmd" --method "$vad" "data/$x" "$speech_exp/$x"; done
for x in $sets; do stage 1 "windows $x" steps/make_subsegments.sh "$speech_exp/$x" "$windows/$x"; done
for x in $sets; do stage 2 "features $x" "steps/make_$kind.sh" --nj "$nj" --cmd "$cpu_cmd" "--$kind-config" "conf/features/${kind}_$model.conf" "data/$x" "$feats/$x"; done
for x in $sets; do stage 3 "embeddings $x" steps/extract_embeddings.sh --nj "$nj" --cmd "$cpu_cmd" --model "$model" "$feats/$x" "$windows/$x" "$emb/$x"; done
for x in ahc kmeans meanshift; do stage 4 "tune $x" steps/tune_threshold.sh --cmd "$cpu_cmd" --method "$x" --max-speakers 10 data/tune "$emb/tune" "exp/tuned/${model}_$x"; done
stage 5 "speakers test" steps/cluster_embeddings.sh --nj "$nj" --cmd "$cpu_cmd" --method "$clustering" --tuned-config "conf/cluster/tuned_$model.conf" "$emb/test" "$found/test"
stage 6 "turns test" steps/make_turns.sh data/test "$found/test" "$found/test/turns"
stage 7 "score test" steps/score.sh data/test "$found/test/turns" "$found/test/score"
