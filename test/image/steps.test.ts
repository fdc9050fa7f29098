import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import * as path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

const { uid, gid } = userInfo();
const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----';

/** Stands in for SAP's setup: notes what it was told and installs two programs, or what the test wants. */
const SETUP = `#!/bin/sh
printf '%s\\n' "$@" > "\${0%/*}/told"
for word in "$@"; do last=$word; done
mkdir -p "$last/bin64"
for program in mlsrv17 mlstop; do printf '#!/bin/sh\\n' > "$last/bin64/$program"; chmod 777 "$last/bin64/$program"; done
cp "\${0%/*}/told" "$last/told"
`;

function temporary(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'mobilink image '));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function write(folder: string, files: Readonly<Record<string, string>>): string {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
    if (content.startsWith('#!')) chmodSync(file, 0o755);
  }
  return folder;
}

/** As docker runs it: the folder can only be read. */
function step(name: string, words: string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync('bash', [`image/steps/${name}.sh`, ...words], {
    env: { PATH: process.env.PATH ?? '', OWNER: `${uid}:${gid}`, TMPDIR: temporary(), ...env },
    encoding: 'utf8',
  });
  return { code: status, output: stdout + stderr };
}

function install(installer: string, env: Record<string, string> = {}) {
  const target = path.join(temporary(), 'opt', 'sqlanywhere17');
  return { target, ...step('install-sql-anywhere', [installer, target, '17'], { LICENCE_FILE: '/nowhere', ...env }) };
}

/** An archive as SAP's: with one folder at its top. */
function archive(files: Readonly<Record<string, string>>, name = 'sqla17.tar.gz'): string {
  const folder = temporary();
  const content = write(path.join(folder, 'content'), files);
  mkdirSync(path.join(folder, 'installer'));
  execFileSync('tar', ['-czf', path.join(folder, 'installer', name), '-C', content, '.']);
  return path.join(folder, 'installer');
}

describe('SQL Anywhere is installed', () => {
  it.each<[string, () => string]>([
    ['the archive of SAP', () => archive({ 'sqlany17/setup': SETUP })],
    ['an archive without a folder at its top, called .TGZ', () => archive({ setup: SETUP }, 'SQLA.TGZ')],
    ['what is unpacked', () => write(temporary(), { setup: SETUP })],
    ['what is unpacked in its folder', () => write(temporary(), { 'sqlany17/setup': SETUP })],
    [
      'the archive of an installed tree',
      () => archive({ 'sqlanywhere17/bin64/mlsrv17': '#!/bin/sh', 'sqlanywhere17/bin64/mlstop': '#!/bin/sh' }),
    ],
    ['an installed tree', () => write(temporary(), { 'bin64/mlsrv17': '#!/bin/sh', 'bin64/mlstop': '#!/bin/sh' })],
    [
      'an installed tree in its folder',
      () =>
        write(temporary(), { 'sqlanywhere17/bin64/mlsrv17': '#!/bin/sh', 'sqlanywhere17/bin64/mlstop': '#!/bin/sh' }),
    ],
  ])('from %s', (_, make) => {
    const installer = make();
    const before = readdirSync(installer, { recursive: true });
    const { code, output, target } = install(installer);
    expect(output).toBe('');
    expect(code).toBe(0);
    for (const program of ['mlsrv17', 'mlstop']) {
      expect(statSync(path.join(target, 'bin64', program)).mode & 0o777, program).toBe(0o755);
    }
    // The mounted folder is as it was: docker mounts it for reading.
    expect(readdirSync(installer, { recursive: true })).toEqual(before);
  });

  it('with the key from the secret, freed of what editors add', () => {
    const licence = path.join(temporary(), 'licence');
    writeFileSync(licence, ' ABCD-1234\t\r\n');
    const { target } = install(archive({ 'sqlany17/setup': SETUP }), { LICENCE_FILE: licence });
    expect(readFileSync(path.join(target, 'told'), 'utf8').split('\n')).toEqual([
      '-ss',
      '-I_accept_the_license_agreement',
      '-type',
      'CREATE',
      '-regkey',
      'ABCD-1234',
      '-sqlany-dir',
      target,
      '',
    ]);
  });

  it('without a key where none is given', () => {
    const { target } = install(archive({ setup: SETUP }));
    expect(readFileSync(path.join(target, 'told'), 'utf8')).not.toContain('-regkey');
  });

  it.each<[string, () => string, string]>([
    ['setup fails', () => archive({ setup: '#!/bin/sh\necho no room left\nexit 3' }), 'no room left\n'],
    [
      'setup installs nothing and says well done',
      () => archive({ setup: '#!/bin/sh\necho bad key' }),
      'nothing installed',
    ],
    ['the archive is of something else', () => archive({ 'readme.txt': 'hello' }), 'neither setup nor bin64/mlsrv17'],
    ['there are two archives', () => write(archive({ setup: SETUP }), { 'b.tgz': '' }), 'one archive'],
    ['the archive is none', () => write(temporary(), { 'a.tgz': 'page' }), 'a.tgz cannot be unpacked'],
    ['the tree holds the wrong server', () => write(temporary(), { 'bin64/mlsrv17': '#!/bin/sh' }), 'bin64/mlstop'],
    ['only a hook is called setup', () => write(temporary(), { 'hooks/setup': SETUP }), 'one archive'],
  ])('and else it says why: %s', (_, make, message) => {
    const { code, output } = install(make());
    expect(output).toContain(message);
    expect(code).toBe(1);
  });

  it('leaves nothing behind in the temporary folder', () => {
    const TMPDIR = temporary();
    install(archive({ setup: SETUP }), { TMPDIR });
    expect(readdirSync(TMPDIR)).toEqual([]);
  });
});

