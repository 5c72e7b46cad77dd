#!/bin/sh
# Make a Python environment from a hashed lock file, or leave it alone when it was made from this very lock.
#
#     sh tools/environment.sh DIRECTORY LOCK
#
# A shell script, because it runs before there is an environment to run Python code in.
set -eu

directory=$1
lock=$2

stop() {
  echo "$1" >&2
  exit 1
}

usable() {
  "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
  for candidate in ${PYTHON:-} python3.13 python3.12 python3.11 python3; do
    if usable "$candidate"; then
      echo "$candidate"
      return
    fi
  done
  stop "Python 3.11 or newer is missing: install it (Debian: apt-get install -y python3 python3-venv) or name one, make PYTHON=/path/to/python3.11"
}

python=$(find_python)
"$python" -c 'import ensurepip, venv' >/dev/null 2>&1 ||
  stop "The venv module of $python is missing: install it (Debian: apt-get install -y python3-venv)"

# Which Python and which lock the environment was made from, one line each; absent while it is being made.
stamp=$directory/.made-from
interpreter=$("$python" -c 'import sys; print(sys.base_prefix, sys.version.split()[0])')
locked=$(sha256sum "$lock" | cut -d' ' -f1)
made_from=$(cat "$stamp" 2>/dev/null || true)
if [ "$made_from" = "$interpreter
$locked" ]; then
  exit 0
fi

echo "Making $directory from $lock ($(grep -c == "$lock" || true) packages, about a minute) ..."
# One made of the same Python only lacks what the lock got since, and others may be using it; half of one is not worth mending.
if [ "${made_from%%
*}" != "$interpreter" ]; then
  "$python" -m venv --clear "$directory"
fi
rm -f "$stamp"
# A lock names everything; pip itself fails to see that a package with extras is the one that is pinned.
"$directory/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement "$lock" ||
  stop "The packages of $lock could not be installed: is a Python package index reachable (pip config list)?"
printf '%s\n%s\n' "$interpreter" "$locked" >"$stamp"
echo "Made $directory."
