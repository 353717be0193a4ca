# Source this file: `. ./env.sh`. Then `pulumi preview --stack lab`, `piston status lab` just work.
# For a site of your own: source it, unset PISTON_LAB, set PULUMI_BACKEND_URL and the passphrase.
# shellcheck shell=bash
PISTON_HOME=$(cd "$(dirname "${BASH_SOURCE[0]:-$0}")" && pwd)
export PISTON_HOME
export PATH="$PISTON_HOME/bin:$PISTON_HOME/.venv/bin:$PATH"
export PISTON_LAB_DIR=${PISTON_LAB_DIR:-/var/lib/piston-lab}
export PISTON_LAB=1
export PISTON_TIMELINE=${PISTON_TIMELINE:-$PISTON_LAB_DIR/timeline.jsonl}
export PULUMI_BACKEND_URL="file://$PISTON_LAB_DIR/pulumi"
export PULUMI_CONFIG_PASSPHRASE_FILE="$PISTON_HOME/stacks/lab.passphrase"
# Measured: the engine's defaults are 8 operations at once on two cores, and one failed resource keeps the
# rest from starting.
export PULUMI_PARALLEL=256
export PULUMI_CONTINUE_ON_ERROR=true
export PULUMI_SKIP_UPDATE_CHECK=true
# pulumi-openstack is for tenants/; this project needs no plugin but its own, so none is searched for.
export PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true
# The file backend rewrites the whole state at each step, which is quadratic. Without checkpoints the state
# is written once, at the end; after kill -9 `up` adopts what it finds (docs/decisions/0008).
export PULUMI_EXPERIMENTAL=true
export PULUMI_SKIP_CHECKPOINTS=true
