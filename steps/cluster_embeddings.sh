#!/usr/bin/env bash
# Group the vectors of each recording into speakers.
# Usage: steps/cluster_embeddings.sh [options] <emb> <out>
# Reads:  <emb>/emb.scp <emb>/subsegments
# Writes: <out>/labels.scp <out>/labels <out>/subsegments
nj=4             # most jobs to run at once
cmd=run.py       # how to start jobs, see cmd.sh
method=ahc       # ahc, spectral, kmeans, meanshift or vbx: takes conf/cluster/<method>.conf
cluster_config=  # options of bin/cluster-embeddings.py instead of conf/cluster/<method>.conf
tuned_config=    # what bin/tune-threshold.py wrote; wins over cluster_config
num_speakers=    # exactly this many in every recording
min_speakers=    # at least this many
max_speakers=    # at most this many
reco2num_spk=    # file `<reco> <speakers>`: exactly this many in each recording
sure=0.0         # shorter pieces found no speaker, seconds
. utils/step.sh
config=${cluster_config:-conf/cluster/$method.conf}
need "$emb/emb.scp" "$emb/subsegments" "$config" ${tuned_config:+"$tuned_config"} ${reco2num_spk:+"$reco2num_spk"}
begin "$out" --out labels.scp labels subsegments \
  --in "$emb/emb.scp" "$emb/subsegments" "$config" ${tuned_config:+"$tuned_config"} ${reco2num_spk:+"$reco2num_spk"}
split_data "$emb/emb.scp" --known "$emb/subsegments"
run_jobs cluster cluster-embeddings.py --config="$config" ${tuned_config:+--config="$tuned_config"} \
  --num-speakers="$num_speakers" --min-speakers="$min_speakers" --max-speakers="$max_speakers" \
  --reco2num-spk="$reco2num_spk" --sure-s="$sure" --pieces="$sdata/subsegments" \
  "scp:$sdata/emb.scp" "ark,scp:$parts/labels.$part.ark,$parts/labels.$part.scp"
collect labels.scp --keys "$emb/emb.scp"
cp "$emb/subsegments" "$out/subsegments"
labels-to-text.py scp:"$out/labels.scp" "$out/subsegments" "$out/labels"
finish