describe('hooks', () => {
  it('run in the order of their names, each in the folder', () => {
    const folder = write(temporary(), {
      '20-second.sh': 'cat beside',
      '10-first.sh': '#!/bin/sh\nprintf "first %s\\n" "$(pwd)"',
      beside: 'from beside\n',
      'notes.txt': 'exit 1',
    });
    const { code, output } = step('run-hooks', [folder]);
    expect(output.split('\n')).toEqual(['hook 10-first.sh', `first ${folder}`, 'hook 20-second.sh', 'from beside', '']);
    expect(code).toBe(0);
  });

  it('stop the build when one fails, and name it', () => {
    const ran = path.join(temporary(), 'ran');
    const folder = write(temporary(), { '1.sh': 'exit 7', '2.sh': `touch '${ran}'` });
    const { code, output } = step('run-hooks', [folder]);
    expect(output).toContain('run-hooks: 1.sh ended with 7');
    expect(code).toBe(1);
    expect(existsSync(ran)).toBe(false);
  });

  it('may be none at all', () => {
    expect(step('run-hooks', [path.join(temporary(), 'hooks')])).toEqual({ code: 0, output: '' });
  });

  const packages = {
    'microsoft-sql-server': ['msodbcsql18_18.5.1.1-1_amd64.deb', 'mssql-tools18_18.4.1.1-1_amd64.deb'],
    'oracle-client': ['instantclient-basiclite-linux.zip', 'instantclient-sqlplus-linux.zip'],
  };

  it.each(['mysql-connector-odbc', 'microsoft-sql-server', 'oracle-client'])(
    '%s refuses to go on without its packages',
    (name) => {
      const { status, stderr } = hook(name, temporary());
      expect(stderr).toContain('not beside this script');
      expect(status).toBe(1);
    },
  );

  it.each([
    ['microsoft-sql-server', 'make it if you accept'],
    ['oracle-client', 'oracle-wallet/cwallet.sso is not beside'],
  ] as const)('%s refuses to go on without what only you can give', (name, words) => {
    const folder = write(temporary(), Object.fromEntries(packages[name].map((it) => [it, 'x'])));
    const { status, stderr } = hook(name, folder);
    expect(stderr).toContain(words);
    expect(status).toBe(1);
  });

  it('microsoft-sql-server links the driver where the supervisor looks', () => {
    const folder = write(temporary(), {
      ...Object.fromEntries(packages['microsoft-sql-server'].map((it) => [it, 'x'])),
      'accept-microsoft-eula': '',
    });
    const root = temporary();
    const apt = `#!/bin/sh\n[ "$1" = update ] || { [ "$ACCEPT_EULA" = Y ] && mkdir -p '${root}/opt/microsoft/msodbcsql18/lib64' && echo driver >'${root}/opt/microsoft/msodbcsql18/lib64/libmsodbcsql-18.5.so.1.1'; }\n`;
    const { status, stderr } = hook('microsoft-sql-server', folder, root, { 'apt-get': apt });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(readFileSync(`${root}/opt/microsoft/msodbcsql18/lib64/libmsodbcsql.so`, 'utf8')).toBe('driver\n');
  });

  it('oracle-client puts client and wallet where the supervisor looks', () => {
    const folder = write(temporary(), {
      ...Object.fromEntries(packages['oracle-client'].map((it) => [it, 'x'])),
      'oracle-wallet/cwallet.sso': 'wallet',
    });
    const root = temporary();
    const unzip = `#!/bin/sh\nmkdir -p "$5/instantclient_23_9" && echo client >"$5/instantclient_23_9/\${3##*/}.unpacked"\n`;
    const { status, stderr } = hook('oracle-client', folder, root, { unzip, 'apt-get': '#!/bin/sh\n' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(readdirSync(`${root}/opt/oracle/instantclient`).sort()).toEqual([
      'instantclient-basiclite-linux.zip.unpacked',
      'instantclient-sqlplus-linux.zip.unpacked',
    ]);
    expect(readFileSync(`${root}/opt/mobilink-ha/oracle-wallet/cwallet.sso`, 'utf8')).toBe('wallet');
  });

  function hook(name: string, folder: string, root = temporary(), programs: Record<string, string> = {}) {
    const bin = write(temporary(), programs);
    // The lists of packages of this machine are not the hook's to remove.
    const rm = '#!/bin/sh\ncase "$*" in *"/var/lib/apt/lists/"*) exit 0;; esac\nexec /bin/rm "$@"\n';
    write(bin, { rm });
    return spawnSync('bash', [path.resolve(`image/hooks/${name}.sh`)], {
      cwd: folder,
      env: { PATH: `${bin}:${process.env.PATH}`, ROOT_FOLDER: root, TMPDIR: temporary() },
      encoding: 'utf8',
    });
  }
});

describe('authorities', () => {
  const bundleOf = (files: Record<string, string>, isPublic = 'no', system = '/nowhere') => {
    const bundle = path.join(temporary(), 'opt', 'certificates.pem');
    const end = step('trust-certificates', [write(temporary(), files), isPublic, bundle], { SYSTEM_BUNDLE: system });
    return { ...end, bundle };
  };

  it('are those of the folder, in one file that all may read', () => {
    const { code, bundle } = bundleOf({
      'a.pem': CERTIFICATE,
      'b.crt': `${CERTIFICATE.replaceAll('\n', '\r\n')}\r\n`,
      'c.txt': 'x',
    });
    expect(code).toBe(0);
    expect(readFileSync(bundle, 'utf8')).toBe(`${CERTIFICATE}\n${CERTIFICATE}\n\n`);
    expect(statSync(bundle).mode & 0o777).toBe(0o444);
  });

  it('are the public ones too when it is asked for', () => {
    const system = path.join(write(temporary(), { 'system.crt': `${CERTIFICATE}\n` }), 'system.crt');
    expect(readFileSync(bundleOf({}, 'yes', system).bundle, 'utf8')).toContain('BEGIN CERTIFICATE');
    expect(readFileSync(bundleOf({}, 'no', system).bundle, 'utf8')).toBe('');
  });

  it('are certificates, or the build stops', () => {
    const { code, output } = bundleOf({ 'a.pem': 'a page' });
    expect(output).toContain('a.pem holds no certificate');
    expect(code).toBe(1);
  });
});

it('an engine that nobody knows stops the build before anything is fetched', () => {
  const { code, output } = step('install-engine', ['db2']);
  expect(output).toContain('not db2');
  expect(code).toBe(1);
});
