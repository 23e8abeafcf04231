#!/usr/bin/env bash
# Find out which local speakers of overlapping windows are the same person.
# Usage: steps/cluster_speakers.sh [options] <emb> <seg> <out>
# Reads:  <emb>/emb.scp <emb>/windows.scp <seg>/seg.scp <seg>/seg.conf
# Writes: <out>/labels.scp <out>/evidence.scp <out>/shares.scp, and <out>/speakers.tsv: how many there are, and why
cluster_config=conf/cluster/speakers.conf   # options of bin/cluster-speakers.py
plda=                                       # what belongs to the embeddings, small, resnet34 or a folder; that of the options when empty
num_speakers=                               # exactly this many in every recording
min_speakers=                               # at least this many
max_speakers=                               # at most this many
reco2num_spk=                               # file `<reco> <speakers>`: exactly this many in each recording
nj=4                                        # most jobs to run at once
cmd=run.py                                  # how to start jobs, see cmd.sh
. utils/step.sh
need "$emb/emb.scp" "$emb/windows.scp" "$seg/seg.scp" "$seg/seg.conf" "$cluster_config" ${reco2num_spk:+"$reco2num_spk"}
begin "$out" --out labels.scp evidence.scp shares.scp speakers.tsv \
    --in "$emb/emb.scp" "$emb/windows.scp" "$seg/seg.scp" "$seg/seg.conf" "$cluster_config" ${reco2num_spk:+"$reco2num_spk"}
split_data "$emb/emb.scp" "$emb/windows.scp" "$seg/seg.scp"
run_jobs cluster_speakers cluster-speakers.py --config="$cluster_config" ${plda:+--plda="$plda"} --seg-config="$seg/seg.conf" \
    --num-speakers="$num_speakers" --min-speakers="$min_speakers" --max-speakers="$max_speakers" \
    --reco2num-spk="$reco2num_spk" --windows="scp:$sdata/windows.scp" \
    --shares="ark,scp:$parts/shares.$part.ark,$parts/shares.$part.scp" "scp:$sdata/emb.scp" "scp:$sdata/seg.scp" \
    "ark,scp:$parts/labels.$part.ark,$parts/labels.$part.scp" "ark,scp:$parts/evidence.$part.ark,$parts/evidence.$part.scp"
collect labels.scp --keys "$emb/emb.scp"
collect evidence.scp --keys "$emb/emb.scp"
collect shares.scp --keys "$emb/emb.scp"
report-speakers.py --config="$cluster_config" --num-speakers="$num_speakers" --min-speakers="$min_speakers" \
    --max-speakers="$max_speakers" --reco2num-spk="$reco2num_spk" "scp:$out/evidence.scp" "$out/speakers.tsv"
finish
