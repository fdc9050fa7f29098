import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startChild } from '../../image/supervisor/child';
import { mlstop, mlstopArguments } from '../../image/supervisor/stop';
import { temporaryFolder } from '../../rehearsal/mariadb/temporary-folder';
import { program } from '../../rehearsal/mlsrv/program';
import { isAlive } from './programs';

let folder: ReturnType<typeof temporaryFolder>;
beforeAll(() => {
  folder = temporaryFolder();
});
afterAll(() => folder.remove());

function start(script: string, args: readonly string[] = []) {
  const file = program(folder.path, `program-${Math.random().toString(36).slice(2)}`, script);
  const child = startChild({ program: file, arguments: args, environment: { ONLY: 'this' }, folder: folder.path });
  let words = '';
  child.stdout.on('data', (chunk) => {
    words += chunk;
  });
  return { child, words: () => words };
}

describe('a child', () => {
  test('sees its arguments, its environment and nothing else', async () => {
    const { child, words } = start('console.log(JSON.stringify([process.argv.slice(2), process.env, process.cwd()]))', [
      'a b',
      '$HOME',
    ]);
    expect(await child.ended).toEqual({ code: 0 });
    await expect.poll(words).not.toBe('');
    expect(JSON.parse(words())).toEqual([['a b', '$HOME'], { ONLY: 'this' }, folder.path]);
  });

  test('tells its code or its signal', async () => {
    expect(await start('process.exit(7)').child.ended).toEqual({ code: 7 });
    expect(await start("process.kill(process.pid, 'SIGABRT'); setInterval(() => {}, 1e6)").child.ended).toEqual({
      signal: 'SIGABRT',
    });
  });

  test('that is not there has ended with 127, one that may not be run with 126', async () => {
    const settings = { arguments: [], environment: {}, folder: folder.path };
    expect(await startChild({ ...settings, program: `${folder.path}/nothing` }).ended).toMatchObject({ code: 127 });
    expect(await startChild({ ...settings, program: folder.path }).ended).toMatchObject({ code: 126 });
  });

  test('is killed with all that it has started', async () => {
    const { child, words } = start(
      "const it = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)']); console.log(it.pid); setInterval(() => {}, 1e6)",
    );
    await expect.poll(words, { timeout: 5_000 }).toMatch(/\d+\n/);
    const grandchild = Number(words());
    expect(isAlive(grandchild)).toBe(true);
    child.killAll();
    expect(await child.ended).toEqual({ signal: 'SIGKILL' });
    await expect.poll(() => isAlive(grandchild)).toBe(false);
    child.killAll();
    child.signal('SIGHUP');
  });

  test('has ended although somebody whom it left behind keeps its pipes', async () => {
    const { child } = start(
      "require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'inherit' }).unref()",
    );
    expect(await child.ended).toEqual({ code: 0 });
    child.killAll();
  });
});

describe('mlstop', () => {
  const stop = (script: string, graceMillis?: number) => {
    const installation = `${folder.path}/installation-${Math.random().toString(36).slice(2)}`;
    program(`${installation}/bin64`, 'mlstop', script);
    return mlstop({ installation, environment: {}, folder: folder.path, name: 'ml-1', graceMillis });
  };

  test('is told to wait in whole seconds, or to use force', () => {
    expect(mlstopArguments({ name: 'ml-1', graceMillis: 100_000 })).toEqual(['-q', '-w', '-t', '100s', 'ml-1']);
    expect(mlstopArguments({ name: 'ml-1', graceMillis: 200 })).toEqual(['-q', '-w', '-t', '1s', 'ml-1']);
    expect(mlstopArguments({ name: 'ml-1' })).toEqual(['-q', '-f', 'ml-1']);
  });

  test('gives no reason when it has worked', async () => {
    expect(
      await stop("process.exit(process.argv.join(' ').endsWith(' -q -w -t 5s ml-1') ? 0 : 1)", 5_000),
    ).toBeUndefined();
  });

  test('gives the reason when it has not', async () => {
    expect(await stop("console.error('no\\nserver'); process.exit(3)", 1_000)).toBe('mlstop ended with 3: no server');
    expect(await stop("process.kill(process.pid, 'SIGKILL')", 1_000)).toBe('mlstop was ended by SIGKILL');
    const missing = await mlstop({ installation: '/nowhere', environment: {}, folder: folder.path, name: 'x' });
    expect(missing).toMatch(/^mlstop ended with 127: .*ENOENT/);
  });
});
