#!/bin/bash
# Makes this machine a host of a mirrored SQL Anywhere pair, or that of a single server, or finds that it is one already. Started at the first boot by the user
# data, at each later one by its own unit, and by a person. Safe to run again after a stop at any line.
# shellcheck disable=SC2154,SC2034,SC2153 # settings come from, and go to, the files that are sourced
# shellcheck disable=SC2015 # what stands behind || ends the script
# shellcheck source=/dev/null
. "${0%/*}/pair-configuration.sh"
# shellcheck source=/dev/null
. "${0%/*}/local-server.sh"

WAIT_FOR_VOLUMES=${WAIT_FOR_VOLUMES:-300}

metadata() {
  local token
  token=$(curl -sf --max-time 5 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 300' http://169.254.169.254/latest/api/token) || return 1
  curl -sf --max-time 5 -H "X-aws-ec2-metadata-token: $token" "http://169.254.169.254/latest/meta-data/$1"
}

prepare_folders() {
  if ! id -u -- "$conf_OS_USER" >/dev/null 2>&1; then
    useradd --system --home-dir "$ROOT/var/lib/mobilink-ha" --shell /usr/sbin/nologin "$conf_OS_USER" || die "user $conf_OS_USER cannot be made"
  fi
  (umask 022 && mkdir -p -- "$DATA" "$STATE" "$LOGS" "$RUN" "$UNITS") || die 'folders cannot be made'
  chmod 0700 -- "$RUN" "$LOGS"
  own "$RUN" "$LOGS"
}

# volume ID LETTER FOLDER: attaches, formats if there is nothing on it, and mounts.
volume() {
  local id=$1 device state attached kind
  device=$ROOT/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${id/-/}
  if mountpoint -q "$3"; then return; fi
  SECONDS=0
  while [[ ! -e $device ]]; do
    # The host before this one may still be ending.
    read -r state attached < <(aws ec2 describe-volumes --volume-ids "$id" --query 'Volumes[0].[State,Attachments[0].InstanceId]' --output text)
    case ${state:-unknown}:${attached:-None} in
      available:*)
        say "attaching $id"
        aws ec2 attach-volume --volume-id "$id" --instance-id "$instance" --device "/dev/sd$2" >/dev/null || say "$id could not be attached yet"
        ;;
      in-use:"$instance") ;;
      *) say "$id is $state at ${attached:-nobody}" ;;
    esac
    if ((SECONDS > WAIT_FOR_VOLUMES)); then die "$id: not attached after $WAIT_FOR_VOLUMES seconds"; fi
    sleep "${PAUSE:-5}"
  done
  kind=$(blkid -p -s TYPE -o value "$device")
  case $? in
    0) ;;
    # Nothing is on it: the one case in which it is formatted.
    2)
      say "formatting $id"
      mkfs.xfs -q "$device" || die "$id: cannot be formatted"
      kind=xfs
      ;;
    *) die "$id: nobody can tell what is on it" ;;
  esac
  if [[ $kind != xfs ]]; then die "$id: holds $kind, not xfs; nothing was touched"; fi
  mount -t xfs -o nodev,nosuid "$device" "$3" || die "$id: cannot be mounted"
  xfs_growfs "$3" >/dev/null || say "$id: the file system could not be enlarged"
}

renew_record() {
  local address
  address=$(metadata local-ipv4) || die 'the metadata of the instance do not answer'
  printf '{"Changes":[{"Action":"UPSERT","ResourceRecordSet":{"Name":"%s","Type":"A","TTL":30,"ResourceRecords":[{"Value":"%s"}]}}]}\n' \
    "$conf_RECORD" "$address" >"$RUN/record-$$.json"
  aws route53 change-resource-record-sets --hosted-zone-id "$conf_ZONE_ID" --change-batch "file://$RUN/record-$$.json" >/dev/null ||
    die "$conf_RECORD: cannot be renewed"
}

# Downloads are stamped by the clock of the consolidated database: a partner whose clock is behind would lose rows.
keep_time() {
  timedatectl set-timezone UTC || die 'the time zone cannot be set'
  systemctl enable --now chronyd.service || die 'chronyd cannot be started'
}

send_logs() {
  if ! command -v amazon-cloudwatch-agent-ctl >/dev/null; then
    dnf install -y -q amazon-cloudwatch-agent || {
      say 'the CloudWatch agent cannot be installed: logs stay on this host'
      return
    }
  fi
  printf '{"logs":{"logs_collected":{"files":{"collect_list":[{"file_path":"%s/*.log","log_group_name":"%s","log_stream_name":"%s/{instance_id}"}]}}}}\n' \
    "$LOGS" "$conf_LOG_GROUP" "$conf_ROLE" >"$ROOT/etc/mobilink-ha/cloudwatch-agent.json"
  amazon-cloudwatch-agent-ctl -a fetch-config -m ec2 -s -c "file:$ROOT/etc/mobilink-ha/cloudwatch-agent.json" >/dev/null ||
    say 'the CloudWatch agent cannot be started: logs stay on this host'
}

