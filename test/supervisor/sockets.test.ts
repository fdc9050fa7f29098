import { spawn } from 'node:child_process';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endpointsOf } from '../../image/supervisor/life/endpoints';
import { listensOn } from '../../image/supervisor/life/listening';
import { whereabouts } from '../../image/supervisor/life/whereabouts';
import { parseTable, socketsOf } from '../../image/supervisor/sockets';
import { freePort } from '../../rehearsal/mariadb/free-port';

/** Two places with the same port, as a database that fails over has them. */
const HERE = '127.0.0.1';
const THERE = '127.0.0.2';
let port: number;
const places: Server[] = [];
const accepted: Socket[] = [];

beforeAll(async () => {
  port = await freePort();
  for (const host of [HERE, THERE]) {
    const server = createServer((socket) => accepted.push(socket.on('error', () => {})));
    await new Promise<void>((resolve) => server.listen(port, host, resolve));
    places.push(server);
  }
});
afterAll(() => {
  for (const socket of accepted) socket.destroy();
  for (const place of places) place.close();
});

/** A process whose own child connects to the places and never reads. */
async function connectedTo(hosts: readonly string[]) {
  const script = `for (const host of ${JSON.stringify(hosts)}) {
    require('node:net').connect({ host, port: ${port}, allowHalfOpen: true }).on('connect', () => console.log('connected')).pause();
    setInterval(() => {}, 1e6);
  }`;
  const child = spawn(
    process.execPath,
    [
      '-e',
      `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(script)}], { stdio: 'inherit' });`,
    ],
    { detached: true, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let words = '';
  child.stdout.on('data', (chunk) => {
    words += chunk;
  });
  await expect.poll(() => words.split('connected').length - 1, { timeout: 10_000 }).toBe(hosts.length);
  const { pid = 0 } = child;
  return { pid, end: () => process.kill(-pid, 'SIGKILL') };
}

describe('the connections of a process and its descendants', () => {
  test('lead here, elsewhere, or have been closed', async () => {
    const { pid, end } = await connectedTo([HERE, HERE, THERE]);
    try {
      const look = whereabouts({ endpoints: [{ host: HERE, port }] });
      expect(await look(pid)).toEqual({ current: 2, elsewhere: 1, closed: 0 });
      const moved = whereabouts({ endpoints: [{ host: THERE, port }] });
      expect(await moved(pid)).toEqual({ current: 1, elsewhere: 2, closed: 0 });
      for (const socket of accepted.splice(0)) socket.end();
      await expect.poll(() => look(pid)).toEqual({ current: 0, elsewhere: 0, closed: 3 });
    } finally {
      end();
    }
  });

  test('to another port are not to the database', async () => {
    const { pid, end } = await connectedTo([HERE]);
    try {
      expect(await whereabouts({ endpoints: [{ host: HERE, port: port - 1 }] })(pid)).toEqual({
        current: 0,
        elsewhere: 0,
        closed: 0,
      });
    } finally {
      end();
    }
  });

  test('to one of two places where nobody answers any more lead elsewhere', async () => {
    const { pid, end } = await connectedTo([HERE, THERE]);
    const look = whereabouts({ endpoints: [HERE, THERE].map((host) => ({ host, port })) });
    try {
      expect(await look(pid)).toEqual({ current: 2, elsewhere: 0, closed: 0 });
      // Its connections stay, as those to a host that has lost its power.
      places.pop()?.close();
      expect(await look(pid)).toEqual({ current: 1, elsewhere: 1, closed: 0 });
    } finally {
      end();
    }
  });

  test('are not known when the name cannot be resolved, or the process is gone', async () => {
    const { pid, end } = await connectedTo([HERE]);
    expect(
      await whereabouts({ endpoints: [{ host: 'nowhere.invalid', port }], patienceMillis: 300 })(pid),
    ).toBeUndefined();
    end();
    await expect.poll(() => socketsOf(pid)).toBeUndefined();
    expect(await whereabouts({ endpoints: [{ host: HERE, port }] })(pid)).toBeUndefined();
  });
});

test('a process listens on all of its ports, or does not', async () => {
  const [own, other] = [await freePort(), await freePort()];
  const child = spawn(process.execPath, ['-e', `require('node:net').createServer().listen(${own})`], {
    stdio: 'ignore',
  });
  const { pid = 0 } = child;
  try {
    await expect.poll(() => listensOn(pid, [own]), { timeout: 10_000 }).toBe(true);
    expect(await listensOn(pid, [own, other])).toBe(false);
    // Somebody listens there, but not the process.
    expect(await listensOn(pid, [port])).toBe(false);
  } finally {
    child.kill('SIGKILL');
  }
});

test('the table of the kernel is read with both families', () => {
  const row = (local: string, remote: string, state: string, inode: number) =>
    `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0000000000000000 100 0 0 10 0`;
  const text = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    row('0100007F:0CEA', '00000000:0000', '0A', 1),
    row('0F02000A:A4D2', '0301A8C0:0CEA', '01', 2),
    row('0000000000000000FFFF00000200007F:0050', '0000000000000000FFFF00000100007F:9C40', '08', 3),
    row('B80D01200000000000000000010000FF:0050', '00000000000000000000000001000000:9C40', '06', 4),
  ].join('\n');
  expect(parseTable(text).map(({ local, remote, state, inode }) => [local, remote, state, inode])).toEqual([
    [{ address: '127.0.0.1', port: 3306 }, { address: '0.0.0.0', port: 0 }, 'listen', '1'],
    [{ address: '10.0.2.15', port: 42194 }, { address: '192.168.1.3', port: 3306 }, 'established', '2'],
    [{ address: '127.0.0.2', port: 80 }, { address: '127.0.0.1', port: 40000 }, 'closed-by-peer', '3'],
    [{ address: '2001:db8::ff00:1', port: 80 }, { address: '::1', port: 40000 }, 'other', '4'],
  ]);
});

test('socketsOf gives the addresses that the other end sees, in both families', async () => {
  for (const host of ['127.0.0.1', '::1']) {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('The server has no address');
    const client = connect(address.port, host);
    await new Promise((resolve) => client.once('connect', resolve));
    const found = await socketsOf(process.pid);
    expect(found).toContainEqual({
      local: { address: host, port: client.localPort },
      remote: { address: host, port: address.port },
      state: 'established',
    });
    client.destroy();
    server.close();
  }
});

test('a data source leads to the places that its keys name', () => {
  expect(endpointsOf({ dsn: { SERVER: 'db.example', PORT: '3307', DATABASE: 'x' } })).toEqual([
    { host: 'db.example', port: 3307 },
  ]);
  expect(endpointsOf({ dsn: { server: 'db.example' } })).toEqual([{ host: 'db.example', port: 3306 }]);
  expect(endpointsOf({ dsn: { SERVER: 'pair', HOST: 'a:2640, b,(fe80::1):2641,[::1]', DBN: 'x' } })).toEqual([
    { host: 'a', port: 2640 },
    { host: 'b', port: 2638 },
    { host: 'fe80::1', port: 2641 },
    { host: '::1', port: 2638 },
  ]);
});
