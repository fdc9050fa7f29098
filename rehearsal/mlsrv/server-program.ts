import { spawn } from 'node:child_process';
import { appendFileSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { type Connection, openConnection } from './odbc-connection';

/**
 * What stands in for mlsrv17 and mlstop where the supervisor is tried: real connections over ODBC, real ports, real signals. Where SAP's
 * documents are silent the file `behaviour` of the installation decides (key=value). No fact about SAP follows from it.
 */
const [, , tool = '', installation = '', ...given] = process.argv;

const behaviour = new Map(
  readFileSync(join(installation, 'behaviour'), 'utf8')
    .split('\n')
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const),
);
const does = (key: string, value: string) => behaviour.get(key) === value;
const socketOf = (name: string) => join(installation, `${name}.sock`);

if (tool === 'mlstop') mlstop();
else void mlsrv();

function mlstop(): void {
  if (does('mlstop', 'refuses')) {
    console.error('The server could not be reached');
    process.exit(1);
  }
  if (does('mlstop', 'hangs')) {
    // In a container it ends with PID 1.
    const parent = process.ppid;
    setInterval(() => process.ppid === parent || process.exit(1), 1_000);
    return;
  }
  const grace = given.includes('-f') ? 0 : Number.parseInt(given[given.indexOf('-t') + 1] ?? '0', 10);
  const socket = connect(socketOf(given.at(-1) ?? ''));
  socket.once('connect', () => socket.write(`${grace}\n`));
  socket.once('error', () => process.exit(1));
  // -w: until the server is down.
  socket.resume().once('close', () => process.exit(0));
}

async function mlsrv(): Promise<void> {
  const options = given.flatMap((it) => (it.startsWith('@') ? optionsOf(it.slice(1)) : [it]));
  const value = (option: string) => options[options.indexOf(option) + 1] ?? '';
  const ports = options.flatMap((it) => /port=(\d+)/.exec(it)?.[1] ?? []).map(Number);
  const logs = behaviour.get('log') ?? 'stdout';
  const log = (letter: string, thread: string, words: string) => {
    const line = `${letter}. ${new Date().toISOString().slice(0, 19).replace('T', ' ')}. <${thread}> ${words}\n`;
    if (logs !== 'file') process.stdout.write(line);
    if (logs !== 'stdout') appendFileSync(value('-o'), line);
  };
  appendFileSync(
    join(installation, 'journal'),
    `${JSON.stringify({ at: Date.now(), pid: process.pid, name: value('-zs'), line: given })}\n`,
  );
  const crash = behaviour.get('crash');
  if (crash !== undefined) process.exit(Number(crash));
  if (does('orphan', 'yes')) spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'inherit' });

  const connections: Connection[] = [];
  for (let worker = 0; worker <= Number(value('-w')); worker++) {
    const connection = await openConnection(value('-c'));
    const error = await connection.ask('SELECT 1');
    if (error !== undefined) {
      log('E', 'Main', databaseError(error));
      process.exit(1);
    }
    connections.push(connection);
  }
  let isStopping = false;
  let open = 0;
  const leave = (code: number) => {
    rmSync(socketOf(value('-zs')), { force: true });
    for (const connection of connections) connection.kill();
    process.exit(code);
  };
  const leaveWhenIdle = () => {
    isStopping = true;
    if (open === 0) leave(0);
  };
  createServer((socket) => {
    socket.once('data', (text) => {
      const grace = Number(text);
      log('I', 'Main', `Stopping within ${grace} s`);
      if (grace === 0) leave(0);
      setTimeout(() => leave(0), grace * 1_000);
      leaveWhenIdle();
    });
    socket.on('error', () => {});
  }).listen(socketOf(value('-zs')));
  process.on('SIGHUP', () => {
    if (!does('sighup', 'ignored')) leave(0);
  });
  process.on('SIGTERM', () => {});

  const busy = new Set<number>();
  const ask = async (worker: number, sql: string) => connections[worker]?.ask(sql);
  const work = async (worker: number, sql: string): Promise<boolean> => {
    while (busy.has(worker)) await new Promise((resolve) => setTimeout(resolve, 10));
    busy.add(worker);
    const error = await (does('reconnect', 'itself') ? inTime(ask(worker, sql)) : ask(worker, sql));
    busy.delete(worker);
    if (error === undefined) return true;
    log('E', `${worker}`, databaseError(error));
    if (does('reconnect', 'exits')) leave(1);
    if (does('reconnect', 'itself') || does('reconnect', 'lazily')) {
      connections[worker]?.kill();
      connections[worker] = await openConnection(value('-c'));
    }
    return false;
  };
  const serve = (socket: import('node:net').Socket) => {
    socket.on('error', () => {});
    socket.once('data', async (text) => {
      const [verb, amount = '0'] = text.toString().trim().split(' ');
      open++;
      if (verb === 'SYNC') {
        const isDone = await work(1, `INSERT INTO syncs SELECT 'remote', SLEEP(${amount})`);
        socket.end(isDone ? 'OK' : 'ERROR');
      }
      if (verb === 'BURST') {
        for (let line = 0; line < Number(amount); line++) log('I', 'burst', `line ${line}`);
        socket.end('OK');
      }
      open--;
      if (isStopping && open === 0) leave(0);
    });
  };
  for (const port of ports) await new Promise<void>((done) => createServer(serve).listen(port, done));
  log('I', 'Main', 'Ready to handle requests');
  if (!does('reconnect', 'hangs')) {
    // The one that syncs is used by nobody else where a dead connection is noticed by its use alone.
    for (const worker of connections.keys())
      if (worker !== 1 || !does('reconnect', 'lazily')) void keepUsing(worker, work);
  }
  setInterval(
    () => {
      log('I', 'Main', `PERIODIC: DB_CONNECTIONS: ${connections.length}`);
      log('I', 'Main', 'PERIODIC: CMD_PROCESSOR_STAGE_LEN: 0');
    },
    Number(value('-ppv')) * 1_000,
  );
}

async function keepUsing(worker: number, work: (worker: number, sql: string) => Promise<boolean>): Promise<never> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    await work(worker, 'SELECT 1');
  }
}

/** A server that gives a database that is silent up. */
function inTime(answer: Promise<string | undefined>): Promise<string | undefined> {
  const late = new Promise<string>((resolve) => setTimeout(() => resolve('[HYT00] no answer'), 1_000));
  return Promise.race([answer, late]);
}

function databaseError(error: string): string {
  const state = /^\[(\w{5})\]/.exec(error)?.[1] ?? 'HY000';
  return `[-10002] Consolidated database server or ODBC error: ODBC: ${error} (ODBC State = ${state}, Native error code = 2013)`;
}

function optionsOf(file: string): string[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/^"(.*)"$/, '$1'));
}
