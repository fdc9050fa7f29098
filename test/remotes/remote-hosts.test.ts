import { App, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { describe, expect, it } from 'vitest';
import { InsideSchedule, RemoteHosts, type RemoteHostsProps, RemoteRegistry, SyncOutcomes } from '../../lib';
import { linesOf } from './remote-fixture';
import { statementsOf } from './syncs-fixture';

const SCHEDULE = InsideSchedule.every({ name: 'hourly', interval: Duration.hours(1) });

function hosts(props: Partial<RemoteHostsProps> = {}, withOutcomes = true) {
  const stack = new Stack(new App(), 'Test', { env: { account: '111111111111', region: 'eu-central-1' } });
  const registry =
    props.registry ?? new RemoteRegistry(stack, 'Registry', { encryptionKey: new kms.Key(stack, 'Key') });
  const outcomes = withOutcomes ? new SyncOutcomes(stack, 'Outcomes', { registry }) : undefined;
  const it = new RemoteHosts(stack, 'Hosts', { registry, outcomes, hostTagValue: 'Shop-prod', ...props });
  return { stack, it, registry, outcomes };
}

describe('hosts of remotes that exist already', () => {
  it('are set up by their tag, few at a time, and deployments do not wait for them', () => {
    const { stack } = hosts({ schedules: [SCHEDULE] });
    const [association] = Object.values(Template.fromStack(stack).findResources('AWS::SSM::Association'));
    expect(association?.Properties).toMatchObject({
      Targets: [{ Key: 'tag:mobilink-ha:system', Values: ['Shop-prod'] }],
      MaxConcurrency: '10%',
      MaxErrors: '10%',
    });
    expect(association?.Properties.WaitForSuccessTimeoutSeconds).toBeUndefined();
  });

  it('keep the configuration of their owner, and get events, schedules and where to report', () => {
    const { stack } = hosts({ schedules: [SCHEDULE] });
    const template = Template.fromStack(stack);
    expect(linesOf(template, 'Configuration')).toEqual([]);
    expect(linesOf(template, 'Definition').map((line) => line.slice(0, 50))).toEqual([
      'EVENT=CREATE OR REPLACE EVENT "mobilink_ha_sync_ho',
      'EVENT=CREATE OR REPLACE EVENT "mobilink_ha_sync_ca',
    ]);
    expect(linesOf(template, 'Registry')).toHaveLength(4);
    expect(linesOf(template, 'Schedules')).toHaveLength(1);
  });

  it('may report and ask for pauses with the role that is given, and nothing else', () => {
    const { stack, it, registry, outcomes } = hosts({ schedules: [SCHEDULE] });
    it.grantExchange(new iam.Role(stack, 'HybridRole', { assumedBy: new iam.ServicePrincipal('ssm.amazonaws.com') }));
    const statements = statementsOf(Template.fromStack(stack), 'HybridRole');
    expect(statements.map(({ Action, Resource }) => [Action, Resource])).toEqual([
      ['sqs:SendMessage', stack.resolve(outcomes?.queue.queueArn)],
      ['dynamodb:BatchGetItem', stack.resolve(registry.table.tableArn)],
      ['kms:Decrypt', stack.resolve(registry.encryptionKey?.keyArn)],
    ]);
  });

  it('need nothing where syncs are dispatched', () => {
    const { stack, it } = hosts({}, false);
    const role = new iam.Role(stack, 'HybridRole', { assumedBy: new iam.ServicePrincipal('ssm.amazonaws.com') });
    it.grantExchange(role);
    expect(statementsOf(Template.fromStack(stack), 'HybridRole')).toEqual([]);
    expect(linesOf(Template.fromStack(stack), 'Registry')).toEqual([]);
  });

  it.each<[Partial<RemoteHostsProps>, string]>([
    [{ schedules: [SCHEDULE], outcomes: undefined }, 'MobiLink:RemoteHosts:Outcomes'],
    [{ hostTagValue: ' ' }, 'MobiLink:RemoteHosts:HostTagValue'],
    [{ maxConcurrency: '0' }, 'MobiLink:RemoteHosts:MaxConcurrency'],
    [{ maxErrors: '101%' }, 'MobiLink:RemoteHosts:MaxErrors'],
    [{ schedules: [SCHEDULE, SCHEDULE] }, 'MobiLink:InsideSchedule:NameTwice'],
  ])('refuse %j', (props, id) => {
    expect(() => hosts(props)).toThrow(`[${id}]`);
  });
});
