import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MobiLinkEngine } from '../../lib';

interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** Instructions of the Dockerfile, stage by stage, with continued lines joined. */
function stagesOf(text: string): Instruction[][] {
  const stages: Instruction[][] = [[]];
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replaceAll('\\\n', ' ')
    .split('\n');
  for (const line of lines) {
    const [, name, rest] = /^([A-Z]+)\s+(.*)$/.exec(line.trim()) ?? [];
    if (name === undefined || rest === undefined) continue;
    if (name === 'FROM') stages.push([]);
    stages.at(-1)?.push({ name, text: rest.replace(/\s+/g, ' ') });
  }
  return stages;
}

const STAGES = stagesOf(readFileSync('image/Dockerfile', 'utf8'));
const ALL = STAGES.flat();
const LAST = STAGES.at(-1) ?? [];
const textsOf = (name: string, from = ALL) => from.filter((it) => it.name === name).map(({ text }) => text);
const CONTEXT = 'assets/image';

describe('the image', () => {
  it('runs the supervisor below a process that reaps, without a shell, as nobody special', () => {
    expect(textsOf('ENTRYPOINT')).toEqual(['["tini", "--", "node", "/opt/mobilink-ha/supervisor.js"]']);
    expect(textsOf('CMD')).toEqual([]);
    expect(textsOf('USER', LAST)).toEqual(['10001:10001']);
    // Nothing after it could be done as root.
    const names = LAST.map(({ name }) => name);
    expect(names.slice(names.indexOf('USER'))).not.toContain('RUN');
  });

  it('has one folder that can be written, which is that of its user', () => {
    expect(textsOf('VOLUME')).toEqual(['["/scratch"]']);
    expect(textsOf('ENV', LAST).join(' ')).toMatch(/SATMP=\/scratch .*HOME=\/scratch /);
    expect(textsOf('RUN', LAST)).toContain('install -d -m 0700 -o 10001 -g 10001 /scratch');
  });

  it('keeps neither the installer nor the key of the licence in a layer', () => {
    for (const copied of textsOf('COPY')) expect(copied).not.toMatch(/installer|licence/);
    expect(textsOf('ADD')).toEqual([]);
    const mounts = textsOf('RUN').filter((text) => /installer|licence/.test(text));
    expect(mounts.length).toBeGreaterThan(0);
    for (const text of mounts) {
      for (const mount of text.match(/--mount=\S+/g) ?? []) expect(mount).toMatch(/type=(bind|secret),/);
    }
    const withLicence = STAGES.filter((stage) => textsOf('RUN', stage).some((text) => text.includes('id=licence')));
    // Only the tree that it installs goes on into the last stage.
    expect(withLicence).toHaveLength(1);
    expect(withLicence[0]).not.toBe(LAST);
    expect(textsOf('COPY', LAST).filter((text) => text.includes('--from='))).toEqual([
      // biome-ignore lint/suspicious/noTemplateCurlyInString: as docker writes it
      '--from=sql-anywhere /opt/sqlanywhere${SQLANY_VERSION} /opt/sqlanywhere${SQLANY_VERSION}',
    ]);
  });

  it('takes no secret as argument or variable', () => {
    for (const text of [...textsOf('ARG'), ...textsOf('ENV')]) {
      expect(text).not.toMatch(/key|secret|password|token|licen[cs]e|credential/i);
    }
  });

  it('finds in its context whatever it copies or mounts from there', () => {
    const copied = textsOf('COPY')
      .filter((text) => !text.includes('--from='))
      .map((text) => text.split(' ').filter((word) => !word.startsWith('--'))[0] ?? '');
    const mounted = [
      ...textsOf('RUN')
        .join(' ')
        .matchAll(/type=bind,source=(\w+)/g),
    ].map(([, source]) => source ?? '');
    expect(copied).toEqual(['supervisor.js']);
    for (const name of [...copied, ...mounted]) expect(existsSync(`${CONTEXT}/${name}`), name).toBe(true);
    const scripts = [
      ...textsOf('RUN')
        .join(' ')
        .matchAll(/\/steps\/([\w-]+\.sh)/g),
    ].map(([, name]) => name);
    expect(scripts.sort()).toEqual(readdirSync(`${CONTEXT}/steps`).sort());
  });

  it('installs packages that Debian has, and leaves no lists behind', () => {
    const scripts = ['install-engine.sh'].map((name) => readFileSync(`${CONTEXT}/steps/${name}`, 'utf8'));
    const commands = [...textsOf('RUN'), ...scripts];
    for (const text of commands.filter((it) => it.includes('apt-get install'))) {
      expect(text).toContain('--no-install-recommends');
      expect(text).toContain('rm -rf /var/lib/apt/lists/*');
    }
    const named = textsOf('RUN').flatMap((text) =>
      [...text.matchAll(/apt-get install ([^&]*)/g)].flatMap(([, words]) => (words ?? '').trim().split(' ')),
    );
    const arrays = scripts.flatMap((text) =>
      [...text.matchAll(/packages=\(([^)]+)\)/g)].flatMap(([, it]) => (it ?? '').split(' ')),
    );
    const packages = [...named.filter((word) => !word.startsWith('--')), ...arrays].filter((word) =>
      /^[a-z]/.test(word),
    );
    expect(packages.sort()).toEqual([
      'ca-certificates',
      'libaio1',
      'libncurses5',
      'libstdc++6',
      'mariadb-client',
      'odbc-mariadb',
      'odbcinst',
      'procps',
      'tini',
      'unixodbc',
    ]);
  });

  it('knows every engine that a farm can have', () => {
    for (const engine of [MobiLinkEngine.MYSQL, MobiLinkEngine.SQL_ANYWHERE]) {
      expect(readFileSync('image/steps/install-engine.sh', 'utf8')).toMatch(new RegExp(`^  ${engine}\\)`, 'm'));
    }
  });

  it('is asked about its health in the way that the task asks it', () => {
    expect(textsOf('HEALTHCHECK')).toEqual([
      '--interval=30s --timeout=10s --start-period=30s --retries=3 CMD ["node", "/opt/mobilink-ha/supervisor.js", "healthcheck"]',
    ]);
  });

  it('holds a supervisor that starts, and says what it lacks', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [`${CONTEXT}/supervisor.js`], {
      env: {},
      encoding: 'utf8',
    });
    expect(status).toBe(64);
    expect(stdout + stderr).toContain('MOBILINK_DATABASE');
  });
});
