import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as events from 'aws-cdk-lib/aws-events';
import * as kms from 'aws-cdk-lib/aws-kms';
import { afterAll, describe, expect, it } from 'vitest';
import { ConsolidatedRdsInstance, PrimaryTracker } from '../../../lib';
import { type Deployment, deploy } from '../../../rehearsal/assembly/deployment';
import { readAssembly } from '../../../rehearsal/assembly/manifest';
import { DynamoDb } from '../../../rehearsal/cloud/dynamodb';
import { Authority } from '../../../rehearsal/world/authority';
import { describeTables } from '../../../rehearsal/world/descriptions';

const outputs: string[] = [];
afterAll(() => {
  for (const folder of outputs) rmSync(folder, { recursive: true, force: true });
});

/** A tracker whose table is under a key of the customer, with whatever else the case adds. */
async function deployed(add: (stack: Stack, tracker: PrimaryTracker, key: kms.Key) => void = () => {}) {
  const outdir = mkdtempSync(path.join(tmpdir(), 'mobilink-authority-'));
  outputs.push(outdir);
  const app = new App({ outdir });
  const stack = new Stack(app, 'Keyed');
  const key = new kms.Key(stack, 'Key');
  const database = new ConsolidatedRdsInstance(stack, 'Consolidated', { vpc: new ec2.Vpc(stack, 'Vpc') });
  const tracker = new PrimaryTracker(stack, 'Tracker', { database, encryptionKey: key });
  add(stack, tracker, key);
  app.synth();
  const deployment = deploy(readAssembly(outdir), { accountId: '111122223333', region: 'eu-central-1' });
  const role =
    deployment.ofType('AWS::IAM::Role').find((it) => it.logicalId.startsWith('TrackerTrackPrimaryRole'))?.arn ?? '';
  const authority = await Authority.load(deployment, [role]);
  return { deployment, role, authority, databaseId: database.databaseId };
}

function getItem(deployment: Deployment, databaseId: string) {
  const [table] = describeTables(deployment);
  return new DynamoDb(describeTables(deployment)).permissions('GetItem', {
    TableName: table?.name,
    Key: { databaseId: { S: databaseId } },
  });
}

describe('a call is allowed by the policies of the role and of the resource together', () => {
  it('reading a table under a key of the customer needs the key too, through DynamoDB only', async () => {
    const { deployment, role, authority, databaseId } = await deployed();
    const asked = getItem(deployment, databaseId);
    expect(asked.map((it) => it.action)).toEqual(['dynamodb:GetItem', 'kms:Decrypt']);
    for (const permission of asked) expect(authority.ofRole(role, permission)).toMatchObject({ allowed: true });
    const [, decrypt] = asked;
    const directly = { ...decrypt, action: 'kms:Decrypt', resource: decrypt?.resource ?? '', context: {} };
    expect(authority.ofRole(role, directly).allowed).toBe(false);
  });

  it('another database’s record is closed', async () => {
    const { deployment, role, authority } = await deployed();
    const [permission] = getItem(deployment, 'another');
    expect(permission && authority.ofRole(role, permission).allowed).toBe(false);
  });

  it('a policy on the table that denies wins', async () => {
    const { deployment, role, authority, databaseId } = await deployed((_stack, tracker) => {
      const table = tracker.table.node.defaultChild as import('aws-cdk-lib/aws-dynamodb').CfnTable;
      table.resourcePolicy = {
        policyDocument: {
          Version: '2012-10-17',
          Statement: [{ Effect: 'Deny', Principal: '*', Action: 'dynamodb:GetItem', Resource: '*' }],
        },
      };
    });
    const [permission] = getItem(deployment, databaseId);
    const verdict = permission && authority.ofRole(role, permission);
    expect(verdict).toMatchObject({ allowed: false, message: expect.stringContaining('explicit deny') });
  });

  it('a key whose own policy names nobody of the account is closed to the role', async () => {
    const { deployment, role, authority, databaseId } = await deployed((_stack, _tracker, key) => {
      const resource = key.node.defaultChild as kms.CfnKey;
      resource.keyPolicy = {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::999999999999:root' }, Action: 'kms:*', Resource: '*' },
        ],
      };
    });
    const [, decrypt] = getItem(deployment, databaseId);
    expect(decrypt && authority.ofRole(role, decrypt).allowed).toBe(false);
  });

  it('the bus’s own policy may deny its events', async () => {
    const { role, authority } = await deployed((stack) => {
      new events.CfnEventBusPolicy(stack, 'BusPolicy', {
        statementId: 'closed',
        statement: { Effect: 'Deny', Principal: '*', Action: 'events:PutEvents', Resource: '*', Sid: 'closed' },
      });
    });
    const permission = {
      action: 'events:PutEvents',
      resource: 'arn:aws:events:eu-central-1:111122223333:event-bus/default',
      context: { 'events:source': ['mobilink-ha'] },
    };
    expect(authority.ofRole(role, permission).allowed).toBe(false);
  });
});
