import { chmodSync, existsSync, readFileSync, symlinkSync, unlinkSync } from 'node:fs';
import * as path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Behaviour, type Ended, Host, isGone, pidOf, RUN, SCRIPT } from './host';

const hosts: Host[] = [];
function host(behaviour?: Behaviour): Host {
  const made = new Host(behaviour);
  hosts.push(made);
  return made;
}
afterAll(() => {
  for (const it of hosts) it.remove();
});

const ALLOWED = [0, 1, 75, 76, 77];

/** What holds of every end of the script. */
function expectReport(ended: Ended, exitCode: number, result: string): void {
  expect(ended.report, ended.stderr).toMatchObject({ version: 1, result });
  expect(ended.exitCode).toBe(exitCode);
  expect(ALLOWED).toContain(ended.exitCode);
  // Of 2,500 bytes that Systems Manager keeps, standard output is sure of a little less than half.
  expect(ended.stdout.length).toBeLessThan(1_215);
  expect(ended.stdout + ended.stderr).not.toContain('secret-of-the-rehearsal');
}

describe.concurrent('on the primary', () => {
  it('synchronizes, and says so in one line', async () => {
    const one = host();
    const ended = await one.run();
    expectReport(ended, 0, 'synchronized');
    expect(ended.report).toMatchObject({
      remote: 'stores/berlin-1',
      run: RUN,
      code: 0,
      role: 'primary',
      server: 'p1',
      profile: 'usual',
    });
    expect(one.complaints).toEqual([]);
    const [sync] = one.journal.filter((line) => line.includes(' sync '));
    expect(sync).toContain(`options=dir=${one.folder}/log profile=usual`);
  });

  it.each(['primary', 'Primary', 'PRIMARY'])('however the database spells its role: %s', async (role) => {
    expectReport(await host({ role }).run(), 0, 'synchronized');
  });

  it('takes the profile of the run before its own, and the address before that of the subscription', async () => {
    const one = host();
    one.set('MOBILINK_PROTOCOL', 'tls');
    one.set('MOBILINK_ADDRESS', 'host=ml.example.com;port=2439');
    expectReport(await one.run(RUN, 'prices'), 0, 'synchronized');
    expect(one.journal.join('\n')).toContain(
      `options=dir=${one.folder}/log;ctp=tls;adr='host=ml.example.com;port=2439' profile=prices`,
    );
  });

  it('synchronizes a subscription where there is no profile', async () => {
    const one = host();
    one.configure((lines) => [...lines.filter((line) => !line.startsWith('PROFILE=')), 'SUBSCRIPTION=sales']);
    expectReport(await one.run(), 0, 'synchronized');
    expect(one.journal.join('\n')).toContain('subscription=sales');
  });

  it('does a run once', async () => {
    const one = host();
    expectReport(await one.run(), 0, 'synchronized');
    expectReport(await one.run(), 77, 'already-done');
    expectReport(await one.run('nightly@2026-01-06T09:00:00.000Z'), 0, 'synchronized');
    expect(one.journal.filter((line) => line.includes(' sync '))).toHaveLength(2);
  });

  it('does a run again that failed', async () => {
    const one = host({ exit: '3' });
    expectReport(await one.run(), 1, 'failed');
    one.behave({ exit: '0' });
    expectReport(await one.run(), 0, 'synchronized');
  });

  it('a database that is not mirrored has no role', async () => {
    const one = host({ role: 'none' });
    one.set('MIRRORED', 'no');
    expectReport(await one.run(), 0, 'synchronized');
  });
});

describe.concurrent('where the local database is not the primary', () => {
  it.each<[string, Behaviour]>([
    ['a mirror', { role: 'mirror' }],
    ['a mirror in other letters', { role: 'MIRROR' }],
    ['a mirror that hides its role', { role: 'none', read_only: 'On' }],
    ['a primary that is read-only', { role: 'primary', read_only: 'On' }],
    ['a copy', { role: 'copy' }],
    ['a role that nobody knows', { role: 'arbitrary' }],
    ['no role at all', { role: 'none' }],
    ['a role that dbisql does not tell', { table: 'silent' }],
    ['a dbisql that fails', { table: 'fails' }],
    ['a server that is down', { answers: 'no' }],
    ['another server on the port', { server: 'p2' }],
  ])('%s: it is left to the partner', async (_what, behaviour) => {
    const one = host(behaviour);
    expectReport(await one.run(), 75, 'not-primary');
    expect(one.journal.filter((line) => line.includes(' sync '))).toEqual([]);
  });

  it('wrong credentials are an error and no role', async () => {
    const ended = await host({ answers: 'bad-login' }).run();
    expectReport(ended, 1, 'failed');
    expect(ended.report?.message).toContain('does not accept');
  });
});

