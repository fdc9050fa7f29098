import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { unlessConditionFails } from '../records/conditional-write';
import { toItem } from '../records/item';
import { groupShard } from '../records/names';
import type { Batch, Settlement } from '../records/sync-batch';
import type { Outcome } from '../records/sync-outcome';
import type { Remotes } from './ports';
import { SDK_LIMITS } from './sdk-limits';

const FAILURES: readonly Outcome[] = ['failed', 'not-primary', 'unreachable', 'deadline-missed'];

/** The registry's view of each remote: its latest outcome, whichever schedule ran. The ledger holds them all. */
export class RemoteOutcomes implements Remotes {
  private readonly client = new DynamoDBClient(SDK_LIMITS);

  constructor(private readonly table: string) {}

  public async note(batch: Batch, remoteName: string, settlement: Settlement): Promise<void> {
    const Key = toItem({ groupShard: groupShard(batch.group, batch.shard), remoteName });
    const latest = await this.update(Key, latestOutcome(batch.runId, settlement, isAttempted(batch, remoteName)));
    // Another run has ended since; that this one succeeded still counts.
    if (!latest && settlement.outcome === 'synchronized') await this.update(Key, olderSuccess(batch.runId, settlement));
  }

  private async update(Key: ReturnType<typeof toItem>, change: Change): Promise<boolean> {
    const write = this.client.send(new UpdateItemCommand({ TableName: this.table, Key, ...change }));
    // Already noted, outdated, or the remote has left the registry.
    return (await unlessConditionFails(write)) !== undefined;
  }
}

interface Change {
  readonly UpdateExpression: string;
  readonly ConditionExpression: string;
  readonly ExpressionAttributeValues: ReturnType<typeof toItem>;
}

/** The same settlement twice changes nothing; of two runs the later outcome stays, in one millisecond that of the greater id. */
export function latestOutcome(
  runId: string,
  { outcome, at, host, detail, forgetPrimary }: Settlement,
  attempted: boolean,
): Change {
  const failure = FAILURES.includes(outcome);
  const set = [
    'lastOutcome = :outcome',
    'lastOutcomeAt = :at',
    'lastRunId = :runId',
    ...(attempted ? ['lastAttemptAt = :at'] : []),
    ...(outcome === 'synchronized' ? ['lastSuccessAt = :at', 'consecutiveFailures = :none'] : []),
    ...(failure ? ['consecutiveFailures = if_not_exists(consecutiveFailures, :none) + :one'] : []),
    ...(host === undefined ? [] : ['primaryHost = :host']),
    ...(detail === undefined ? [] : ['lastDetail = :detail']),
  ];
  const remove = [...(detail === undefined ? ['lastDetail'] : []), ...(forgetPrimary ? ['primaryHost'] : [])];
  return {
    UpdateExpression: `SET ${set.join(', ')}${remove.length > 0 ? ` REMOVE ${remove.join(', ')}` : ''}`,
    ConditionExpression:
      'attribute_exists(remoteName) AND (attribute_not_exists(lastOutcomeAt) OR lastOutcomeAt < :at OR (lastOutcomeAt = :at AND lastRunId < :runId))',
    ExpressionAttributeValues: toItem({
      ':outcome': outcome,
      ':at': at,
      ':runId': runId,
      ':none': failure || outcome === 'synchronized' ? 0 : undefined,
      ':one': failure ? 1 : undefined,
      ':host': host,
      ':detail': detail,
    }),
  };
}

function olderSuccess(runId: string, { at }: Settlement): Change {
  return {
    UpdateExpression: 'SET lastSuccessAt = :at',
    ConditionExpression:
      'attribute_exists(remoteName) AND lastRunId <> :runId AND (attribute_not_exists(lastSuccessAt) OR lastSuccessAt < :at)',
    ExpressionAttributeValues: toItem({ ':at': at, ':runId': runId }),
  };
}

function isAttempted({ members }: Batch, name: string): boolean {
  return members.some(({ remoteName, targets }) => remoteName === name && targets.length > 0);
}
