import { install } from '@sinonjs/fake-timers';
import { Chance } from '../cloud/chance';
import { replaceChance } from './bootstrap-chance';
import { replaceNetwork } from './bootstrap-network';
import type { FromProcess, ThrownError, ToProcess } from './protocol';

/*
 * Runs in the process of a function, before its untouched bundle is loaded, and replaces what the bundle takes for the world:
 * time, chance and the network. Lambda's own runtime interface is the last part: load, invoke, answer.
 */

type Handler = (payload: unknown, context: unknown, callback: (error: unknown, value?: unknown) => void) => unknown;

const realImmediate = setImmediate;
const send = (message: FromProcess) => process.send?.(message);
let handler: Handler | undefined;
let clock: ReturnType<typeof install> | undefined;
let network: ReturnType<typeof replaceNetwork> | undefined;

process.on('message', (message: ToProcess) => {
  switch (message.type) {
    case 'load':
      load(message);
      break;
    case 'invoke':
      moveTo(message.now);
      invoke(message);
      break;
    case 'advance':
      moveTo(message.now);
      break;
    case 'probe':
      // Two turns of the real event loop: what a promise or a closed socket leads to has happened by then.
      realImmediate(() => realImmediate(() => report(message.number)));
      break;
    case 'resolved':
      network?.resolved(message.sequence, message.addresses);
      break;
  }
});
// The rehearsal is gone, however it ended: nothing of it stays behind.
process.on('disconnect', () => process.exit(0));

function load({ bundle, handler: name, seed, now, wirePort }: Extract<ToProcess, { type: 'load' }>): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.write = (chunk: string | Uint8Array) => {
      send({ type: 'log', text: typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8') });
      return true;
    };
  }
  clock = install({
    now,
    toFake: ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'hrtime'],
  });
  replaceChance(new Chance(seed));
  network = replaceNetwork(wirePort, send);
  try {
    const exported: Record<string, unknown> = require(bundle);
    const found = exported[name];
    if (typeof found !== 'function') throw new Error(`${bundle} exports no function '${name}'`);
    handler = found as Handler;
    send({ type: 'loaded' });
  } catch (error) {
    send({ type: 'load-failed', error: describe(error) });
  }
}

function invoke({ requestId, deadline, payload, identity }: Extract<ToProcess, { type: 'invoke' }>): void {
  const returned = (value: unknown) => send({ type: 'returned', requestId, value: value ?? null });
  const failed = (error: unknown) => send({ type: 'failed', requestId, error: describe(error) });
  const context = {
    callbackWaitsForEmptyEventLoop: true,
    functionName: identity.functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: identity.functionArn,
    memoryLimitInMB: String(identity.memoryMiB),
    awsRequestId: requestId,
    logGroupName: identity.logGroup,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
  try {
    const result = handler?.(payload, context, (error, value) => (error ? failed(error) : returned(value)));
    if (result instanceof Promise) result.then(returned, failed);
  } catch (error) {
    failed(error);
  }
}

function moveTo(now: number): void {
  if (clock && now > clock.now) clock.tick(now - clock.now);
  else clock?.tick(0);
}

function report(number: number): void {
  send({
    type: 'waiting',
    number,
    open: network?.open() ?? [],
    busy: process.getActiveResourcesInfo().some((resource) => WORK.test(resource)),
    nextTimer: nextTimer(),
  });
}

/** Work of the real world that leads to something at this moment: files, compression, keys, connections being made. */
const WORK =
  /^(FSReq|FileHandle|GetAddrInfo|GetNameInfo|Zlib|Hash|Sign|Cipher|RandomBytes|KeyPair|SecretKey|TCPConnect|Write|Shutdown)/;

function nextTimer(): number | undefined {
  const timers = (clock as { timers?: Record<string, { callAt: number }> } | undefined)?.timers ?? {};
  const moments = Object.values(timers).map((timer) => timer.callAt);
  return moments.length === 0 ? undefined : Math.min(...moments);
}

function describe(error: unknown): ThrownError {
  if (error instanceof Error) return { name: error.name, message: error.message, stack: error.stack };
  return { name: 'Error', message: String(error) };
}
