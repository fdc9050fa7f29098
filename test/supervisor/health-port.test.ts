import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { healthPort } from '../../image/supervisor/health-port';
import { answerHealthchecks, healthcheck } from '../../image/supervisor/healthcheck';
import { freePort } from '../../rehearsal/mariadb/free-port';
import { temporaryFolder } from '../../rehearsal/mariadb/temporary-folder';

/** How a connection that sends nothing ends. */
const visit = (port: number) =>
  new Promise<string>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let words = '';
    socket.on('data', (chunk) => {
      words += chunk;
    });
    socket.once('end', () => resolve(`ended ${words}`.trim()));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
  });

test('the health port accepts, says nothing and closes, from open to close', async () => {
  const port = await freePort();
  const health = healthPort(port, (error) => {
    throw error;
  });
  expect(await visit(port)).toBe('ECONNREFUSED');
  health.open();
  health.open();
  await expect.poll(() => visit(port)).toBe('ended');
  expect(await Promise.all(Array.from({ length: 50 }, () => visit(port)))).toEqual(Array(50).fill('ended'));
  health.close();
  expect(await visit(port)).toBe('ECONNREFUSED');
  health.close();
  health.open();
  await expect.poll(() => visit(port)).toBe('ended');
  health.close();
});

test('the health port is closed at once although a visitor stays', async () => {
  const port = await freePort();
  const health = healthPort(port, () => {});
  health.open();
  await expect.poll(() => visit(port)).toBe('ended');
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).pause();
  await new Promise((resolve) => socket.once('connect', resolve));
  health.close();
  expect(await visit(port)).toBe('ECONNREFUSED');
  socket.destroy();
});

test('the health port waits for a port that is taken', async () => {
  const port = await freePort();
  const taker = createServer((socket) => socket.end('taken'));
  await new Promise<void>((resolve) => taker.listen(port, resolve));
  const troubles: string[] = [];
  const health = healthPort(port, (error) => troubles.push(error.message));
  health.open();
  await expect.poll(() => troubles.length).toBeGreaterThan(0);
  await new Promise((resolve) => taker.close(resolve));
  await expect.poll(() => visit(port), { timeout: 5_000 }).toBe('ended');
  health.close();
});

test('the health check prints what the supervisor says, and fails without one', async () => {
  const folder = temporaryFolder();
  const printed: string[] = [];
  const check = () => healthcheck(folder.path, (line) => printed.push(line));
  expect(await check()).toBe(1);
  const server = answerHealthchecks(
    folder.path,
    () => ({ server: 'waiting' }),
    () => {},
  );
  await expect.poll(check).toBe(0);
  expect(JSON.parse(printed.at(-1) ?? '')).toEqual({ server: 'waiting' });
  server.close();
  expect(await check()).toBe(1);
  // The container is started again in place, and finds what the one before has left.
  const script = `require('node:net').createServer().listen('${folder.path}/supervisor.sock', () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script]);
  expect(existsSync(`${folder.path}/supervisor.sock`)).toBe(true);
  const next = answerHealthchecks(
    folder.path,
    () => ({ server: 'up' }),
    () => {},
  );
  await expect.poll(check).toBe(0);
  next.close();
  folder.remove();
});
