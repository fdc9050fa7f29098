import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import { PairHosts, pause, SECRETS, volumesOf } from './pair-hosts';

const SCRIPTS = path.join(__dirname, '../../host');
const PARAMETER = 'parameter-_mobilink-ha_pair_birth';

async function open(finished: (remove: () => Promise<void>) => void): Promise<PairHosts> {
  const pair = await PairHosts.open();
  finished(() => pair.remove());
  return pair;
}

/** A function of the host's scripts, in a shell of its own; words come in by standard input. */
function inShell(program: string, input: string): string {
  return execFileSync(
    'bash',
    ['-c', `. "$1/pair-configuration.sh"; . "$1/local-server.sh"; ${program}`, 'test', SCRIPTS],
    {
      input,
      encoding: 'utf8',
      env: { MOBILINK_HA_ROOT: '/nonexistent' },
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );
}

describe('values that are put into SQL', () => {
  it.each([
    "o'clock",
    'back\\slash',
    "\\'",
    '&',
    '\\&',
    '$(id)`id`',
    '{{WATCH_PASSWORD}}',
    'ünï€',
    '%s%n',
    '"',
    '*?[a]',
  ])('a literal of %s is that value', (value) => {
    const expected = value.replace(/\\/g, '\\\\').replace(/'/g, "''");
    expect(inShell('IFS= read -r value; sql_literal "$value"', `${value}\n`)).toBe(expected);
  });

  it.each([
    '#a-comment-1',
    '@another-file',
    '-option-12',
    "quote'quote",
    'back\\slash',
    'two words',
    'a;b;c;d;e',
    'short',
    '{{brace}}',
  ])('the password %s is refused, and not told', (password) => {
    const program = `aws() { cat; }; RUN=${tmpdir()}; secret arn:x 2>&1; printf taken`;
    let told = '';
    try {
      told = inShell(program, JSON.stringify({ username: 'dba', password }));
    } catch (refused) {
      told = String((refused as { stdout?: string }).stdout);
    }
    expect(told).toMatch(/failed: arn:x: .*password/);
    expect(told).not.toContain(password);
  });
});

describe.concurrent('a birth record that somebody deleted', () => {
  it('makes no empty database beside a running one', async ({ onTestFinished }) => {
    const pair = await open(onTestFinished);
    await pair.birth();
    await pair.complete();
    expect(await pair.insert('kept', 'first')).toBe(true);
    pair.terminate('first');
    for (const volume of volumesOf('first')) pair.loseVolume(volume);
    pair.replace('first');
    for (let tries = 0; tries < 800 && !(await pair.roleLine('second'))?.includes('role=primary'); tries++)
      await pause(25);
    rmSync(path.join(pair.account, PARAMETER));
    const { code, output } = await pair.run('first', 'bootstrap-host');
    expect(code).toBe(1);
    expect(output).toContain('but a primary answers');
    expect(pair.birthRecord).toBeUndefined();
    expect(await pair.rows('second')).toEqual(['kept']);
  });

  it('puts no database of a later generation aside', async ({ onTestFinished }) => {
    const pair = await open(onTestFinished);
    await pair.boot('arbiter');
    await pair.boot('first');
    pair.host('first').kill();
    const volume = path.join(pair.account, `volume-${volumesOf('first')[1]}`);
    writeFileSync(path.join(volume, 'generation'), '3\n');
    rmSync(path.join(pair.account, PARAMETER));
    const { code, output } = await pair.run('first', 'bootstrap-host');
    expect(code).toBe(1);
    expect(output).toContain('generation 3 is here');
    expect(existsSync(path.join(volume, 'aside'))).toBe(false);
    expect(existsSync(path.join(volume, 'db/consolidated.db'))).toBe(true);
  });
});

describe.concurrent('a bootstrap that fails', () => {
  it('goes on after a reboot, even if its volume never came', async ({ onTestFinished }) => {
    const pair = await open(onTestFinished);
    writeFileSync(path.join(pair.account, `volume-${volumesOf('first')[0]}.attached`), 'i-of-somebody');
    expect((await pair.run('first', 'bootstrap-host', { WAIT_FOR_VOLUMES: '0' })).code).toBe(1);
    expect(pair.journal('first')).toContain('systemctl enable mobilink-ha-bootstrap.service');
    expect(pair.complaints).toEqual([]);
  });

  it('leaves no secret of a killed one behind', async ({ onTestFinished }) => {
    const pair = await open(onTestFinished);
    await pair.boot('arbiter');
    const run = pair.host('arbiter').file('/run/mobilink-ha');
    writeFileSync(path.join(run, 'ask-999999999.args'), 'secret');
    writeFileSync(path.join(run, `ask-${process.pid}.args`), 'of a script that lives');
    await pair.boot('arbiter');
    expect(readdirSync(run).filter((name) => name.startsWith('ask-'))).toEqual([`ask-${process.pid}.args`]);
  });
});

describe('the list of processes', () => {
  it('shows no secret, in a command line or an environment, while a pair is born, backed up and failed over', async ({
    onTestFinished,
  }) => {
    const pair = await open(onTestFinished);
    const secrets = Object.values(SECRETS).map(({ password }) => password);
    const shown = new Set<string>();
    let tools = 0;
    let looking = true;
    const look = (async () => {
      while (looking) {
        for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
          for (const name of ['cmdline', 'environ']) {
            try {
              const text = readFileSync(`/proc/${pid}/${name}`, 'utf8');
              if (/\/(dbinit|dbsrv17|dbisql|dbbackup)\0/.test(text) && text.includes(pair.host('first').root))
                tools += 1;
              for (const secret of secrets) if (text.includes(secret)) shown.add(`${name}: ${text.slice(0, 200)}`);
            } catch {
              // It ended, or belongs to somebody else.
            }
          }
        }
        await pause(5);
      }
    })();
    await pair.birth();
    await pair.complete();
    expect((await pair.run('first', 'back-up')).code).toBe(0);
    expect((await pair.run('first', 'fail-over')).code).toBe(0);
    looking = false;
    await look;
    expect(tools).toBeGreaterThan(0);
    expect([...shown]).toEqual([]);
  });
});
