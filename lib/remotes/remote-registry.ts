import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import { Construct, type IConstruct } from 'constructs';
import { requireWhole } from '../validation/bounds';
import { Problems } from '../validation/problems';

const DEFAULT_SHARDS = 4;
/** UNSOURCED: a run has one order a group and shard, and more of them are more messages without being quicker. */
const MOST_SHARDS = 1024;

/** The remotes that there are, and what their last syncs brought: a table of DynamoDB, one item a remote. */
export interface IRemoteRegistry extends IConstruct {
  /** Holds one item a remote: partition key `groupShard`, sort key `remoteName`. */
  readonly table: dynamodb.ITable;

  /** How many shards each group has. */
  readonly shards: number;

  /** The customer's key of the table, if it has one. */
  readonly encryptionKey?: kms.IKey;

  /** Lets somebody read remotes and what their last syncs brought: `GetItem`, and `Query` by shard. */
  grantRead(grantee: iam.IGrantable): iam.Grant;

  /** Lets somebody register, change, pause and remove remotes. It does not include reading them. */
  grantRegister(grantee: iam.IGrantable): iam.Grant;
}

/** A registry whose table exists already. */
export interface ExistingRegistryProps {
  /** The table, with partition key `groupShard` and sort key `remoteName`, both of type string. */
  readonly table: dynamodb.ITable;

  /** How many shards each group has; the number that its remotes were registered with. */
  readonly shards: number;

  /**
   * The customer's key of the table.
   *
   * @default - none: a key that AWS manages or owns
   */
  readonly encryptionKey?: kms.IKey;
}

/** Properties of a registry of remotes. */
export interface RemoteRegistryProps {
  /**
   * How many parts each group is divided into; 1 to 1024. A run reads and commands each part on its own, so a shard should
   * hold a few hundred to a few thousand remotes.
   *
   * Fixed when the registry is created, because it decides where a remote's item stands. Nothing can refuse a change at
   * deployment: with fewer shards the remotes of those that are gone are never ordered again; with more of them a remote
   * that is registered once more stands in two places and synchronizes twice. To change it, make a second registry,
   * register every remote there, and hand that one to the dispatcher.
   *
   * @default 4
   */
  readonly shards?: number;

  /**
   * Key of the table. Cost: one dollar a month and a price per request.
   *
   * @default - a key that AWS manages
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * What becomes of the table when the registry is removed.
   *
   * @default RemovalPolicy.RETAIN, with deletion protection: nothing else knows the remotes
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * The registry of remotes: which remote databases there are, by group, on which hosts they live, and what their last syncs
 * brought. It is filled by its owner and outlives every deployment of what orders the syncs, so it belongs beside the
 * consolidated database.
 *
 * Point-in-time recovery is on. Cost: about 1.1 writes a sync, half a read a remote and run, and storage of about one
 * kilobyte a remote.
 */
export class RemoteRegistry extends Construct implements IRemoteRegistry {
  /** A registry whose table exists already, in this account and Region. */
  public static fromTable(scope: Construct, id: string, props: ExistingRegistryProps): IRemoteRegistry {
    return new ExistingRegistry(scope, id, props);
  }

  public readonly table: dynamodb.ITable;
  public readonly shards: number;
  public readonly encryptionKey?: kms.IKey;

  constructor(scope: Construct, id: string, props: RemoteRegistryProps = {}) {
    super(scope, id);
    this.shards = props.shards ?? DEFAULT_SHARDS;
    this.encryptionKey = props.encryptionKey;
    requireShards(this, this.shards);
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    this.table = new dynamodb.Table(this, 'Remotes', {
      partitionKey: { name: 'groupShard', type: dynamodb.AttributeType.STRING },
      sortKey: { name: 'remoteName', type: dynamodb.AttributeType.STRING },
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      encryption: props.encryptionKey
        ? dynamodb.TableEncryption.CUSTOMER_MANAGED
        : dynamodb.TableEncryption.AWS_MANAGED,
      encryptionKey: props.encryptionKey,
      deletionProtection: removalPolicy !== RemovalPolicy.DESTROY,
      removalPolicy,
    });
  }

  public grantRead(grantee: iam.IGrantable): iam.Grant {
    return grant(this, grantee, READ);
  }

  public grantRegister(grantee: iam.IGrantable): iam.Grant {
    return grant(this, grantee, REGISTER);
  }
}

/** Never exported by name: users know it as an IRemoteRegistry. */
class ExistingRegistry extends Construct implements IRemoteRegistry {
  public readonly table: dynamodb.ITable;
  public readonly shards: number;
  public readonly encryptionKey?: kms.IKey;

  constructor(scope: Construct, id: string, props: ExistingRegistryProps) {
    super(scope, id);
    requireShards(this, props.shards);
    this.table = props.table;
    this.shards = props.shards;
    this.encryptionKey = props.encryptionKey;
  }

  public grantRead(grantee: iam.IGrantable): iam.Grant {
    return grant(this, grantee, READ);
  }

  public grantRegister(grantee: iam.IGrantable): iam.Grant {
    return grant(this, grantee, REGISTER);
  }
}

const READ = ['dynamodb:GetItem', 'dynamodb:Query'];
const REGISTER = ['dynamodb:BatchWriteItem', 'dynamodb:DeleteItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'];

/** On the side of whoever is let in, so that a registry of another stack never refers to it. */
function grant({ table, encryptionKey }: IRemoteRegistry, grantee: iam.IGrantable, actions: string[]): iam.Grant {
  if (encryptionKey) {
    iam.Grant.addToPrincipal({
      grantee,
      actions: ['kms:Decrypt'],
      resourceArns: [encryptionKey.keyArn],
      conditions: { StringEquals: { 'kms:ViaService': `dynamodb.${Stack.of(table).region}.amazonaws.com` } },
    });
  }
  return iam.Grant.addToPrincipal({ grantee, actions, resourceArns: [table.tableArn] });
}

function requireShards(scope: Construct, shards: number): void {
  const problems = new Problems(scope);
  requireWhole(problems, shards, {
    id: 'MobiLink:Registry:Shards',
    prop: 'shards',
    lowest: 1,
    highest: MOST_SHARDS,
    fix: 'leave it out for 4; 16 are plenty for ten thousand remotes',
  });
  problems.throwIfAny();
}
