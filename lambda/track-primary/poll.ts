import type { PrimaryRecord } from '../records/primary-record';
import { pointAlias } from './alias';
import { announcements } from './announcements';
import { decide } from './core';
import type { Hint, Observation } from './observation';
import type { Ports } from './ports';

/** The record is written at least this often, so that its reader sees that somebody looks. */
export const WRITE_AT_LEAST_EVERY = 50_000;
/** How often one poll begins again when another invocation wrote in between. */
const TRIES = 3;

export interface PollOutcome {
  readonly record: PrimaryRecord | undefined;
  readonly observation?: Observation;
  /** The change of primary that this poll wrote. */
  readonly newEpoch?: number;
  /** Whether this poll wrote another state. */
  readonly newState?: boolean;
  /** Why what the record tells could not be announced; the next poll tries again. */
  readonly unannounced?: unknown;
  /** Why the alias could not be led to the primary; the next poll tries again. */
  readonly unaliased?: unknown;
  /** A younger watch has taken over; this one ends. */
  readonly handedOver: boolean;
}

export interface PollInput {
  readonly databaseId: string;
  readonly hint?: Hint;
  /** The scheduled time of this watch; absent when an event asked for the poll. */
  readonly watch?: string;
  /** Whoever wrote in between has just looked too: this poll ends there. It saw the source by a question that it cannot ask again alone. */
  readonly looksOnce?: boolean;
}

/**
 * One look: read the record, observe the source, decide, write, tell. In this order, so that a write by anybody else since
 * the record was read makes the write fail, and the observation, which may be older than that write, is thrown away.
 */
export async function poll(ports: Ports, input: PollInput, signal: AbortSignal): Promise<PollOutcome> {
  for (let attempt = 1; ; attempt++) {
    const read = await ports.records.read(signal);
    if (input.watch && read?.watch && read.watch > input.watch) return { record: read, handedOver: true };

    const observation = await ports.source.observe(signal);
    const decision = decide(input.databaseId, read, observation, input.hint, ports.now());
    const next = decision.record && withWatch(decision.record, input.watch);
    const write = next && (decision.changed || next.watch !== read?.watch || isOld(read, next));
    if (write && !(await ports.records.replace(read, next, signal))) {
      if (input.looksOnce) return { record: read, observation, handedOver: false };
      if (attempt < TRIES) continue;
      throw new Error(`The primary record was written by others ${TRIES} times in one poll; the next poll looks again`);
    }
    const record = write ? next : read;
    const newEpoch = write && next.epoch !== read?.epoch ? next.epoch : undefined;
    const newState = write && next.state !== read?.state;
    const failures = record && (await tell(ports, record, signal));
    return { record, observation, newEpoch, newState, ...failures, handedOver: false };
  }
}

function withWatch(record: PrimaryRecord, watch: string | undefined): PrimaryRecord {
  return watch && (record.watch === undefined || record.watch < watch) ? { ...record, watch } : record;
}

function isOld(read: PrimaryRecord | undefined, next: PrimaryRecord): boolean {
  // Also when the record is of the future: then the clock that wrote it was wrong.
  return !read || Math.abs(Date.parse(next.observedAt) - Date.parse(read.observedAt)) >= WRITE_AT_LEAST_EVERY;
}

/** Both ways at once and neither for want of the other. */
async function tell(
  ports: Ports,
  record: PrimaryRecord,
  signal: AbortSignal,
): Promise<Pick<PollOutcome, 'unannounced' | 'unaliased'>> {
  const [announced, aliased] = await Promise.allSettled([
    announceAll(ports, record, signal),
    pointAlias(ports, record, signal),
  ]);
  return {
    unannounced: announced.status === 'rejected' ? announced.reason : undefined,
    unaliased: aliased.status === 'rejected' ? aliased.reason : undefined,
  };
}

/** What is due is announced until it is noted as announced: at least once, whenever the function was killed. */
async function announceAll(ports: Ports, record: PrimaryRecord, signal: AbortSignal): Promise<void> {
  const due = announcements(record);
  if (due.length === 0) return;
  for (const announcement of due) await ports.announcer.announce(announcement, signal);
  await ports.records.noteAnnounced(record, signal);
}
