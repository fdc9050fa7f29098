// Remotes on hosts that exist already, on EC2 and in stores (hybrid activations): set up and kept up to date by one association.
import { App, Duration, Stack, TimeZone } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { InsideSchedule, RemoteHosts, RemoteRegistry, SyncOutcomes, Weekday } from 'cdk-mobilink-ha';

const app = new App();
const stack = new Stack(app, 'MobiLink', { env: { region: 'eu-central-1' } });
const registry = new RemoteRegistry(stack, 'Registry', { shards: 16 });
const outcomes = new SyncOutcomes(stack, 'Outcomes', { registry });

// EC2 instances with the tag mobilink-ha:system=Shop-prod, commanded from the cloud: scripts and nothing else.
new RemoteHosts(stack, 'Central', { registry, hostTagValue: 'Shop-prod' });

// Stores that AWS reaches seldom: their databases start syncs themselves. Another time zone is another value of the tag.
const stores = new RemoteHosts(stack, 'StoresLisbon', {
  registry,
  outcomes,
  hostTagKey: 'mobilink-ha:stores',
  hostTagValue: 'lisbon',
  schedules: [
    InsideSchedule.every({
      name: 'lisbon-sales',
      interval: Duration.minutes(30),
      from: '08:00',
      to: '20:00',
      days: [Weekday.MONDAY, Weekday.TUESDAY, Weekday.WEDNESDAY, Weekday.THURSDAY, Weekday.FRIDAY, Weekday.SATURDAY],
      timeZone: TimeZone.of('Europe/Lisbon'),
    }),
  ],
});

// The role of the hybrid activation: what the agent needs, and what the hosts tell.
const role = new iam.Role(stack, 'HybridRole', {
  assumedBy: new iam.ServicePrincipal('ssm.amazonaws.com'),
  managedPolicies: [iam.ManagedPolicy.fromAwsManagedPolicyName('AmazonSSMManagedInstanceCore')],
});
stores.grantExchange(role);