install_software() {
  local work
  if [[ -x $SQLANY_HOME/bin64/dbsrv17 ]]; then return; fi
  if [[ -z $conf_INSTALLER ]]; then die "$conf_SQLANY_HOME: the machine image holds no SQL Anywhere, and no installer was given"; fi
  work=$(mktemp -d "$ROOT/var/lib/mobilink-ha/installer.XXXXXX") || die 'no room for the installer'
  say "installing $conf_INSTALLER"
  aws s3 cp --only-show-errors "$conf_INSTALLER" "$work/installer.tar.gz" || die "$conf_INSTALLER: cannot be read"
  tar -xzf "$work/installer.tar.gz" -C "$work" || die "$conf_INSTALLER: is no .tar.gz"
  if [[ ! -x $work/setup ]]; then die "$conf_INSTALLER: has no setup at its top"; fi
  # Into another folder first: half an installation would look like a whole one.
  rm -rf -- "$SQLANY_HOME.new"
  (cd "$work" && ./setup -ss -I_accept_the_license_agreement -sqlany-dir "$SQLANY_HOME" -type CREATE >"$LOGS/setup.log" 2>&1) ||
    die "$conf_INSTALLER: setup failed, see $LOGS/setup.log"
  rm -rf -- "$work"
  if [[ ! -x $SQLANY_HOME/bin64/dbsrv17 ]]; then die "$conf_INSTALLER: setup left no dbsrv17 in $conf_SQLANY_HOME"; fi
}

# Of scripts that were killed: their secrets.
remove_leftovers() {
  local file owner
  for file in "$RUN"/*-*.*; do
    owner=${file##*-}
    owner=${owner%%.*}
    if [[ $owner =~ ^[0-9]+$ ]] && ! kill -0 "$owner" 2>/dev/null; then rm -f -- "$file"; fi
  done
}

# unit NAME: from standard input; tells systemd only if it is new.
unit() {
  local text
  text=$(cat)
  if [[ -f $UNITS/$1 && $(<"$UNITS/$1") == "$text" ]]; then return; fi
  (umask 022 && printf '%s\n' "$text" >"$UNITS/$1.new" && mv -f -- "$UNITS/$1.new" "$UNITS/$1") || die "$1: cannot be written"
  units_changed=yes
}

timer() {
  unit "$1.service" <<END
[Unit]
Description=$2
[Service]
Type=oneshot
ExecStart=/bin/bash $SCRIPTS/$3
END
  unit "$1.timer" <<END
[Unit]
Description=$2
[Timer]
OnCalendar=$4
AccuracySec=1s
[Install]
WantedBy=timers.target
END
}

write_units() {
  units_changed=''
  # The database is started by the bootstrap alone, which has mounted its volumes before.
  unit mobilink-ha-database.service <<END
[Unit]
Description=SQL Anywhere server $conf_SERVER
After=network-online.target
[Service]
User=$conf_OS_USER
Environment=LD_LIBRARY_PATH=$SQLANY_HOME/lib64
Environment=SATMP=$RUN
ExecStart=$SQLANY_HOME/bin64/dbsrv17 @$RUN/dbsrv.args
Restart=always
RestartSec=5
TimeoutStopSec=300
END
  unit mobilink-ha-bootstrap.service <<END
[Unit]
Description=Host of SQL Anywhere
After=network-online.target
Wants=network-online.target
[Service]
Type=oneshot
RemainAfterExit=yes
Restart=on-failure
RestartSec=30
TimeoutStartSec=infinity
ExecStart=/bin/bash $SCRIPTS/bootstrap-host.sh
[Install]
WantedBy=multi-user.target
END
  timer mobilink-ha-watch 'Disk, logs and clock of this host' watch-host.sh '*:*:00'
  if [[ $conf_ROLE != arbiter ]]; then
    timer mobilink-ha-back-up 'Backup of the database, by the primary' back-up.sh "*-*-* $(printf %02d "$conf_BACKUP_HOUR"):17:00 UTC"
  fi
  if [[ -n $units_changed ]]; then systemctl daemon-reload || die 'systemd does not read its units'; fi
  systemctl enable mobilink-ha-bootstrap.service >/dev/null 2>&1 || die 'the bootstrap cannot be enabled'
}

start_timers() {
  systemctl enable --now mobilink-ha-watch.timer || say 'the watch cannot be started'
  if [[ $conf_ROLE != arbiter ]]; then systemctl enable --now mobilink-ha-back-up.timer || say 'backups cannot be scheduled'; fi
}

read_pair_configuration
prepare_folders
exec 2> >(tee -a "$LOGS/bootstrap.log" >&2)
exec 9>>"$RUN/bootstrap.lock"
if ! flock -n 9; then die 'another bootstrap is under way on this host'; fi
say "bootstrap of $conf_SERVER begins"
remove_leftovers
# Before anything that can take long: a host that is rebooted meanwhile goes on by its unit.
write_units
instance=$(metadata instance-id) || die 'the metadata of the instance do not answer'

if [[ $conf_ROLE != single ]]; then
  volume "$conf_STATE_VOLUME" f "$STATE"
  own "$STATE"
fi
if [[ $conf_ROLE != arbiter ]]; then
  volume "$conf_DATA_VOLUME" g "$DATA"
  own "$DATA"
fi
renew_record
keep_time
send_logs
install_software
case $conf_ROLE in
  arbiter) part=arbiter ;;
  single) part=single ;;
  *) part=partner ;;
esac
# shellcheck source=/dev/null
. "$SCRIPTS/bootstrap-$part.sh"
start_timers
# Outside of the creation of the stack nobody waits for it.
aws cloudformation signal-resource --stack-name "$conf_STACK" --logical-resource-id "$conf_LOGICAL_ID" --unique-id "$instance" --status SUCCESS 2>/dev/null ||
  say 'nobody waits for the signal'
say "$conf_SERVER is in its role"