describe.concurrent('whatever dbmlsync returns', () => {
  it.each([1, 2, 75, 76, 77, 126, 127, 128, 137, 168, 194, 255, 3010 & 255])(
    '%i is a failure with its code',
    async (code) => {
      const ended = await host({ exit: String(code) }).run();
      expectReport(ended, 1, 'failed');
      expect(ended.report?.code).toBe(code);
    },
  );

  it('-62 is cut to 194 by the system, and is a failure', async () => {
    const ended = await host({ exit: '-62' }).run();
    expectReport(ended, 1, 'failed');
    expect(ended.report?.code).toBe(194);
  });

  it('256 is cut to 0, and its log tells that it is a failure', async () => {
    const ended = await host({ exit: '256', error: 'The hook gave up' }).run();
    expectReport(ended, 1, 'failed');
    expect(ended.report?.message).toContain('The hook gave up');
  });

  it('a crash is a failure', async () => {
    const ended = await host({ crash: 'yes' }).run();
    expectReport(ended, 1, 'failed');
    expect(ended.report?.code).toBe(139);
  });

  it.each(['log', 'stdout', 'both'])('its words do not reach the report: %s', async (output) => {
    const one = host({ output, noise: 'yes', exit: '9', error: 'It "said": \\ \t\u00e4 secret-of-the-rehearsal' });
    const ended = await one.run();
    expectReport(ended, 1, 'failed');
    expect(ended.report?.message).toContain("It 'said'");
  });

  it('a message of ten thousand characters is cut', async () => {
    expectReport(await host({ exit: '9', error: '\\"'.repeat(5_000) }).run(), 1, 'failed');
  });
});

describe.concurrent('one sync at a time', () => {
  it('a second one meanwhile is told that it is busy', async () => {
    const one = host({ seconds: '3' });
    const first = one.start();
    await one.until(/ sync /);
    expectReport(await one.run('nightly@2026-01-06T09:00:00.000Z'), 76, 'busy');
    expectReport(await first.ended, 0, 'synchronized');
  });

  it('the lock outlives a script that is killed, as long as its dbmlsync lives', async () => {
    const one = host({ seconds: '2' });
    const first = one.start();
    const line = await one.until(/ sync /);
    process.kill(first.process.pid ?? 0, 'SIGKILL');
    await first.ended;
    expectReport(await one.run(), 76, 'busy');
    expect(await isGone(pidOf(line))).toBe(true);
    expect(one.list('state').some((name) => name.startsWith('run.'))).toBe(true);
    one.behave({ seconds: '0' });
    expectReport(await one.run(), 0, 'synchronized');
    // With what the killed one had written of secrets.
    expect(one.list('state')).toEqual(['lock', 'synchronized-once', 'synchronized-runs']);
  });
});

