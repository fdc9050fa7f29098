import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import { withAssembly } from './edited-assemblies';
import { fingerprintOf, runRehearsal } from './run-rehearsal';

/** One of each kind: `npm run rehearse` plays all of them, and `npm run soak` compares twenty runs of all. */
const EACH_KIND = ['steady-state', 'failover', 'killed-before-announcement', 'sync-failover', 'sync-fired-again'];

describe('the rehearsal of this app', () => {
  // Each fourth call here, all of them in three ways in `npm run soak`; test/syncs/killed-anywhere plays five at each in process.
  it('goes on wherever a function of the syncs is killed', async () => {
    await withAssembly(async (assembly) => {
      const { code, output } = await runRehearsal(['--assembly', assembly, '--scenario', 'sync-killed']);
      expect(output).toMatch(
        /ok {3}the run goes on wherever a function is killed or hears no answer: [3-9]\d calls, (9|1\d) runs/,
      );
      expect(code).toBe(0);
    });
  }, 600_000);

  it('passes, and two runs with one seed make the same requests byte for byte', async () => {
    await withAssembly(async (assembly) => {
      const args = ['--assembly', assembly, '--seed', '5', ...EACH_KIND.flatMap((name) => ['--scenario', name])];
      const [one, other] = await Promise.all([runRehearsal(args), runRehearsal(args)]);
      expect(one.output).toContain('Everything that the design promises happened in 5 of 5 rehearsals.');
      expect(one.code).toBe(0);
      expect(fingerprintOf(one)).toMatch(/^[0-9a-f]{64}$/);
      expect(fingerprintOf(other)).toBe(fingerprintOf(one));
      const another = await runRehearsal(['--assembly', assembly, '--seed', '6', '--scenario', 'failover']);
      expect(another.code).toBe(0);
      expect(fingerprintOf(another)).not.toBe(fingerprintOf(one));
    });
  }, 600_000);
});

describe('the rehearsal of the stage whose database is a mirrored pair', () => {
  it('passes, uses all that is granted, and two runs with one seed make the same requests byte for byte', async () => {
    await withAssembly(async (assembly) => {
      const args = ['--assembly', assembly, '--seed', '5'];
      const [one, other] = await Promise.all([runRehearsal(args), runRehearsal(args)]);
      expect(one.output).toContain('failover is left out: it needs a primary tracker, and the assembly has none');
      expect(one.output).toContain('each one granted was used');
      expect(one.output).toContain('Everything that the design promises happened in 9 of 9 rehearsals.');
      expect(one.code).toBe(0);
      expect(fingerprintOf(one)).toMatch(/^[0-9a-f]{64}$/);
      expect(fingerprintOf(other)).toBe(fingerprintOf(one));
    }, 'pair');
  }, 600_000);
});

const OF_INSTANCE = ['failover', 'steady-state'];
const OF_CLUSTER = ['cluster-failover', 'cluster-failover-fails'];
const WEAK = { '@aws-cdk/core:defaultCrossStackReferences': 'weak' };

describe('an assembly made elsewhere', () => {
  it.each([
    ['a database that exists already, with a topic that hears of it', 'examples/existing-database.ts', {}, OF_INSTANCE],
    ['a cluster that exists already', 'examples/existing-cluster.ts', {}, OF_CLUSTER],
    ['one stack', 'examples/one-stack.ts', {}, OF_INSTANCE],
    ['certificates of somebody else', 'examples/internet-tls.ts', {}, OF_INSTANCE],
    ['two stacks with weak references', 'bin/mobilink-ha.ts', WEAK, OF_INSTANCE],
  ])('%s', async (_what, app, flags, scenarios) => {
    const outdir = mkdtempSync(path.join(tmpdir(), 'mobilink-elsewhere-'));
    const context = { ...JSON.parse(readFileSync('cdk.json', 'utf8')).context, ...flags };
    execFileSync(process.execPath, ['--import', 'tsx', app], {
      env: {
        PATH: process.env.PATH,
        CDK_OUTDIR: outdir,
        CDK_CONTEXT_JSON: JSON.stringify(context),
        CDK_VALIDATION: 'false',
      },
      stdio: 'pipe',
    });
    const names = scenarios.flatMap((name) => ['--scenario', name]);
    const { code, output } = await runRehearsal(['--assembly', outdir, ...names]);
    rmSync(outdir, { recursive: true, force: true });
    expect(output).toContain('Everything that the design promises happened in 2 of 2 rehearsals.');
    expect(code).toBe(0);
  });
});

describe('the command', () => {
  it('lists its scenarios and explains itself', async () => {
    const listed = await runRehearsal(['--list']);
    expect(listed.output.match(/^\S+ {2,}/gm)).toHaveLength(37);
    expect((await runRehearsal(['--help'])).output).toContain('--assembly DIR');
  });

  it('synthesizes the stage that each scenario needs', async () => {
    const { code, output } = await runRehearsal(['--scenario', 'failover', '--scenario', 'pair-planned-failover']);
    expect(output).toMatch(/synthesizing the stage dev of the app[\s\S]*synthesizing the stage pair of the app/);
    expect(output).toContain('All stages: everything that the design promises happened in 2 of 2 rehearsals.');
    expect(code).toBe(0);
  });

  it.each([
    [['--scenario', 'nonsense'], /there is no nonsense. There are: steady-state,/],
    [['--seed', 'x'], /--seed: must be a whole number/],
    [['--nonsense'], /--nonsense/],
    [['--assembly', 'no-such-folder'], /no-such-folder/],
  ])('says what is wrong with %j', async (args, message) => {
    const { code, output } = await runRehearsal(args);
    expect(output).toMatch(message);
    expect(output).not.toMatch(/^\s+at /m);
    expect(code).toBe(2);
  });

  it('leaves no process behind when it is interrupted', async () => {
    await withAssembly(async (assembly) => {
      const child = spawn(process.execPath, ['--import', 'tsx', 'rehearsal/main.ts', '--assembly', assembly], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      await new Promise<void>((resolve) => {
        child.stdout.on('data', (text: Buffer) => {
          if (text.includes('record')) resolve();
        });
      });
      const children = childrenOf(child.pid ?? 0);
      expect(children.length).toBeGreaterThan(0);
      const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
      child.kill('SIGINT');
      expect(await ended).toBe(130);
      await expect.poll(() => children.filter(isAlive), { timeout: 5_000 }).toEqual([]);
    });
  });
});

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.split(' ').filter(Boolean).map(Number);
}

function isAlive(pid: number): boolean {
  try {
    // A zombie has ended; only its parent has not asked for its code yet.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
