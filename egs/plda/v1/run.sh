#!/usr/bin/env bash
# Train the PLDA of an embedding model, from half of the speakers of a folder of speech, and measure it on the others.
# Usage: ./run.sh --speech DIR [options]
speech=            # folder of speech with utterances.tsv: path, speaker, corpus, seconds
corpora=alphanumeric_duke,commonvoice_fr_127,cv_twi,dspspeech20,fsdd,hindi_3spk,librispeech_train_clean_5,malayalam_msc,resemblyzer_audio,speechocean762,swahili_1spk,vctk_autovc4,vietnamese_gmm,voxceleb_sample102   # corpora to use, with commas
model=resnet34     # speaker embedding: resnet34, campplus or ge2e
nj=2               # most jobs to run at once
. "$(dirname "$0")/utils/recipe.sh"
: "${speech:?is empty. Say where the speech is: ./run.sh --speech DIR}"
case $model in ge2e) kind=mel;; *) kind=fbank;; esac
feats=exp/${kind}_$model emb=exp/$model

for x in tune test; do stage 0 "crops $x" local/prepare.sh --speech "$speech" --half "$x" --corpora "$corpora" --crop-config "conf/crops_$x.conf" "data/$x"; done

for x in tune test; do stage 1 "features $x" "steps/make_$kind.sh" --nj "$nj" --cmd "$cpu_cmd" "--$kind-config" "conf/features/${kind}_$model.conf" "data/$x" "$feats/$x"; done

for x in tune test; do stage 2 "embeddings $x" steps/extract_embeddings.sh --nj "$nj" --cmd "$cpu_cmd" --model "$model" "$feats/$x" "data/$x" "$emb/$x"; done

stage 3 "plda" steps/train_plda.sh data/tune "$emb/tune" "exp/plda_$model"

stage 4 "equal error rate" local/score_pairs.py "scp:$emb/test/emb.scp" data/test/utt2spk "exp/plda_$model"
