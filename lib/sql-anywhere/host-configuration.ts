import * as path from 'node:path';

/** The package brings them; test/package looks that it does. */
const SCRIPTS = path.join(__dirname, '..', '..', 'host');

/** The scripts of the hosts that this package makes; those of remotes come by the document that sets remotes up. */
const NAMES = [
  'await-pair.sh',
  'back-up.sh',
  'bootstrap-arbiter.sh',
  'bootstrap-host.sh',
  'bootstrap-partner.sh',
  'bootstrap-single.sh',
  'database-birth.sh',
  'fail-over.sh',
  'local-server.sh',
  'mirror-status.sh',
  'pair-configuration.sh',
  'tell-failover.sh',
  'watch-host.sh',
];

export function hostScripts(): { readonly name: string; readonly file: string }[] {
  return NAMES.map((name) => ({ name, file: path.join(SCRIPTS, name) }));
}

/** Ends the files inside the user data; no line of them may be this one. */
const END = 'MOBILINK_HA_END';

export interface HostFiles {
  /** Settings of `pair.conf`, by key; empty ones are left out. Values may be tokens. */
  readonly configuration: { readonly [key: string]: string };
  readonly sql: string;
  /** Where each script lies. */
  readonly scripts: readonly { readonly name: string; readonly url: string }[];
  readonly region: string;
}

/**
 * What runs when a host boots for the first time: it writes what is known at synth, fetches the scripts, and starts the bootstrap.
 * The scripts are assets, each under the hash of its content, so a host gets those of its own launch template whenever it boots.
 */
export function userDataOf(files: HostFiles): string {
  const settings = Object.entries(files.configuration)
    .filter(([, value]) => value !== '')
    .map(([key, value]) => `${key}=${value}`);
  const lines = [
    '#!/bin/bash',
    'set -euo pipefail',
    'umask 022',
    `export AWS_DEFAULT_REGION=${files.region}`,
    'mkdir -p /etc/mobilink-ha /opt/mobilink-ha',
    `cat >/etc/mobilink-ha/pair.conf <<'${END}'`,
    ...settings,
    END,
    `cat >/etc/mobilink-ha/pair.sql <<'${END}'`,
    files.sql.trimEnd(),
    END,
    // A role can be a few seconds younger than what it allows.
    'fetch() {',
    '  until aws s3 cp --only-show-errors "$1" "/opt/mobilink-ha/$2"; do sleep 5; done',
    '}',
    ...files.scripts.map(({ name, url }) => `fetch '${url}' ${name}`),
    // Secrets Manager, Systems Manager or S3 may be away for a while, above all when a zone is lost.
    'until /bin/bash /opt/mobilink-ha/bootstrap-host.sh; do sleep 30; done',
  ];
  return lines.join('\n');
}
