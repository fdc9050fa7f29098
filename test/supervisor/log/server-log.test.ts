import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startChild } from '../../../image/supervisor/child';
import { logFile } from '../../../image/supervisor/log/log-file';
import { outputTo } from '../../../image/supervisor/log/output';
import { passLogOn } from '../../../image/supervisor/log/server-log';
import { temporaryFolder } from '../../../rehearsal/mariadb/temporary-folder';
import { program } from '../../../rehearsal/mlsrv/program';

let folder: ReturnType<typeof temporaryFolder>;
beforeAll(() => {
  folder = temporaryFolder();
});
afterAll(() => folder.remove());

/** Reads when it is told to. */
function reader() {
  const chunks: Buffer[] = [];
  let isReading = true;
  let wait: (() => void) | undefined;
  const stream = new Writable({
    write(chunk, _, done) {
      const take = () => {
        chunks.push(chunk);
        done();
      };
      if (isReading) take();
      else wait = take;
    },
  });
  return {
    stream,
    text: () => Buffer.concat(chunks).toString(),
    stop: () => {
      isReading = false;
    },
    goOn: () => {
      isReading = true;
      wait?.();
    },
  };
}

const passing = (child: { stdout: Readable; stderr: Readable }, stream: Writable, file = 'none') =>
  passLogOn({
    stdout: child.stdout,
    stderr: child.stderr,
    file: { path: join(folder.path, file) },
    redact: (text) => text.replaceAll('secret', '***'),
    output: outputTo(stream),
    onLine: () => {},
    onTrouble: (error) => {
      throw error;
    },
  });

const numbered = (count: number, prefix = 'line') => Array.from({ length: count }, (_, index) => `${prefix} ${index}`);

function chatter(script: string) {
  const file = program(folder.path, `chatter-${Math.random().toString(36).slice(2)}`, script);
  return startChild({ program: file, arguments: [], environment: {}, folder: folder.path });
}

describe('the log of a server', () => {
  test('loses no line of a burst, and keeps the order', async () => {
    const child = chatter("for (let i = 0; i < 10000; i++) console.log('line ' + i + ' of secret')");
    const { stream, text } = reader();
    const log = passing(child, stream);
    await child.ended;
    await log.finish(5_000);
    expect(text().trimEnd().split('\n')).toEqual(numbered(10_000).map((line) => `${line} of ***`));
  });

  test('comes once when it is written to stdout and to a file', async () => {
    const path = join(folder.path, 'both.log');
    const child = chatter(
      `const fs = require('node:fs'); for (let i = 0; i < 3000; i++) { fs.writeSync(1, 'line ' + i + '\\n'); fs.appendFileSync('${path}', 'line ' + i + '\\n'); }`,
    );
    const { stream, text } = reader();
    const log = passing(child, stream, 'both.log');
    await child.ended;
    await log.finish(5_000);
    expect(text().trimEnd().split('\n').sort()).toEqual(numbered(3_000).sort());
  });

  test('makes its writer wait while nobody reads, and memory does not grow', async () => {
    const bytes = 200_000_000;
    const child = chatter(
      `const line = Buffer.from('x'.repeat(199) + '\\n'); let left = ${bytes} / 200;
       const go = () => { while (left > 0) { left--; if (!process.stdout.write(line)) return process.stdout.once('drain', go); } }; go();`,
    );
    const sink = reader();
    sink.stop();
    const log = passing(child, sink.stream);
    let hasEnded = false;
    void child.ended.then(() => {
      hasEnded = true;
    });
    const before = process.memoryUsage.rss();
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(hasEnded).toBe(false);
    // One chunk of the pipe, and what the stream may hold by itself.
    expect(sink.stream.writableLength).toBeLessThan(200_000);
    expect(process.memoryUsage.rss() - before).toBeLessThan(60_000_000);
    child.killAll();
    await child.ended;
    sink.goOn();
    await log.finish(5_000);
    for (const line of sink.text().split('\n').slice(0, -2)) expect(line).toHaveLength(199);
  });

  test('ends in time although somebody keeps the pipe open', async () => {
    const stdout = new PassThrough();
    const { stream, text } = reader();
    const log = passing({ stdout, stderr: Readable.from([]) }, stream);
    stdout.write('whole\npart');
    await expect.poll(text).toBe('whole\n');
    await log.finish(200);
    expect(text()).toBe('whole\npart\n');
  });

  test('is not waited for for ever when nobody reads', async () => {
    const sink = reader();
    sink.stop();
    const log = passing(
      { stdout: Readable.from([Buffer.alloc(100_000, 'x\n')]), stderr: Readable.from([]) },
      sink.stream,
    );
    await log.finish(100);
    expect(sink.text()).toBe('');
  });
});

describe('the output', () => {
  test('goes on without a reader that has gone away', async () => {
    const pipe = spawn('true', { stdio: ['pipe', 'ignore', 'ignore'] });
    await once(pipe.stdin, 'close');
    const output = outputTo(pipe.stdin);
    await output.write(['one']);
    await output.write(numbered(10_000));
    output.say('two');
    await output.drained(1_000);
  });

  test('keeps nobody waiting when its reader goes away', async () => {
    const sink = reader();
    sink.stop();
    const output = outputTo(sink.stream);
    const written = output.write(numbered(10_000));
    sink.stream.destroy();
    await written;
  });

  test('waits until all is handed over, but not for ever', async () => {
    const sink = reader();
    sink.stop();
    const output = outputTo(sink.stream);
    output.say('last words');
    await output.drained(50);
    expect(sink.text()).toBe('');
    sink.goOn();
    await output.drained(5_000);
    expect(sink.text()).toBe('last words\n');
  });

  test('drops single lines when a megabyte of them is unread', async () => {
    const sink = reader();
    sink.stop();
    const output = outputTo(sink.stream);
    for (let count = 0; count < 5_000; count++) output.say('x'.repeat(1_000));
    expect(sink.stream.writableLength).toBeLessThan(1_100_000);
  });
});

describe('the file of the log', () => {
  test('is our own, unless the user has named one', () => {
    expect(logFile([], '/scratch/start-1')).toEqual({
      file: { path: '/scratch/start-1/server.log' },
      arguments: ['-o', '/scratch/start-1/server.log', '-on', '10m'],
    });
    expect(logFile(['-zf', '-o', '/scratch/own.log'], '/scratch')).toMatchObject({
      file: { path: '/scratch/own.log' },
      arguments: [],
    });
    expect(logFile(['-ot /scratch/own.log'], '/scratch')).toMatchObject({
      file: { path: '/scratch/own.log' },
      arguments: [],
    });
    expect(logFile(['-oy', '-on', '5m'], '/scratch')).toMatchObject({ file: { path: '/scratch/server.log' } });
  });
});
