#!/usr/bin/env bash
# system.sh run|test|bench: install the system packages that are missing (Debian 12/13, Ubuntu 24.04; root or sudo).
# A machine that has them all is not touched, so this also works offline.
set -euo pipefail

declare -A package_of=(
  [kamailio]="kamailio kamailio-tls-modules kamailio-websocket-modules"
  [rtpengine]="rtpengine-daemon"
  [baresip]="baresip-core"
  [setpriv]="util-linux"
  [python3-venv]="python3-venv"
)
case "${1:-run}" in
  test) package_of+=([rsyslogd]="rsyslog rsyslog-gnutls" [softhsm2-util]="softhsm2" [postgresql]="postgresql" [sipp]="sip-tester" [tshark]="tshark" [chromium]="chromium") ;;
  bench) package_of+=([sipp]="sip-tester" [debootstrap]="debootstrap" [gcc]="gcc libc6-dev") ;;
esac

have() {
  case "$1" in
    python3-venv) python3 -c 'import ensurepip, venv' 2>/dev/null ;;
    rsyslogd) command -v rsyslogd >/dev/null && compgen -G "/usr/lib/*/rsyslog/lmnsd_gtls.so" >/dev/null ;;
    kamailio) command -v kamailio >/dev/null && compgen -G "/usr/lib/*/kamailio/modules/tls.so" >/dev/null && compgen -G "/usr/lib/*/kamailio/modules/websocket.so" >/dev/null ;;
    postgresql) compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null || command -v initdb >/dev/null ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

missing=()
for program in "${!package_of[@]}"; do have "$program" || missing+=(${package_of[$program]}); done
[ ${#missing[@]} -eq 0 ] && exit 0

sudo=""
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo=sudo; else
    echo "Missing system packages: run  sudo apt-get install ${missing[*]}" >&2
    exit 1
  fi
fi
command -v apt-get >/dev/null || { echo "Missing: ${missing[*]} (this script knows only apt-get)" >&2; exit 1; }
echo "Installing system packages: ${missing[*]} …"
# the packages' own services must not start: each practice runs its own Kamailio and rtpengine
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  printf '#!/bin/sh\nexit 101\n' | $sudo tee $policy >/dev/null
  $sudo chmod +x $policy
  trap '$sudo rm -f '$policy EXIT
fi
$sudo apt-get update -qq
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
