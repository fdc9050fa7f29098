import { Duration, Stack } from 'aws-cdk-lib';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { BundledFunction } from '../bundled-function/bundled-function';
import { secretIdOf, secretResourceOf } from '../secret-access/secret-access';

export interface CertificateRolloverProps {
  readonly cluster: ecs.ICluster;
  readonly service: ecs.FargateService;
  /** Identities of streams, and their passwords. */
  readonly secrets: secretsmanager.ISecret[];
  readonly logRetention?: logs.RetentionDays;
}

/** Without a trail in the account no event comes; then a new certificate is in use within this time and a deployment. */
const LOOK_AGAIN = Duration.hours(1);

/** Calls that make another version the current one (AWS Secrets Manager User Guide, "Log AWS Secrets Manager events with AWS CloudTrail"). */
const CHANGES = ['PutSecretValue', 'RotationSucceeded', 'UpdateSecret', 'UpdateSecretVersionStage'];

/**
 * Replaces the servers one after another when the identity of a stream is another one, since mlsrv17 reads it at its start. Those that go
 * finish their syncs. Cost: 730 invocations a month, each with two or three calls.
 */
export class CertificateRollover extends Construct {
  constructor(scope: Construct, id: string, props: CertificateRolloverProps) {
    super(scope, id);
    const { cluster, service, secrets } = props;
    const names = [...new Set(secrets.map(secretIdOf))];
    const roller = new BundledFunction(this, 'RollServers', {
      bundle: 'roll-servers',
      description: 'Replaces the MobiLink servers when the certificate of a stream has changed',
      memorySize: 256,
      timeout: Duration.minutes(1),
      environment: {
        MOBILINK_CLUSTER: cluster.clusterArn,
        MOBILINK_SERVICE: service.serviceName,
        MOBILINK_IDENTITY_SECRETS: Stack.of(this).toJsonString(names),
      },
      logRetention: props.logRetention ?? logs.RetentionDays.THREE_MONTHS,
    });
    roller.allow(['ecs:DescribeServices', 'ecs:UpdateService'], [service.serviceArn]);
    roller.allow(['secretsmanager:DescribeSecret'], [...new Set(secrets.map(secretResourceOf))]);
    const rule = new events.Rule(this, 'SecretChanged', {
      description: 'The certificate of a stream may have changed',
      schedule: events.Schedule.rate(LOOK_AGAIN),
      eventPattern: {
        source: ['aws.secretsmanager'],
        detailType: ['AWS API Call via CloudTrail', 'AWS Service Event via CloudTrail'],
        detail: {
          eventName: CHANGES,
          $or: [{ requestParameters: { secretId: names } }, { additionalEventData: { SecretId: names } }],
        },
      },
    });
    rule.addTarget(new targets.LambdaFunction(roller.function));
  }
}