describe.concurrent('the time limit', () => {
  const limited = (behaviour: Behaviour) => {
    const one = host({ seconds: '30', ...behaviour });
    one.set('TIME_LIMIT', '1');
    one.write('state/synchronized-once', '');
    return one;
  };

  it.each<[string, Behaviour]>([
    ['ends at once on SIGHUP', { on_hup: 'end' }],
    ['takes a while to end', { on_hup: 'slow' }],
    ['ignores SIGHUP', { on_hup: 'ignore' }],
    ['ignores everything that it can', { on_hup: 'ignore', on_term: 'ignore' }],
    ['leaves a child behind', { on_hup: 'ignore', child: 'yes' }],
  ])('ends a dbmlsync that %s', async (_what, behaviour) => {
    const one = limited(behaviour);
    const ended = await one.run();
    expectReport(ended, 1, 'failed');
    expect(ended.report?.message).toContain('limit of 1 seconds');
    for (const line of one.journal.filter((it) => / sync /.test(it))) expect(await isGone(pidOf(line))).toBe(true);
    for (const line of one.journal.filter((it) => / child /.test(it))) {
      expect(await isGone(Number(line.split(' ').at(-1)))).toBe(true);
    }
    if (behaviour.on_hup === 'end') expect(one.journal.join('\n')).toContain('ended by SIGHUP');
    one.behave({ seconds: '0' });
    expectReport(await one.run(), 0, 'synchronized');
  });

  it('spares the first sync, which has a limit of its own', async () => {
    const one = host({ seconds: '2' });
    one.set('TIME_LIMIT', '1');
    expectReport(await one.run(), 0, 'synchronized');
    expectReport(await one.run('nightly@2026-01-06T09:00:00.000Z'), 1, 'failed');
  });

  it('a child that dbmlsync leaves behind does not keep the lock', async () => {
    const one = host({ child: 'yes' });
    expectReport(await one.run(), 0, 'synchronized');
    expect(
      await isGone(
        Number(
          one.journal
            .find((it) => / child /.test(it))
            ?.split(' ')
            .at(-1),
        ),
      ),
    ).toBe(true);
    expectReport(await one.run('nightly@2026-01-06T09:00:00.000Z'), 0, 'synchronized');
  });

  it.each<NodeJS.Signals>(['SIGTERM', 'SIGINT', 'SIGHUP'])('%s to the script ends its dbmlsync too', async (signal) => {
    const one = host({ seconds: '30', on_hup: 'end' });
    const started = one.start();
    const line = await one.until(/ sync /);
    process.kill(started.process.pid ?? 0, signal);
    const ended = await started.ended;
    expectReport(ended, 1, 'failed');
    expect(ended.report?.message).toBe(`stopped by ${signal}`);
    expect(await isGone(pidOf(line))).toBe(true);
  });
});

describe.concurrent('secrets', () => {
  it('stand in no command line, environment or log, and no file of them stays', async () => {
    const one = host({ seconds: '2' });
    one.write('credentials', 'USER=sync\nPASSWORD=p$ss|w0rd\nMOBILINK_PASSWORD=m%l&x\n');
    const started = one.start();
    const line = await one.until(/ sync /);
    for (const pid of [pidOf(line), started.process.pid]) {
      for (const file of ['cmdline', 'environ']) {
        const text = readFileSync(`/proc/${pid}/${file}`, 'utf8');
        expect(text).not.toContain('p$ss|w0rd');
        expect(text).not.toContain('m%l&x');
      }
    }
    expectReport(await started.ended, 0, 'synchronized');
    expect(one.complaints).toEqual([]);
    expect(one.list('state')).toEqual(['lock', 'synchronized-once', 'synchronized-runs']);
    for (const log of one.list('sync-logs')) expect(one.read(`sync-logs/${log}`)).not.toMatch(/p\$ss|m%l/);
  });

  it.each([
    ['a quote', "it's"],
    ['a double quote', 'a"b'],
    ['the end of a value', 'a;DBF=x'],
    ['a brace', 'a{b}'],
    ['a space', 'a b'],
    ['nothing', ''],
    ['another alphabet', 'pässword'],
  ])('a password with %s is refused, and not shown', async (_what, password) => {
    const one = host();
    one.write('credentials', `USER=sync\nPASSWORD=${password}\n`);
    const ended = await one.run();
    expectReport(ended, 1, 'failed');
    expect(ended.report?.message).toContain('PASSWORD must match');
    if (password) expect(ended.stdout + ended.stderr).not.toContain(password);
  });

  it.each(['primary', 'r', 'On'])(
    'a password that is part of the answer does not hide the role: %s',
    async (password) => {
      const one = host();
      one.write('credentials', `USER=sync\nPASSWORD=${password}\n`);
      expect((await one.run()).exitCode).toBe(0);
    },
  );

  it('credentials that others can read are refused', async () => {
    const one = host();
    chmodSync(path.join(one.folder, 'credentials'), 0o644);
    const ended = await one.run();
    expectReport(ended, 1, 'failed');
    expect(ended.report?.message).toContain('lets others in');
  });
});

