import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type CustomResource, Tags } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { generateLogin } from '../secret-access/generated-login';
import { fetching, secretIdOf } from '../secret-access/secret-access';
import { MEMBER_TAG, PAIR_TAG } from '../sql-anywhere/replacement-document';
import type { ISqlAnywhereDatabase } from '../sql-anywhere/sql-anywhere-database';
import { HostSetUp } from './host-set-up';
import { exchangeStatements } from './registry-exchange';
import type { RemoteDatabaseProps } from './remote-database-props';
import { DEFAULT_SET_UP_TIMEOUT, DEFAULT_TIME_LIMIT, validateRemote } from './remote-database-rules';
import { RemoteRegistrar } from './remote-registrar';

/**
 * A remote database on EC2: what makes a SQL Anywhere database one that synchronizes. Its hosts get the scripts of `host/`, the
 * configuration with the folder of the active log (the same path on both partners), credentials from secrets, and the events of
 * schedules inside; the database gets the user's SQL, once. The remote is in the registry for as long as it is deployed, with its present
 * hosts.
 *
 * A deployment changes what runs on the hosts and replaces none of them: an association of Systems Manager carries it out, and waits
 * until it succeeded. Secrets are read by the hosts again each half hour.
 *
 * Cost beside the database: 730 invocations of a small function a month. Systems Manager's associations are free for EC2 instances.
 */
export class RemoteDatabase extends Construct {
  /** The database. */
  public readonly database: ISqlAnywhereDatabase;

  /** As the registry and the runs know it: `<group>/<remoteName>`. */
  public readonly remote: string;

  /** The MobiLink user of this remote: JSON with `username` and `password`. */
  public readonly mobiLinkUser: secretsmanager.ISecret;

  /** The registration; what needs the remote to be set up depends on it. */
  public readonly registration: CustomResource;

  constructor(scope: Construct, id: string, props: RemoteDatabaseProps) {
    super(scope, id);
    validateRemote(this, props);
    const { database, registry, group, remoteName, triggers = [] } = props;
    this.database = database;
    this.remote = `${group}/${remoteName}`;
    const schedules = triggers.flatMap(({ insideSchedule }) => insideSchedule ?? []);

    this.mobiLinkUser =
      props.mobiLinkUser ??
      generateLogin(this, 'MobiLinkUser', {
        username: remoteName,
        notRotated:
          'The consolidated database has to learn a new password first, so it is changed by the operator and not by a calendar.',
      });
    database._holdsRemote();
    const files = props.sqlFiles.map((file, index) => new Asset(this, `Sql-${index + 1}`, { path: file }));
    const policy = new iam.Policy(this, 'HostPolicy', { roles: database.hosts.map(({ role }) => role) });
    policy.addStatements(
      ...fetching(this, [this.mobiLinkUser]),
      new iam.PolicyStatement({
        actions: ['s3:GetObject'],
        resources: files.map((asset) => asset.bucket.arnForObjects(asset.s3ObjectKey)),
      }),
    );
    if (props.outcomes && schedules.length > 0) {
      policy.addStatements(...exchangeStatements({ registry, outcomes: props.outcomes, group, remoteName }));
    }
    if (props.mobiLinkServers) {
      database.connections.allowToAnyIpv4(ec2.Port.tcp(props.mobiLinkServers.port), 'MobiLink servers');
    }
    this.tagHosts(props);

    const setUp = new HostSetUp(this, 'SetUp', {
      tags: [
        { key: PAIR_TAG, values: [database.databaseId] },
        { key: MEMBER_TAG, values: database.hosts.map(({ member }) => member) },
      ],
      configuration: {
        REMOTE: this.remote,
        PROFILE: props.profile,
        MOBILINK_PROTOCOL: props.mobiLinkServers?.protocol,
        MOBILINK_ADDRESS: props.mobiLinkServers?._communicationAddress(),
        TIME_LIMIT: String((props.timeLimit ?? DEFAULT_TIME_LIMIT).toSeconds()),
        FIRST_TIME_LIMIT: String(props.firstTimeLimit?.toSeconds() ?? 0),
      },
      schedules,
      registry,
      outcomes: props.outcomes,
      definition: [
        `REMOTE_SECRET=${secretIdOf(this.mobiLinkUser)}`,
        `DELETE_OLD_LOGS_DAYS=${database.logDays}`,
        ...files.map((asset, index) => `SQL=${index + 1} ${checksum(props.sqlFiles[index])} ${asset.s3ObjectUrl}`),
      ],
      waitFor: props.setUpTimeout ?? DEFAULT_SET_UP_TIMEOUT,
      // Both partners may be set up at once: what is defined in the database is defined by the primary.
      maxConcurrency: String(database.hosts.length),
      maxErrors: '0',
    });
    setUp.node.addDependency(policy, ...database.hosts.map((host) => host.group));

    this.registration = RemoteRegistrar.of(this, registry).register(this, {
      group,
      remoteName,
      autoScalingGroups: database.hosts.map((host) => host.group.autoScalingGroupName),
      profile: props.profile,
    });
    // Syncs are ordered as soon as it is registered.
    this.registration.node.addDependency(setUp);
  }

  /** Dispatchers command no host without their tag; hosts that are there already get it when they are replaced. */
  private tagHosts({ database, triggers = [] }: RemoteDatabaseProps): void {
    for (const { syncSchedule } of triggers) {
      if (!syncSchedule) continue;
      const { hostTagKey, hostTagValue } = syncSchedule.dispatcher;
      for (const host of database.hosts) Tags.of(host.group).add(hostTagKey, hostTagValue);
    }
  }
}

function checksum(file: string | undefined): string {
  return createHash('sha256')
    .update(readFileSync(file ?? ''))
    .digest('hex');
}
