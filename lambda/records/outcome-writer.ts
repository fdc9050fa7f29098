import { DynamoDBClient, type DynamoDBClientConfig, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { unlessConditionFails } from './conditional-write';
import { toItem } from './item';
import { groupShard } from './names';
import type { Settlement } from './sync-batch';
import type { Outcome } from './sync-outcome';

const FAILURES: readonly Outcome[] = ['failed', 'not-primary', 'unreachable', 'deadline-missed'];

export interface RemoteKey {
  readonly group: string;
  readonly shard: number;
  readonly remoteName: string;
}

/** How one run ended for one remote. */
export interface Ending {
  readonly runId: string;
  readonly settlement: Settlement;
  /** Whether a sync was ordered or begun at all. */
  readonly attempted: boolean;
}

/**
 * Writes outcomes into the registry: of each remote the latest one, whoever started its syncs. No write reads before, so any number of
 * writers may tell of one remote at once.
 *
 * Told late, often or in any order: the latest outcome stays, and the latest success. Neither goes back. What cannot be decided without a
 * memory of outcomes past is `consecutiveFailures`. It is exact where the latest success and what came after it were told in their order,
 * repeated or not, whatever older is told in between. Otherwise a failure that is told after a later outcome is not counted, for it may be
 * a repetition; and a success that is told after a later failure leaves the count as it was, until the next success.
 */
export class OutcomeWriter {
  private readonly client: DynamoDBClient;

  constructor(
    private readonly table: string,
    limits: DynamoDBClientConfig,
  ) {
    this.client = new DynamoDBClient(limits);
  }

  /** False when it changes nothing: it is there, a later one is, or the remote has left the registry. */
  public async note({ group, shard, remoteName }: RemoteKey, ending: Ending): Promise<boolean> {
    const Key = toItem({ groupShard: groupShard(group, shard), remoteName });
    if (await this.update(Key, latestOutcome(ending))) return true;
    // Another run has ended since; that this one succeeded still counts.
    return ending.settlement.outcome === 'synchronized' && this.update(Key, olderSuccess(ending.settlement));
  }

  private async update(Key: ReturnType<typeof toItem>, change: Change): Promise<boolean> {
    const write = this.client.send(new UpdateItemCommand({ TableName: this.table, Key, ...change }));
    return (await unlessConditionFails(write)) !== undefined;
  }
}

interface Change {
  readonly UpdateExpression: string;
  readonly ConditionExpression: string;
  readonly ExpressionAttributeValues: ReturnType<typeof toItem>;
}

/** The same settlement twice changes nothing; of two runs the later outcome stays, in one millisecond that of the greater id. */
function latestOutcome({ runId, settlement, attempted }: Ending): Change {
  const { outcome, at, host, detail, forgetPrimary } = settlement;
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

/** Also of the run that failed since: a database synchronizes a slot once more after a failover. */
function olderSuccess({ at }: Settlement): Change {
  return {
    UpdateExpression: 'SET lastSuccessAt = :at',
    ConditionExpression:
      'attribute_exists(remoteName) AND (attribute_not_exists(lastSuccessAt) OR lastSuccessAt < :at)',
    ExpressionAttributeValues: toItem({ ':at': at }),
  };
}
