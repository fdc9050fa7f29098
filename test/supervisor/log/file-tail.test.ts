import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tail } from '../../../image/supervisor/log/file-tail';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tail-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let files = 0;
function following(offset?: number) {
  const path = join(folder, `log-${files++}`);
  const lines: string[] = [];
  const sink = async (more: readonly string[]) => {
    lines.push(...more);
  };
  return { path, lines, start: () => tail({ path, offset }, sink, 5) };
}

const until = (isTrue: () => boolean) => expect.poll(isTrue, { timeout: 5_000, interval: 5 }).toBe(true);

describe('the tail of a file', () => {
  test('gives the lines of one that comes later, also a last one without its end', async () => {
    const { path, lines, start } = following();
    const tailed = start();
    await writeFile(path, 'first\nsec');
    await until(() => lines.length === 1);
    await appendFile(path, 'ond\nthird');
    await tailed.finish();
    expect(lines).toEqual(['first', 'second', 'third']);
  });

  test('goes on with the next file when its writer moves the old one away', async () => {
    const { path, lines, start } = following();
    await writeFile(path, '1\n2\n');
    const tailed = start();
    await until(() => lines.length === 2);
    await appendFile(path, '3\n');
    await rename(path, `${path}.old`);
    await appendFile(`${path}.old`, '4\n');
    await writeFile(path, '5\n');
    await until(() => lines.length === 5);
    await tailed.finish();
    expect(lines).toEqual(['1', '2', '3', '4', '5']);
  });

  test('passes over what stood there before', async () => {
    const { path, lines, start } = following(4);
    await writeFile(path, 'old\nnew\n');
    await start().finish();
    expect(lines).toEqual(['new']);
  });

  test('ends without a file', async () => {
    const { lines, start } = following();
    await start().finish();
    expect(lines).toEqual([]);
  });

  test('reads no faster than its lines are taken', async () => {
    const { path } = following();
    await writeFile(path, `${'x'.repeat(99)}\n`.repeat(10_000));
    let batches = 0;
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    let count = 0;
    const tailed = tail(
      { path },
      (lines) => {
        batches++;
        count += lines.length;
        return gate;
      },
      5,
    );
    await until(() => batches === 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(batches).toBe(1);
    release();
    await tailed.finish();
    expect(count).toBe(10_000);
  });
});
