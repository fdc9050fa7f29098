import type { PollMetrics } from './metrics';
import { type Observation, silenceOf, silentPartners } from './observation';
import { type PollInput, type PollOutcome, poll } from './poll';
import type { Ports } from './ports';
import type { Tracked } from './tracked';

/** One poll with all its calls ends before the next one is due. */
const POLL_DEADLINE = 9_000;

/** What a look at several databases has found out for this one already. */
export interface FoundOut {
  readonly read: Ports['records']['read'];
  readonly observe: Ports['source']['observe'];
}

/** Gives work its deadline. Every look has one of its own, so that one that hangs spoils no other. */
export async function withDeadline<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), POLL_DEADLINE);
  try {
    return await work(deadline.signal);
  } finally {
    clearTimeout(timer);
  }
}

/** One look at one database that never throws: what failed is logged and counted, and the next look sees more. */
export async function look(
  database: Tracked,
  input: Omit<PollInput, 'databaseId'>,
  metrics: PollMetrics,
  signal: AbortSignal,
  foundOut?: FoundOut,
): Promise<PollOutcome | undefined> {
  const { databaseId, ports, logger } = database;
  let outcome: PollOutcome | undefined;
  try {
    outcome = foundOut
      ? await poll(knowing(ports, foundOut), { ...input, databaseId, looksOnce: true }, signal)
      : await poll(ports, { ...input, databaseId }, signal);
    // Why many databases got no answer is logged by whoever asked for all of them.
    report(database, outcome, foundOut === undefined);
  } catch (error) {
    logger.error('a poll failed', { error: asError(error) });
  }
  if (!outcome?.handedOver) metrics.publish(databaseId, outcome, ports.now());
  return outcome;
}

function knowing(ports: Ports, { read, observe }: FoundOut): Ports {
  const { records } = ports;
  return {
    ...ports,
    records: {
      read,
      replace: (...args) => records.replace(...args),
      noteAnnounced: (...args) => records.noteAnnounced(...args),
    },
    source: { observe },
  };
}

/** One line a change and one a failure. */
function report({ logger }: Tracked, outcome: PollOutcome, tellsSilence: boolean): void {
  const { observation, newEpoch, newState, unannounced, unaliased, record } = outcome;
  const silence = tellsSilence && observation ? silenceOf(observation) : undefined;
  if (silence !== undefined) logger.warn('the source gave no answer', { reason: silence });
  if (newEpoch !== undefined) {
    logger.info('a new primary', { epoch: newEpoch, primary: record?.primary, cause: record?.cause });
  }
  if (newState) {
    const { state, epoch, cause } = record ?? {};
    logger.info('a new state', { state, epoch, cause, ...silent(observation) });
  }
  if (unannounced !== undefined) {
    logger.error('what the record tells could not be announced', { error: asError(unannounced) });
  }
  if (unaliased !== undefined) logger.error('the alias could not be written', { error: asError(unaliased) });
}

/** Of a pair, whose answer was missing; a mirror that serves no HTTP would fill the log if each look told of it. */
function silent(observation: Observation | undefined): { unanswered?: string[] } {
  return observation?.kind === 'pair' ? { unanswered: silentPartners(observation) } : {};
}

export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
