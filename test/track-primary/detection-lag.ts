import fc from 'fast-check';
import type { PrimaryRecord } from '../../lambda/records/primary-record';
import { decide } from '../../lambda/track-primary/core';
import { changes, type History } from './rds-history';

/*
 * How late the tracker knows of a change of primary, in simulated time: from the moment at which the RDS API tells of it to the record of
 * the new epoch, and from the beginning of the failover to the record that says so.
 *   node --import tsx test/track-primary/detection-lag.ts [HISTORIES] [SEED]
 */

const KINDS = [
  ['failover of an instance', 'instance', 'failover'],
  ['failover of a cluster', 'cluster', 'failover'],
  ['blue/green of an instance', 'instance', 'switch-over'],
  ['blue/green of a cluster', 'cluster', 'switch-over'],
] as const;

export interface Lag {
  readonly kind: string;
  readonly events: 'all' | 'none';
  /** Seconds after the API told, of each history. */
  readonly recorded: readonly number[];
  /** Seconds after the beginning, of each history in which it was seen before it was over. */
  readonly noticed: readonly number[];
  /** Calls of the RDS API an hour. */
  readonly callsPerHour: number;
}

/** Plays so many histories of each kind. */
export function detectionLags(histories: number, seed: number): Lag[] {
  return KINDS.flatMap(([kind, of, what]) =>
    (['all', 'none'] as const).map((events) => {
      const played = fc.sample(changes(of, what, events), { numRuns: histories, seed }).map(play);
      const hours = played.reduce((sum, { millis }) => sum + millis, 0) / 3_600_000;
      return {
        kind,
        events,
        recorded: played.map((it) => it.recorded / 1000),
        noticed: played.flatMap(({ noticed }) => (noticed === undefined ? [] : [noticed / 1000])),
        callsPerHour: played.reduce((sum, { calls }) => sum + calls, 0) / hours,
      };
    }),
  );
}

function play({ looks, spans }: History) {
  const [span] = spans;
  const [first] = looks;
  const last = looks.at(-1);
  if (!span || !first || !last) throw new Error('a history of nothing');
  let record: PrimaryRecord | undefined;
  let recorded: number | undefined;
  let noticed: number | undefined;
  for (const { at, observation, hint } of looks) {
    ({ record } = decide('main', record, observation, hint, at));
    if (record?.epoch === 2) recorded ??= at - span.told;
    if (at >= span.start && record?.state === 'failing-over') noticed ??= at - span.start;
  }
  if (recorded === undefined) throw new Error('a change of primary was never recorded');
  return { recorded, noticed, calls: looks.length, millis: last.at - first.at };
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

if (require.main === module) {
  const [histories = 1_000, seed = 1] = process.argv.slice(2).map(Number);
  console.info(`${histories} histories each, seed ${seed}, simulated seconds`);
  console.table(
    detectionLags(histories, seed).map(({ kind, events, recorded, noticed, callsPerHour }) => ({
      kind,
      events,
      'recorded p50': quantile(recorded, 0.5).toFixed(1),
      p99: quantile(recorded, 0.99).toFixed(1),
      max: Math.max(...recorded).toFixed(1),
      'noticed p50': quantile(noticed, 0.5).toFixed(1),
      'noticed in': `${((100 * noticed.length) / recorded.length).toFixed(0)} %`,
      'calls an hour': callsPerHour.toFixed(0),
    })),
  );
}
