import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import { describe, expect, it } from 'vitest';
import { ConsolidatedRdsCluster, ConsolidatedRdsEngine, ConsolidatedRdsInstance, MasterLogin } from '../../lib';

function stackWithVpc() {
  const stack = new Stack(new App(), 'Test');
  return { stack, vpc: new ec2.Vpc(stack, 'Vpc', { availabilityZones: ['a', 'b', 'c'] }) };
}

const KEPT = { withoutBlueGreenReason: 'upgraded in a night without syncs' };

describe('a master login that RDS keeps', () => {
  it('leaves neither a password nor a secret of the administrator in the stack of an instance', () => {
    const { stack, vpc } = stackWithVpc();
    const encryptionKey = new kms.Key(stack, 'Key');
    const masterLogin = MasterLogin.managedByRds(KEPT);
    const database = new ConsolidatedRdsInstance(stack, 'Consolidated', { vpc, masterLogin, encryptionKey });
    const template = Template.fromStack(stack);
    const key = { 'Fn::GetAtt': [Match.stringLikeRegexp('^Key'), 'Arn'] };
    template.hasResourceProperties('AWS::RDS::DBInstance', {
      MasterUsername: 'admin',
      ManageMasterUserPassword: true,
      MasterUserPassword: Match.absent(),
      MasterUserSecret: { KmsKeyId: key },
    });
    // The one that is left is the login of MobiLink.
    template.resourceCountIs('AWS::SecretsManager::Secret', 1);
    expect(stack.resolve(database.masterSecret.secretArn)).toEqual({
      'Fn::GetAtt': [expect.stringContaining('Instance'), 'MasterUserSecret.SecretArn'],
    });
  });

  it('is one of a cluster, too, which has no blue/green deployments to give up', () => {
    const { stack, vpc } = stackWithVpc();
    const encryptionKey = new kms.Key(stack, 'Key');
    const masterLogin = MasterLogin.managedByRds();
    const database = new ConsolidatedRdsCluster(stack, 'Consolidated', { vpc, masterLogin, encryptionKey });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::RDS::DBCluster', {
      MasterUsername: 'admin',
      ManageMasterUserPassword: true,
      MasterUserPassword: Match.absent(),
      MasterUserSecret: { KmsKeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Key'), 'Arn'] } },
    });
    template.resourceCountIs('AWS::SecretsManager::Secret', 1);
    expect(stack.resolve(database.masterSecret.secretArn)).toEqual({
      'Fn::GetAtt': [expect.stringContaining('Cluster'), 'MasterUserSecret.SecretArn'],
    });
  });

  it.each([undefined, ' '])('is refused for an instance with %o for a reason', (withoutBlueGreenReason) => {
    const { stack, vpc } = stackWithVpc();
    const masterLogin = MasterLogin.managedByRds({ withoutBlueGreenReason });
    expect(() => new ConsolidatedRdsInstance(stack, 'Consolidated', { vpc, masterLogin })).toThrow(
      /\[MobiLink:Consolidated:ManagedLogin\] masterLogin.withoutBlueGreenReason: .*blue\/green.* Fix: .*MasterLogin.generated\(\)/,
    );
  });

  it('needs no reason where there are no blue/green deployments', () => {
    const { stack, vpc } = stackWithVpc();
    const engine = ConsolidatedRdsEngine.oracleEnterprise();
    new ConsolidatedRdsInstance(stack, 'Consolidated', { vpc, engine, masterLogin: MasterLogin.managedByRds() });
    Template.fromStack(stack).hasResourceProperties('AWS::RDS::DBInstance', { ManageMasterUserPassword: true });
  });
});

describe('a master login that is generated', () => {
  it('is what a database has by itself', () => {
    const [given, byDefault] = [MasterLogin.generated(), undefined].map((masterLogin) => {
      const { stack, vpc } = stackWithVpc();
      new ConsolidatedRdsInstance(stack, 'Instance', { vpc, masterLogin });
      new ConsolidatedRdsCluster(stack, 'Cluster', { vpc, masterLogin });
      return Template.fromStack(stack).toJSON();
    });
    expect(given).toEqual(byDefault);
    expect(JSON.stringify(given)).not.toContain('ManageMasterUserPassword');
  });
});
