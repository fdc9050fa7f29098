import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = path.join(__dirname, '../..');

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** A host with outcomes that wait, and the command line of AWS before a folder that is the account. */
class Host {
  public readonly folder = mkdtempSync(path.join(tmpdir(), 'mobilink-exchange-'));
  public readonly outcomes = path.join(this.folder, 'state', 'outcomes');
  private readonly account = path.join(this.folder, 'account');

  constructor() {
    for (const folder of [this.outcomes, this.account]) mkdirSync(folder, { recursive: true });
    this.put('remote.conf', {
      REMOTE: 'stores/store-0815',
      OS_USER: userInfo().username,
      SQLANY_HOME: '/opt/sqlanywhere17',
      SERVER: 'store',
      DATABASE: 'store',
      LOG_FOLDER: this.folder,
      CREDENTIALS: `${this.folder}/credentials`,
      STATE_FOLDER: `${this.folder}/state`,
    });
    this.put('registry.conf', {
      REGION: 'eu-central-1',
      TABLE: 'Remotes',
      SHARDS: '4',
      OUTCOME_QUEUE: 'https://sqs.eu-central-1.amazonaws.com/111111111111/Outcomes',
    });
  }

  public put(name: string, settings: Record<string, string>): void {
    const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`);
    writeFileSync(path.join(this.folder, name), lines.join(''), { mode: 0o600 });
  }

  /** Outcomes that wait, the oldest first. */
  public wait(count: number, first = 0): void {
    for (let number = first; number < first + count; number++) {
      writeFileSync(path.join(this.outcomes, `${String(number).padStart(8, '0')}.json`), `{"number":${number}}\n`);
    }
  }

  public get waiting(): string[] {
    return readdirSync(this.outcomes).sort();
  }

  /** What the queue has taken, in its order. */
  public get told(): number[] {
    const file = path.join(this.account, 'messages');
    if (!existsSync(file)) return [];
    return readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { number: number }).number);
  }

  public deny(...commands: string[]): void {
    writeFileSync(path.join(this.account, 'deny'), commands.map((command) => `${command}\n`).join(''));
  }

  public start(tools = path.join(ROOT, 'rehearsal/host/os')) {
    const child = spawn('/bin/bash', ['--norc', path.join(ROOT, 'host/exchange-with-registry.sh')], {
      detached: true,
      env: {
        PATH: process.env.PATH,
        MOBILINK_HA_CONFIG: path.join(this.folder, 'remote.conf'),
        MOBILINK_HA_PATH: tools,
        MOBILINK_HA_AWS: this.account,
        MOBILINK_HA_ROOT: this.folder,
        MOBILINK_HA_CALL_SECONDS: '3',
        TMPDIR: this.folder,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, output })));
    return { pid: child.pid ?? 0, ended };
  }

  public exchange(): Promise<Ended> {
    return this.start().ended;
  }

  public remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function host(onTestFinished: (remove: () => void) => void): Host {
  const made = new Host();
  onTestFinished(() => made.remove());
  return made;
}

describe.concurrent('the exchange with the registry', () => {
  it('tells outcomes in the order of time, at most fifty a minute', async ({ onTestFinished }) => {
    const it = host(onTestFinished);
    it.wait(60);
    expect(await it.exchange()).toMatchObject({ code: 0, output: expect.stringContaining('50 outcomes told') });
    expect(it.told).toEqual(Array.from({ length: 50 }, (_, number) => number));
    await it.exchange();
    expect(it.told).toEqual(Array.from({ length: 60 }, (_, number) => number));
    expect(it.waiting).toEqual([]);
  });

  it('keeps all of them while AWS is away, and says how many wait', async ({ onTestFinished }) => {
    const it = host(onTestFinished);
    it.wait(3);
    it.deny('sqs send-message', 'dynamodb batch-get-item');
    expect(await it.exchange()).toMatchObject({ code: 0, output: expect.stringContaining('3 outcomes wait') });
    expect(it.waiting).toHaveLength(3);
    it.deny();
    await it.exchange();
    expect(it.told).toEqual([0, 1, 2]);
  });

  it('gives up the oldest when more wait than the host shall hold, and says which', async ({ onTestFinished }) => {
    const it = host(onTestFinished);
    it.wait(5010);
    it.deny('sqs send-message');
    const { output } = await it.exchange();
    expect(output).toContain('more than 5000 outcomes wait; the 10 oldest are given up, 00000000.json first');
    expect(it.waiting).toHaveLength(5000);
    expect(it.waiting[0]).toBe('00000010.json');
  });

  it('killed between two steps it loses none, and tells one twice at most', async ({ onTestFinished }) => {
    const it = host(onTestFinished);
    it.wait(5);
    // A command line of AWS that does what it shall and stays: nobody hears that the message was taken.
    const tools = path.join(it.folder, 'tools');
    mkdirSync(tools);
    writeFileSync(
      path.join(tools, 'aws'),
      `#!/bin/bash\n'${ROOT}/rehearsal/host/os/aws' "$@"\nif [[ $* == *send-message* && ! -e '${it.folder}/once' ]]; then : >'${it.folder}/once'; sleep 60; fi\n`,
    );
    chmodSync(path.join(tools, 'aws'), 0o755);
    const { pid, ended } = it.start(tools);
    await expect.poll(() => existsSync(path.join(it.folder, 'once')), { timeout: 20_000 }).toBe(true);
    process.kill(-pid, 'SIGKILL');
    await ended;
    expect(it.told).toEqual([0]);
    expect(it.waiting).toHaveLength(5);
    // The call that was under way holds the lock until its own time is over.
    await expect.poll(async () => (await it.exchange()) && it.waiting, { timeout: 20_000 }).toEqual([]);
    expect(it.told).toEqual([0, 0, 1, 2, 3, 4]);
  });

  it('takes nothing for an outcome that is none: another name, a folder, a link to what only root may read', async ({
    onTestFinished,
  }) => {
    const it = host(onTestFinished);
    it.wait(1);
    writeFileSync(path.join(it.folder, 'secret'), '{"number":99}\n');
    symlinkSync(path.join(it.folder, 'secret'), path.join(it.outcomes, '00000009.json'));
    mkdirSync(path.join(it.outcomes, '00000008.json'));
    writeFileSync(path.join(it.outcomes, '.00000007'), 'half of one');
    await it.exchange();
    expect(it.told).toEqual([0]);
    expect(it.waiting).toEqual(['.00000007', '00000008.json', '00000009.json']);
  });

  it('two at once tell each outcome once', async ({ onTestFinished }) => {
    const it = host(onTestFinished);
    it.wait(8);
    await Promise.all([it.exchange(), it.exchange(), it.exchange()]);
    await it.exchange();
    expect(it.told).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('says what is wrong with its settings, all of it, and changes nothing', async ({ onTestFinished }) => {
    const it = host(onTestFinished);
    it.wait(1);
    it.put('registry.conf', { REGION: 'Frankfurt', SHARDS: '0', OUTCOME_QUEUE: 'ftp://x' });
    const { code, output } = await it.exchange();
    expect(code).toBe(1);
    for (const words of ['REGION must match', 'SHARDS must match', 'OUTCOME_QUEUE must match', 'TABLE is missing']) {
      expect(output).toContain(words);
    }
    expect(it.waiting).toHaveLength(1);
  });
});
