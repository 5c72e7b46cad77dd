#!/bin/sh
# Run a playbook on an environment: `sh tools/play.sh ENV PLAYBOOK [ARGUMENT...]`. On `local` the local cloud answers for Google.
set -eu

environment=$1
playbook=$2
shift 2

if [ ! -d "inventories/$environment/group_vars" ]; then
  known=$(find inventories -mindepth 2 -maxdepth 2 -name group_vars | cut -d/ -f2 | sort | tr '\n' ' ')
  echo "ENV=$environment: there is no inventories/$environment; there are: $known" >&2
  exit 2
fi

if [ "$environment" = local ]; then
  # What a cluster needs is fetched or built meanwhile; the cluster says in its status what it waits for.
  mkdir -p .build
  nohup python -m tools.toolchain .build/bin local_cloud >.build/toolchain.log 2>&1 &
  # A cloud that is started here asks for every permission, as Google does; one that runs keeps its settings.
  python -m local_cloud status >/dev/null 2>&1 || python -m local_cloud up --iam enforce
  exports=$(python -m local_cloud env)
  eval "$exports"
fi

exec ansible-playbook "$playbook" -i "inventories/$environment" "$@"
