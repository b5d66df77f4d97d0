#!/usr/bin/env bash
# asterisk.sh prepare DIR | start DIR: Asterisk 22 from Debian sid in a directory of its own (root; about four minutes the first time),
# set up for one thing: a call from 127.0.1.1 to number 1000 is sent on to 127.0.1.2:5070, media through Asterisk.
set -euo pipefail
dir=${2:?}
case "$1" in
  prepare)
    [ -x "$dir/usr/sbin/asterisk" ] && exit 0
    [ -d "$dir/usr" ] || debootstrap --variant=minbase sid "$dir" >/dev/null
    chroot "$dir" sh -c 'o="-o Acquire::Check-Valid-Until=false"; apt-get $o update -qq && DEBIAN_FRONTEND=noninteractive apt-get $o install -y -qq --no-install-recommends asterisk' >/dev/null 2>&1
    ;;
  start)
    etc=$dir/bench/etc
    rm -rf "$dir/bench" && mkdir -p "$etc" "$dir/bench/"{var,run,log}
    cat >"$etc/asterisk.conf" <<'END'
[directories]
astetcdir => /bench/etc
astvarlibdir => /bench/var
astdbdir => /bench/var
astkeydir => /bench/var
astrundir => /bench/run
astlogdir => /bench/log
astspooldir => /bench/var
astdatadir => /usr/share/asterisk
astmoddir => /usr/lib/x86_64-linux-gnu/asterisk/modules
[options]
maxfiles = 20000
END
    printf '[modules]\nautoload=no\n' >"$etc/modules.conf"
    for module in res_pjproject res_timing_timerfd res_sorcery_config res_sorcery_memory res_sorcery_astdb res_pjsip res_pjsip_session \
      res_pjsip_pubsub res_pjsip_sdp_rtp res_pjsip_caller_id res_pjsip_nat res_pjsip_endpoint_identifier_ip res_pjsip_rfc3326 res_rtp_asterisk \
      chan_pjsip bridge_simple bridge_native_rtp codec_ulaw app_dial pbx_config; do echo "load=$module.so" >>"$etc/modules.conf"; done
    cat >"$etc/pjsip.conf" <<'END'
[system]
type=system
threadpool_initial_size=4
threadpool_max_size=50
[udp]
type=transport
protocol=udp
bind=127.0.0.1:5160
[party](!)
type=endpoint
context=calls
disallow=all
allow=ulaw
direct_media=no
timers=no
100rel=no
send_connected_line=no
[uac](party)
transport=udp
[uac]
type=identify
endpoint=uac
match=127.0.1.1
[uas](party)
transport=udp
[uas]
type=identify
endpoint=uas
match=127.0.1.2
END
    printf '[calls]\nexten => +12025550100,1,Dial(PJSIP/uas/sip:1000@127.0.1.2:5070,30)\n' >"$etc/extensions.conf"
    printf '[general]\nrtpstart=40000\nrtpend=59999\n' >"$etc/rtp.conf"
    printf '[logfiles]\nmessages => error\n' >"$etc/logger.conf"
    cp -r "$dir/usr/share/asterisk/documentation" "$dir/bench/var/" 2>/dev/null || true
    ulimit -n 20000
    exec chroot "$dir" /usr/sbin/asterisk -f -C /bench/etc/asterisk.conf >"$dir/bench/out" 2>&1
    ;;
esac
