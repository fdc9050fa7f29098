import type { Logger } from '@aws-lambda-powertools/logger';
import { asError, look, withDeadline } from './look';
import type { PollMetrics } from './metrics';
import { silenceOf } from './observation';
import type { PollOutcome } from './poll';
import { askForGroup, type Group, type GroupAnswer } from './rds-group';
import { type Read, readBatch } from './record-batch';
import type { Shared, Tracked, TrackedOfRds } from './tracked';
import type { Looked } from './watch';

/** What looks at many databases need beside the databases. */
export interface Looks {
  readonly shared: Shared;
  readonly metrics: PollMetrics;
  /** Of what is nobody's alone. */
  readonly logger: Logger;
}

/** One look at each of them, side by side: none waits for another. */
export async function lookAtEach(databases: readonly Tracked[], watch: string, { metrics }: Looks): Promise<Looked> {
  return lookedOf(
    await Promise.all(databases.map((it) => withDeadline((signal) => look(it, { watch }, metrics, signal)))),
  );
}

/** One look at each group, side by side. */
export async function lookAtGroups(
  groups: readonly Group<TrackedOfRds>[],
  watch: string,
  looks: Looks,
): Promise<Looked> {
  const all = await Promise.all(
    groups.map((group) =>
      group.members.length === 1 ? lookAtEach(group.members, watch, looks) : lookAtGroup(group, watch, looks),
    ),
  );
  return { handedOver: all.some((it) => it.handedOver), throttled: all.some((it) => it.throttled) };
}

/**
 * As poll.ts looks at one database, in the same order: the records are read before the source is asked, so that a write by anybody else
 * since then makes the write fail.
 */
function lookAtGroup(group: Group<TrackedOfRds>, watch: string, looks: Looks): Promise<Looked> {
  return withDeadline(async (signal) => {
    const reads = await readRecords(group, looks, signal);
    const isYounger = (read: Read) => 'record' in read && read.record?.watch !== undefined && read.record.watch > watch;
    if ([...reads.values()].some(isYounger)) return { handedOver: true, throttled: false };
    const answer = await ask(group, looks, signal);
    const outcomes = await Promise.all(
      group.members.map((it) =>
        look(it, { watch }, looks.metrics, signal, {
          read: async () => recordOf(reads.get(it.databaseId)),
          observe: () => answer.of(it.listed.identifier, signal),
        }),
      ),
    );
    return lookedOf(outcomes);
  });
}

/** Without any answer of the table no poll of the group comes to anything, and one line says so for all of them. */
async function readRecords(
  { members }: Group<TrackedOfRds>,
  { shared, logger }: Looks,
  signal: AbortSignal,
): Promise<Map<string, Read>> {
  const ids = members.map(({ databaseId }) => databaseId);
  try {
    return await readBatch(shared.dynamoDb, shared.table, ids, signal);
  } catch (error) {
    logger.error('the records could not be read', { databases: ids.length, error: asError(error) });
    return new Map(ids.map((id) => [id, { failure: error }]));
  }
}

async function ask(
  { kind, members }: Group<TrackedOfRds>,
  { shared, logger }: Looks,
  signal: AbortSignal,
): Promise<GroupAnswer> {
  const identifiers = members.map(({ listed }) => listed.identifier);
  const answer = await askForGroup(shared.rds, kind, identifiers, () => shared.now(), signal);
  if (answer.failure) {
    logger.warn('the source gave no answer', { databases: members.length, reason: silenceOf(answer.failure) });
  }
  return answer;
}

function recordOf(read: Read | undefined) {
  if (read && 'record' in read) return read.record;
  throw read?.failure ?? new Error('the record was not asked for');
}

function lookedOf(outcomes: readonly (PollOutcome | undefined)[]): Looked {
  return {
    handedOver: outcomes.some((it) => it?.handedOver),
    throttled: outcomes.some((it) => it?.observation?.kind === 'unknown' && it.observation.throttled === true),
  };
}
