#!/usr/bin/env bash
# Make one window of every utterance, for steps/extract_embeddings.sh to give one embedding each.
# Usage: steps/crop_utterances.sh [options] <feats> <out>
# Reads:  <feats>/feats.scp <feats>/feats.conf
# Writes: <out>/subsegments
length_s=none   # seconds from the middle of each utterance; none: all of it
. utils/step.sh
need "$feats/feats.scp" "$feats/feats.conf"
begin "$out" --out subsegments --in "$feats/feats.scp" "$feats/feats.conf"
crop-utterances.py --length-s="$length_s" --feats-config="$feats/feats.conf" "scp:$feats/feats.scp" "$out/subsegments"
finish
