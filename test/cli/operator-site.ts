import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { DIRECTORY_OUTPUT } from '../../cli/directory';
import { fromItem, toItem } from '../../lambda/records/item';
import { groupShard, shardOf } from '../../lambda/records/names';
import { Chance } from '../../rehearsal/cloud/chance';
import { DynamoDb } from '../../rehearsal/cloud/dynamodb';
import { OperatorDoor } from '../../rehearsal/cloud/operator-door';
import { operatorServices, type ServiceView } from '../../rehearsal/cloud/operator-services';
import { Sqs } from '../../rehearsal/cloud/sqs';

export const NOW = Date.parse('2026-11-23T12:00:00.000Z');
export const SHARDS = 4;
const ARNS = 'arn:aws:sqs:eu-central-1:111122223333';
const URLS = 'https://sqs.eu-central-1.amazonaws.com/111122223333';

export const minutesAgo = (minutes: number) => new Date(NOW - minutes * 60_000).toISOString();

const keys = (hash: string, range?: string) => ({
  keySchema: [{ AttributeName: hash, KeyType: 'HASH' }, ...(range ? [{ AttributeName: range, KeyType: 'RANGE' }] : [])],
  attributeDefinitions: [hash, ...(range ? [range] : [])].map((AttributeName) => ({
    AttributeName,
    AttributeType: 'S',
  })),
});

const table = (name: string, hash: string, range?: string) => ({
  name,
  arn: `arn:aws:dynamodb:eu-central-1:111122223333:table/${name}`,
  ...keys(hash, range),
});

const queue = (name: string) => ({
  name,
  arn: `${ARNS}:${name}`,
  url: `${URLS}/${name}`,
  delaySeconds: 0,
  visibilityTimeoutSeconds: 360,
  retentionSeconds: 345_600,
  maximumMessageBytes: 262_144,
});

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A system that its operator looks after, in real time, and the real bundle of the command. */
export class OperatorSite {
  public service: ServiceView = { desired: 2, running: 2, pending: 0, rollout: 'COMPLETED' };
  public readonly pings = new Map<string, 'Online' | 'ConnectionLost'>();
  public isEnabled = true;
  public readonly folder = mkdtempSync(path.join(tmpdir(), 'mobilink-cli-'));
  public readonly outputs = [
    { stackName: 'Shop', key: 'MobiLinkDirectory', value: 'CFN-Directory', description: DIRECTORY_OUTPUT },
    { stackName: 'Shop', key: 'Other', value: 'x' },
    { stackName: 'Empty', key: 'Other', value: 'x' },
  ];
  public readonly parameters = new Map([['CFN-Directory', JSON.stringify(directory())]]);

  private constructor(
    public readonly dynamoDb: DynamoDb,
    public readonly sqs: Sqs,
  ) {}

  public door!: OperatorDoor;

  public static async open(): Promise<OperatorSite> {
    const dynamoDb = new DynamoDb([
      table('primary', 'databaseId'),
      table('registry', 'groupShard', 'remoteName'),
      table('runs', 'runId', 'item'),
    ]);
    await dynamoDb.deploy();
    const sqs = new Sqs(['dispatch', 'dispatch-dlq', 'collect', 'collect-dlq'].map(queue), {
      clock: { now: () => NOW, at: () => {} } as never,
      chance: new Chance('operator'),
      arnPrefix: ARNS,
      onTrouble: () => {},
    });
    const site = new OperatorSite(dynamoDb, sqs);
    const services = operatorServices({
      outputs: site.outputs,
      parameters: site.parameters,
      service: () => site.service,
      ping: (host) => site.pings.get(host),
      schedule: (name) => (name === 'CFN-Hourly' ? site.isEnabled : undefined),
    });
    site.door = await OperatorDoor.open([...services, dynamoDb, sqs.standIn], () => NOW);
    return site;
  }

  public async close(): Promise<void> {
    await this.door.close();
    await this.dynamoDb.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  public put(tableName: string, item: object): Promise<void> {
    return this.dynamoDb.put(tableName, toItem(item) as never);
  }

  public async items(tableName: string): Promise<Record<string, unknown>[]> {
    return (await this.dynamoDb.items(tableName)).map((it) => fromItem(it as never));
  }

  /** What a queue holds. */
  public messages(name: string): unknown[] {
    return this.sqs
      .existing(`${ARNS}:${name}`)
      .messages()
      .map(({ body }) => JSON.parse(body));
  }

  public async primary(change: object = {}): Promise<void> {
    await this.put('primary', {
      databaseId: 'erp',
      epoch: 3,
      state: 'stable',
      primary: {
        memberId: 'db-ABC/eu-central-1b',
        availabilityZone: 'eu-central-1b',
        host: 'erp',
        port: 3306,
        addresses: [],
      },
      since: minutesAgo(300),
      stateSince: minutesAgo(300),
      observedAt: minutesAgo(0.5),
      cause: 'the source names it',
      announcedEpoch: 3,
      ...change,
    });
  }

  public async remote(name: string, change: object = {}, group = 'stores'): Promise<void> {
    await this.put('registry', {
      groupShard: groupShard(group, shardOf(name, SHARDS)),
      remoteName: name,
      hosts: ['i-0123456789abcdef0'],
      paused: false,
      lastOutcome: 'synchronized',
      lastSuccessAt: minutesAgo(20),
      lastOutcomeAt: minutesAgo(20),
      ...change,
    });
  }

  public async run(scheduledAt: string, change: object = {}): Promise<void> {
    await this.put('runs', {
      runId: `Hourly@${scheduledAt}`,
      item: 'run',
      schedule: 'Hourly',
      scheduledAt,
      startedAt: scheduledAt,
      shards: 4,
      expiresAt: 2_000_000_000,
      ...change,
    });
  }

  public async latest(scheduledAt: string): Promise<void> {
    await this.put('runs', { runId: 'latest@Hourly', item: 'run', scheduledAt, expiresAt: 2_000_000_000 });
  }

  public start(args: readonly string[], env: Record<string, string> = {}) {
    return spawn(process.execPath, ['assets/cli/index.js', ...args], {
      env: { PATH: process.env.PATH, HOME: this.folder, MOBILINK_HA_STACK: 'Shop', ...this.door.environment, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  public async call(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
    const child = this.start(args, env);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (text: Buffer) => (stdout += text));
    child.stderr.on('data', (text: Buffer) => (stderr += text));
    const code = await new Promise<number | null>((done) => child.once('close', done));
    return { code, stdout, stderr };
  }
}

function directory() {
  return {
    version: 1,
    farm: { cluster: 'farm', service: 'farm-service' },
    primary: { table: 'primary', databaseId: 'erp' },
    syncs: {
      registry: 'registry',
      shards: SHARDS,
      runs: 'runs',
      dispatch: `${URLS}/dispatch`,
      dispatchDeadLetters: `${URLS}/dispatch-dlq`,
      collect: `${URLS}/collect`,
      collectDeadLetters: `${URLS}/collect-dlq`,
      schedules: [
        {
          name: 'Hourly',
          schedule: 'CFN-Hourly',
          groups: ['stores'],
          hourGap: 1,
          deadlineSeconds: 3_000,
          timeLimitSeconds: 1_800,
          attempts: 3,
        },
      ],
    },
  };
}
