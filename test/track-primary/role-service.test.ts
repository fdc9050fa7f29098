import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { reportOf } from '../../lambda/track-primary/observation';
import { ANSWER_TIMEOUT, askRole, LONGEST_ANSWER } from '../../lambda/track-primary/role-service';
import { SqlAnywherePair } from '../../lambda/track-primary/sql-anywhere-pair';
import { LoopbackRoleService } from './loopback-role-service';
import { FIRST, lineOf, OTHER, PAIR } from './pair-lines';

/* The adapter against real HTTP servers on loopback addresses. */

let first: LoopbackRoleService;
let other: LoopbackRoleService;
const never = new AbortController().signal;
const line = (server: string, role: string) => () => lineOf({ server, role, clock: Date.now() });

beforeAll(async () => {
  first = await LoopbackRoleService.start('127.0.0.11');
  other = await LoopbackRoleService.start('127.0.0.12', first.port);
});

afterAll(() => Promise.all([first.stop(), other.stop()]));

beforeEach(() => {
  for (const it of [first, other]) it.paths.length = 0;
  first.say(line(FIRST, 'primary'));
  other.say(line(OTHER, 'mirror'));
});

function pair(hosts = [first.host, other.host]) {
  const members = PAIR.members.map((member, index) => ({ ...member, host: hosts[index] ?? '' }));
  return new SqlAnywherePair({ ...PAIR, members, rolePort: first.port }, () => Date.now());
}

/** What is known of the first partner, while the other one is heard. */
async function saidOfFirst(host: string) {
  const [{ answer } = { answer: undefined }, mirror] = (await pair([host, other.host]).observe(never)).partners;
  expect(mirror && reportOf(mirror)).toMatchObject({ role: 'mirror' });
  return answer;
}

it('asks both, by the path of the service, and tells what each said, where it was and how far its clock is off', async () => {
  const before = Date.now();
  const seen = await pair().observe(never);
  expect(seen).toMatchObject({ kind: 'pair', candidate: undefined });
  expect(seen.at).toBeGreaterThanOrEqual(before);
  expect(seen.partners).toMatchObject([
    { member: { memberId: FIRST, host: first.host, port: 2638 }, answer: { role: 'primary', address: first.host } },
    { member: { memberId: OTHER, host: other.host, port: 2638 }, answer: { role: 'mirror', address: other.host } },
  ]);
  for (const partner of seen.partners) expect(reportOf(partner)?.clockSkew).toBeLessThan(1_000);
  expect([first.paths, other.paths]).toEqual([['/mobilink_ha_role'], ['/mobilink_ha_role']]);
});

const behaviours: [what: string, behave: (response: ServerResponse) => void, reason: string][] = [
  ['hangs', () => {}, 'no answer in 2 s'],
  ['begins and hangs', (response) => void response.write('server=consolidated_first;role=primary'), 'no answer in 2 s'],
  ['drips', drip, 'no answer in 2 s'],
  ['says 503', (response) => void response.writeHead(503).end(line(FIRST, 'primary')()), 'status 503'],
  ['says 404', (response) => void response.writeHead(404).end(), 'status 404'],
  ['says 204', (response) => void response.writeHead(204).end(), 'status 204'],
  ['says 401', (response) => void response.writeHead(401).end(line(FIRST, 'primary')()), 'status 401'],
  [
    'redirects',
    (response) =>
      void response.writeHead(302, { location: `http://${other.host}:${other.port}/mobilink_ha_role` }).end(),
    'status 302',
  ],
  ['is garbage', (response) => void response.end('\u0000\u0001�garbage'), 'not the line'],
  ['is empty', (response) => void response.end(), 'not the line'],
  [
    'is a line and more',
    (response) => void response.end(`${line(FIRST, 'primary')()}\n${'x'.repeat(500)}`),
    'not the line',
  ],
  ['is huge', (response) => void response.end('x'.repeat(LONGEST_ANSWER + 1)), 'more than 4096 bytes'],
  ['never ends', flood, 'more than 4096 bytes'],
  ['is that of the other server', (response) => void response.end(line(OTHER, 'mirror')()), `the server ${OTHER}`],
  [
    'breaks off',
    (response) => void response.writeHead(200, { 'content-length': '500' }).write('server=', () => response.destroy()),
    'ECONNRESET',
  ],
  ['is a reset', (response) => void response.socket?.resetAndDestroy(), 'ECONNRESET'],
  ['is no HTTP', (response) => void response.socket?.end('220 smtp\r\n'), 'HPE_'],
];

function drip(response: ServerResponse): void {
  const timer = setInterval(() => response.write('s'), 50);
  response.on('close', () => clearInterval(timer));
}

function flood(response: ServerResponse): void {
  response.on('error', () => {});
  const more = () => {
    while (!response.destroyed && response.write('x'.repeat(65_536)));
  };
  response.on('drain', more);
  more();
}

describe('unknown, while the other one is heard, is a partner whose answer', () => {
  it.concurrent.each(behaviours)('%s', async (_what, behave, reason) => {
    // Each at an address of its own, so that those that hang hang at the same time.
    const service = await LoopbackRoleService.start(
      `127.0.1.${10 + behaviours.findIndex(([, it]) => it === behave)}`,
      first.port,
    );
    service.behave = behave;
    try {
      const answer = await saidOfFirst(service.host);
      expect(answer).toEqual({ unknown: expect.stringContaining(reason) });
    } finally {
      await service.stop();
    }
  });

  it('nobody gives: the port is closed', async () => {
    expect(await saidOfFirst('127.0.0.13')).toEqual({ unknown: expect.stringContaining('ECONNREFUSED') });
  });

  it('nobody could ask for: the name is none', async () => {
    expect(await saidOfFirst('no such host')).toEqual({ unknown: expect.any(String) });
  });
});

it('an answer of exactly the limit is read', async () => {
  first.behave = (response) => void response.end('x'.repeat(LONGEST_ANSWER));
  expect((await askRole(first.host, first.port, never)).text).toHaveLength(LONGEST_ANSWER);
});

it('ends when the poll ends, before its own time is up', async () => {
  for (const it of [first, other]) it.behave = () => {};
  const poll = new AbortController();
  const began = performance.now();
  const looking = pair().observe(poll.signal);
  setTimeout(() => poll.abort(), 20);
  const { partners } = await looking;
  expect(performance.now() - began).toBeLessThan(ANSWER_TIMEOUT);
  expect(partners.map(({ answer }) => answer)).toEqual([
    { unknown: expect.stringContaining('abort') },
    { unknown: expect.stringContaining('abort') },
  ]);
});

it('remembers a lone claim for the look that follows, and nothing else', async () => {
  other.behave = (response) => void response.writeHead(503).end();
  const it = pair();
  const [seen, next] = [await it.observe(never), await it.observe(never)];
  expect(seen.candidate).toBeUndefined();
  expect(next.candidate).toEqual({ memberId: FIRST, seenAt: new Date(seen.at).toISOString() });
  other.say(line(OTHER, 'mirror'));
  await it.observe(never);
  expect((await it.observe(never)).candidate).toBeUndefined();
});