describe.concurrent('the configuration', () => {
  it('names every problem at once', async () => {
    const one = host();
    one.configure((lines) => [
      ...lines.filter((line) => !line.startsWith('SERVER=')),
      'PORT=http',
      'COLOUR=blue',
      'no setting',
      'DATABASE=other',
    ]);
    const { report, exitCode } = await one.run();
    expect(exitCode).toBe(1);
    for (const words of ['PORT must match', 'no such setting', 'DATABASE stands there twice', 'SERVER is missing']) {
      expect(report?.message).toContain(words);
    }
    expect(one.journal).toEqual([]);
  });

  it.each(['$(touch HERE)', '`touch HERE`', '; touch HERE', '"; touch HERE; "', '../../etc', '-x', '*', '\u0001'])(
    'is never executed: %s',
    async (value) => {
      const one = host();
      const mark = path.join(one.folder, 'mark');
      for (const key of ['REMOTE', 'SERVER', 'LOG_FOLDER', 'PROFILE', 'OS_USER'])
        one.set(key, value.replace('HERE', mark));
      expectReport(await one.run(), 1, 'failed');
      expect(existsSync(mark)).toBe(false);
    },
  );

  it('is refused when others can write it, when it is a link, and when it is not there', async () => {
    const one = host();
    const file = path.join(one.folder, 'remote.conf');
    chmodSync(file, 0o666);
    expect((await one.run()).report?.message).toContain('lets others in');
    unlinkSync(file);
    expect((await one.run()).report?.message).toContain('not there');
    symlinkSync('/etc/passwd', file);
    expect((await one.run()).report?.message).toContain('no regular file');
  });

  it('says what is missing on the host', async () => {
    const one = host();
    one.set('SQLANY_HOME', '/nowhere');
    one.set('LOG_FOLDER', '/nowhere/data');
    one.set('SYNC_LOGS', '/nowhere/logs');
    const { report } = await one.run();
    for (const words of ['/nowhere/bin64/dbmlsync', '/nowhere/data', '/nowhere/logs']) {
      expect(report?.message).toContain(words);
    }
  });

  it.each([
    '',
    'nightly',
    'nightly@today',
    '$(id)@2026-01-05T09:00:00.000Z',
    `${'x'.repeat(65)}@2026-01-05T09:00:00.000Z`,
  ])('a run id that is none is refused: %s', async (run) => {
    expectReport(await host().run(run), 1, 'failed');
  });
});

describe.concurrent('in the document of Systems Manager', () => {
  const text =
    readFileSync(path.join(path.dirname(SCRIPT), 'remote-configuration.sh'), 'utf8') + readFileSync(SCRIPT, 'utf8');
  const step = [
    `exec /bin/bash --norc -c 'exec /bin/bash --norc -c "$(cat)" sync-remote.sh </dev/null' <<'MOBILINK_HA_SYNC_REMOTE'`,
    `${text}MOBILINK_HA_SYNC_REMOTE\n`,
  ].join('\n');

  it.each([
    ['sh', 'file'],
    ['sh', 'text'],
    ['dash', 'file'],
    ['bash', 'file'],
    ['bash', 'text'],
  ])('whether the agent runs it by %s as a %s', async (shell, how) => {
    const one = host();
    one.write('_script.sh', step, 0o700);
    const args = how === 'file' ? [path.join(one.folder, '_script.sh')] : ['-c', step];
    const { ended } = one.spawn(shell, args, { SSM_RunId: RUN, SSM_Profile: 'prices' });
    const it = await ended;
    expectReport(it, 0, 'synchronized');
    expect(it.report?.profile).toBe('prices');
  });

  it('an agent that is too old to pass parameters is told', async () => {
    const one = host();
    const ended = await one.spawn('sh', ['-c', step], {}).ended;
    expectReport(ended, 1, 'failed');
    expect(ended.report?.message).toContain('3.3.2746.0');
  });

  const root = process.getuid?.() === 0;
  it.runIf(root)('run by root, it becomes the user of the database', async () => {
    const one = host();
    one.set('OS_USER', 'nobody');
    one.set('STATE_FOLDER', path.join(one.folder, 'made', 'state'));
    const ended = await one.spawn('sh', ['-c', step], { SSM_RunId: RUN }).ended;
    // The test's folder is root's alone, so the user of the database cannot read its configuration; that it tried is the point.
    expectReport(ended, 1, 'failed');
    expect(ended.report?.message).toMatch(/not there|cannot read/);
  });

  it('another user than the configured one is refused', async () => {
    const one = host();
    one.set('OS_USER', root ? 'no-such-user' : 'root');
    expectReport(await one.run(), 1, 'failed');
  });
});
