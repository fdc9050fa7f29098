import { existsSync } from 'node:fs';
import { Chance } from '../cloud/chance';
import { replaceChance } from './bootstrap-chance';
import { replaceNetwork } from './bootstrap-network';
import { captureOutput } from './bootstrap-output';
import { VirtualTime } from './bootstrap-time';
import { WorkUnderWay } from './bootstrap-work';
import type { FromProcess, ThrownError, ToProcess } from './protocol';

/*
 * Runs in the process of a function, before its untouched bundle is loaded, and replaces what the bundle takes for the world:
 * time, chance and the network. Lambda's own runtime interface is the last part: load, invoke, answer.
 */

type Handler = (payload: unknown, context: unknown, callback: (error: unknown, value?: unknown) => void) => unknown;

const realImmediate = setImmediate;
const send = (message: FromProcess) => process.send?.(message);
let handler: Handler | undefined;
let time: VirtualTime | undefined;
let work: WorkUnderWay | undefined;
let network: ReturnType<typeof replaceNetwork> | undefined;
/** Ends the invocation of a handler that gave no promise, once nothing is left that could call back. */
let endWhenIdle: (() => void) | undefined;

process.on('message', (message: ToProcess) => {
  switch (message.type) {
    case 'load':
      load(message);
      break;
    case 'invoke':
      time?.wakeAt(message.now);
      invoke(message);
      break;
    case 'advance':
      time?.moveTo(message.now);
      break;
    case 'probe':
      // Two turns of the real event loop: what a promise or a closed socket leads to has happened by then.
      realImmediate(() => realImmediate(() => report(message.number)));
      break;
    case 'resolved':
      network?.resolved(message.sequence, message.addresses);
      break;
    case 'connected':
      network?.connected(message.sequence, message.connection);
      break;
  }
});
// The rehearsal is gone, however it ended: nothing of it stays behind.
process.on('disconnect', () => process.exit(0));

function load({ bundle, handler: name, seed, now, wirePort }: Extract<ToProcess, { type: 'load' }>): void {
  time = new VirtualTime(now);
  work = new WorkUnderWay();
  captureOutput(send);
  replaceChance(new Chance(seed));
  network = replaceNetwork(wirePort, send);
  try {
    // The order in which Lambda's runtime looks for the module.
    const file = ['', '.js', '.mjs', '.cjs'].map((extension) => bundle + extension).find((it) => existsSync(it));
    if (!file) throw Object.assign(new Error(`Cannot find module '${bundle}'`), { name: 'Runtime.ImportModuleError' });
    const exported: Record<string, unknown> = require(file);
    const found = exported[name];
    if (typeof found !== 'function') {
      const missing = new Error(`${file} exports no function '${name}'`);
      throw Object.assign(missing, { name: 'Runtime.HandlerNotFound' });
    }
    handler = found as Handler;
    send({ type: 'loaded' });
  } catch (error) {
    send({ type: 'load-failed', error: describe(error) });
  }
}

function invoke({ requestId, deadline, payload, identity }: Extract<ToProcess, { type: 'invoke' }>): void {
  let ended = false;
  const end = (message: FromProcess) => {
    if (ended) return;
    ended = true;
    endWhenIdle = undefined;
    send(message);
  };
  const returned = (value: unknown) => end({ type: 'returned', requestId, value: value ?? null });
  const failed = (error: unknown) => end({ type: 'failed', requestId, error: describe(error) });
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
    if (isThenable(result)) result.then(returned, failed);
    else if (!ended) endWhenIdle = () => returned(null);
  } catch (error) {
    failed(error);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function report(number: number): void {
  const open = network?.open() ?? [];
  const busy = work?.any ?? false;
  const nextTimer = time?.nextTimer();
  if (open.length === 0 && !busy && nextTimer === undefined) endWhenIdle?.();
  send({ type: 'waiting', number, open, busy, nextTimer });
}

function describe(error: unknown): ThrownError {
  if (error instanceof Error) return { name: error.name, message: error.message, stack: error.stack };
  return { name: 'Error', message: String(error) };
}
