#!/bin/bash
#SBATCH --job-name=loss-oracle-sweep --requeue
#SBATCH --array=1-64 --cpus-per-task=2 --time=00:30:00
# sbatch tools/cluster/slurm-array.sh softplus --implementation practical, in a folder that all nodes
# share, with loss-oracle on the PATH; when all are done: loss-oracle merge shard-*.json --output all.json
set -eu
file="shard-$SLURM_ARRAY_TASK_ID.json"
exec loss-oracle sweep "$@" --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" \
  --threads "${SLURM_CPUS_PER_TASK:-1}" --resume "$file" --output "$file"
