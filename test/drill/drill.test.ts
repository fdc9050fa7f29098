import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseOptions } from '../../drill/options';
import { figuresOf, timelineOf } from '../../drill/report';
import type { Passage, Round } from '../../rehearsal/mlsrv/failover-site';
import { VARIANTS } from '../../rehearsal/mlsrv/variants';
import { isAlive } from '../supervisor/programs';

function passage(servingSeconds: number, words: readonly (readonly [number, string, object?])[]): Passage {
  const lines = words.map(([seconds, event, more = {}]) => {
    const fields = { time: new Date(seconds * 1000).toISOString(), event, ...more };
    return { at: seconds * 1000, text: JSON.stringify(fields), event, fields };
  });
  return { variant: 'hangs', lines, servingAt: servingSeconds * 1000 };
}

const ROUND: Round = {
  how: 'killed',
  goneAt: 100_000,
  backAt: 105_000,
  passages: [
    passage(108.5, [
      [101, 'primary-gone', { detail: 'no\nanswer' }],
      [105.5, 'accepts-logins'],
      [108, 'restarting', { why: 'dead connections' }],
      [108.2, 'started'],
      [108.5, 'serving', { restarted: true }],
    ]),
  ],
};

describe('the drill', () => {
  it('draws a failover as a timeline, in seconds since the primary went', () => {
    expect(timelineOf(ROUND).join('\n')).toBe(
      [
        '   0.0 s  the primary is killed',
        '   5.0 s  the other one is promoted, the name leads to it: the database accepts logins',
        '',
        '  a server that hangs in silence',
        `  ${'.'.repeat(35)}${'='.repeat(25)}| 3.5 s`,
        '   1.0 s  primary gone: no answer',
        '   5.5 s  accepts logins',
        '   8.0 s  restarting: dead connections',
        '   8.2 s  started',
        '   8.5 s  serving',
      ].join('\n'),
    );
  });

  it('says of a server that did not come back that it never did', () => {
    const never = { ...ROUND, passages: [passage(Number.POSITIVE_INFINITY, []), ...ROUND.passages] };
    expect(timelineOf(never)[4]).toBe(`  ${'.'.repeat(35)}${'='.repeat(25)}| never`);
    expect(figuresOf('hangs', [never], { megabytes: 80, cpuSeconds: 1 }, 60)).toMatchObject({
      p50: 3.5,
      max: Number.POSITIVE_INFINITY,
    });
  });

  it('counts from the database that accepts logins', () => {
    const rounds = [3, 1, 2].map((seconds) => ({ ...ROUND, passages: [passage(105 + seconds, [])] }));
    expect(figuresOf('hangs', rounds, { megabytes: 80.4, cpuSeconds: 3 }, 60)).toEqual({
      variant: 'hangs',
      title: 'hangs in silence',
      failovers: 3,
      reconnects: [1, 2, 3],
      p50: 2,
      p95: 3,
      max: 3,
      megabytes: 80,
      cpuPercent: 5,
    });
  });

  it('takes its options, and names all that are wrong', () => {
    expect(parseOptions([])).toEqual({
      rounds: 2,
      variants: Object.keys(VARIANTS),
      ways: ['killed', 'hung'],
      json: undefined,
      help: false,
    });
    expect(parseOptions(['--variant', 'ends', '--how', 'hung', '--rounds', '7'])).toMatchObject({
      rounds: 7,
      variants: ['ends'],
      ways: ['hung'],
    });
    expect(() => parseOptions(['--rounds', '0', '--how', 'gently', '--variant', 'dances'])).toThrow(
      /--rounds must be .* got '0'\n--how must be killed, hung or both, got 'gently'\n--variant must be one of .* got 'dances'/,
    );
    expect(() => parseOptions(['--fast'])).toThrow('--fast');
  });

  it('says what is wrong with its options, and how it is used', async () => {
    const wrong = await run(['--rounds', 'x']);
    expect(wrong).toMatchObject({ code: 2, output: expect.stringContaining('--rounds must be a whole number') });
    const help = await run(['--help']);
    expect(help).toMatchObject({ code: 0, output: expect.stringContaining('not MobiLink') });
  });

  it('goes through a real failover, and writes its figures', async ({ onTestFinished }) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'mobilink-drill-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const json = path.join(folder, 'figures.json');
    const { code, output } = await run(['--rounds', '1', '--variant', 'ends', '--json', json]);
    expect(output).toMatch(/primary gone[\s\S]*accepts logins[\s\S]*serving/);
    expect(code).toBe(0);
    expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject({ figures: [{ variant: 'ends', failovers: 1 }] });
  });

  it.for(['at its start', 'in the middle'])(
    'leaves nothing behind when it is interrupted %s',
    async (when, { onTestFinished }) => {
      const folder = mkdtempSync(path.join(tmpdir(), 'mobilink-drill-'));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      const drill = start(['--rounds', '5', '--variant', 'hangs'], folder);
      if (when === 'in the middle') await drill.until('failover 1');
      // The files of the first server are being made.
      else
        await expect
          .poll(() => readdirSync(folder, { recursive: true }).filter((name) => String(name).endsWith('/data')), {
            interval: 10,
            timeout: 20_000,
          })
          .not.toEqual([]);
      const processes = descendantsOf(drill.child.pid ?? 0);
      // As a terminal does it: the whole group hears of it.
      process.kill(-(drill.child.pid ?? Number.NaN), 'SIGINT');
      expect((await drill.ended).code).toBe(130);
      expect(drill.output()).toContain('interrupted');
      for (const pid of processes) expect(isAlive(pid), `process ${pid}`).toBe(false);
      expect(readdirSync(folder).filter((name) => name.startsWith('mobilink-'))).toEqual([]);
    },
  );
});

function start(words: readonly string[], temporary = tmpdir()) {
  const child = spawn(process.execPath, ['--import', 'tsx', 'drill/main.ts', ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: temporary },
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = new Promise<{ code: number | null; output: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, output }));
  });
  const until = async (words: string) => {
    while (!output.includes(words)) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  return { child, ended, until, output: () => output };
}

function run(words: readonly string[]) {
  return start(words).ended;
}

/** Whatever a process has started, and what that has. */
function descendantsOf(pid: number): number[] {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => parentOf(Number(name)) === pid)
    .map(Number);
  return [...children, ...children.flatMap(descendantsOf)];
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}
