import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import { describe, expect, it } from 'vitest';
import {
  ConsolidatedRdsInstance,
  FarmExposure,
  MobiLinkImage,
  MobiLinkStream,
  MobiLinkSystem,
  type MobiLinkSystemProps,
  PrimaryTracker,
  RemoteRegistry,
} from '../../lib';

/** Databases and tracker in one stack, one system in each of the others. */
function estate() {
  const app = new App();
  const stateful = new Stack(app, 'Stateful');
  const vpc = new ec2.Vpc(stateful, 'Vpc');
  const databases = ['North', 'South'].map((id) => new ConsolidatedRdsInstance(stateful, id, { vpc }));
  const [north, south] = databases;
  if (!north || !south) throw new Error('there are two');
  const tracker = new PrimaryTracker(stateful, 'Tracker', { database: north });
  const stack = new Stack(app, 'Stateless');
  const system = (props: Partial<MobiLinkSystemProps> = {}) =>
    new MobiLinkSystem(stack, 'System', {
      vpc,
      database: south,
      tracker,
      image: MobiLinkImage.fromEcrRepository(ecr.Repository.fromRepositoryName(stack, 'Image', 'mobilink'), {
        tag: '17',
      }),
      streams: [MobiLinkStream.tcpip()],
      exposure: FarmExposure.internal({ clientCidrs: ['10.0.0.0/8'] }),
      ...props,
    });
  return { stateful, stack, tracker, south, system };
}

describe('a system whose tracker is shared', () => {
  it('has no tracker of its own, and its syncs are held back by its own database', () => {
    const { stateful, stack, tracker, south, system } = estate();
    const it_ = system({
      registry: new RemoteRegistry(stateful, 'Registry'),
      dispatch: { hostTagValue: 'shop' },
    });
    expect(it_.tracker).toBe(tracker);
    expect(it_.tracked.databaseId).toBe(south.databaseId);
    const template = Template.fromStack(stack);
    const functions = Object.values(template.findResources('AWS::Lambda::Function'));
    expect(
      functions.filter((it) => it.Properties.Environment?.Variables?.MOBILINK_PRIMARY_SOURCE !== undefined),
    ).toEqual([]);
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ MOBILINK_DATABASE_ID: south.databaseId }) },
    });
    expect(stateful.dependencies).toEqual([]);
  });

  it('refuses what only a tracker of its own can be told', () => {
    expect(() => estate().system({ trackerRemovalPolicy: RemovalPolicy.DESTROY })).toThrow(
      '[MobiLink:System:Tracker] trackerRemovalPolicy: means nothing beside tracker',
    );
  });
});
