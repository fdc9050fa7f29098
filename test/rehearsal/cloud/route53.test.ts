import {
  ChangeResourceRecordSetsCommand,
  InvalidChangeBatch,
  NoSuchHostedZone,
  type ResourceRecordSet,
  Route53Client,
} from '@aws-sdk/client-route-53';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Route53 } from '../../../rehearsal/cloud/route53';
import { SdkDoor } from './sdk-door';

const ZONE = { id: 'ZPAIR', arn: 'arn:aws:route53:::hostedzone/ZPAIR', name: 'pair.internal.', vpcIds: ['vpc-1'] };

let door: SdkDoor;
let route53: Route53;
let client: Route53Client;
beforeEach(async () => {
  door = new SdkDoor();
  route53 = new Route53([ZONE], door.clock);
  await door.open(route53.standIn);
  client = new Route53Client(door.settings);
  door.number(client.middlewareStack);
});
afterEach(() => door.close());

const alias = (host: string, more: Partial<ResourceRecordSet> = {}): ResourceRecordSet => ({
  Name: 'Primary.pair.internal',
  Type: 'CNAME',
  TTL: 5,
  ResourceRecords: [{ Value: host }],
  ...more,
});

function change(set: ResourceRecordSet, Action: 'CREATE' | 'DELETE' | 'UPSERT' = 'UPSERT', HostedZoneId = ZONE.id) {
  const ChangeBatch = { Changes: [{ Action, ResourceRecordSet: set }] };
  return door.answer(client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId, ChangeBatch })));
}

it('changes a record for the real client, and its name leads there in the VPCs of the zone only', async () => {
  route53.changeBy(ZONE.id, [
    { Action: 'UPSERT', ResourceRecordSet: { ...alias('10.0.0.7'), Name: 'a.pair.internal', Type: 'A' } as never },
  ]);
  const { ChangeInfo } = await change(alias('a.pair.internal'), 'UPSERT', '/hostedzone/ZPAIR');
  expect(ChangeInfo).toMatchObject({ Id: '/change/C2', Status: 'PENDING', SubmittedAt: expect.any(Date) });
  expect(route53.recordOf(ZONE.id, 'primary.pair.internal', 'CNAME')).toMatchObject({
    ttl: 5,
    values: ['a.pair.internal'],
  });
  expect(route53.resolve('primary.PAIR.internal', 'vpc-1')).toEqual(['10.0.0.7']);
  expect(route53.resolve('primary.pair.internal', 'vpc-2')).toBeUndefined();
  expect(route53.resolve('primary.pair.internal', undefined)).toBeUndefined();
  expect(route53.resolve('nobody.pair.internal', 'vpc-1')).toEqual([]);
  expect(route53.holds('notpair.internal')).toBe(false);
});

it('asks IAM for names without capitals and final dots, types and actions', async () => {
  await change(alias('a.pair.internal', { Name: 'Primary.pair.internal.' }));
  expect(door.asked).toEqual([
    {
      action: 'route53:ChangeResourceRecordSets',
      resource: ZONE.arn,
      context: {
        'route53:ChangeResourceRecordSetsNormalizedRecordNames': ['primary.pair.internal'],
        'route53:ChangeResourceRecordSetsRecordTypes': ['CNAME'],
        'route53:ChangeResourceRecordSetsActions': ['UPSERT'],
      },
    },
  ]);
  door.denied = 'route53:ChangeResourceRecordSets';
  await expect(change(alias('b.pair.internal'))).rejects.toMatchObject({ name: 'AccessDenied' });
  expect(route53.recordOf(ZONE.id, 'primary.pair.internal', 'CNAME')?.values).toEqual(['a.pair.internal']);
});

it.each<[what: string, set: ResourceRecordSet, action: 'CREATE' | 'DELETE' | 'UPSERT', why: RegExp]>([
  ['a name of another zone', alias('x', { Name: 'primary.other.internal' }), 'UPSERT', /not permitted in zone/],
  ['a CNAME with two values', alias('x', { ResourceRecords: [{ Value: 'x' }, { Value: 'y' }] }), 'UPSERT', /one value/],
  ['no values', alias('x', { ResourceRecords: [] }), 'UPSERT', /no TTL or no values/],
  ['a CNAME beside an address', alias('x', { Name: 'a.pair.internal' }), 'UPSERT', /another type/],
  ['what is not there, to be deleted', alias('x'), 'DELETE', /not found/],
])('refuses %s', async (_what, set, action, why) => {
  route53.changeBy(ZONE.id, [
    { Action: 'UPSERT', ResourceRecordSet: { ...alias('10.0.0.7'), Name: 'a.pair.internal', Type: 'A' } as never },
  ]);
  const refused = change(set, action);
  await expect(refused).rejects.toThrow(why);
  await expect(refused).rejects.toBeInstanceOf(InvalidChangeBatch);
});

it('creates once, deletes, and knows no other zone', async () => {
  await change(alias('x'), 'CREATE');
  await expect(change(alias('y'), 'CREATE')).rejects.toThrow(/already exists/);
  await change(alias('x'), 'DELETE');
  expect(route53.recordOf(ZONE.id, 'primary.pair.internal', 'CNAME')).toBeUndefined();
  await expect(change(alias('x'), 'UPSERT', 'ZOTHER')).rejects.toBeInstanceOf(NoSuchHostedZone);
});

it('takes five requests a second', async () => {
  const send = (host: string) =>
    client.send(
      new ChangeResourceRecordSetsCommand({
        HostedZoneId: ZONE.id,
        ChangeBatch: { Changes: [{ Action: 'UPSERT', ResourceRecordSet: alias(host) }] },
      }),
    );
  const all = await door.answer(Promise.allSettled(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(send)));
  const refused = all.flatMap((it) => (it.status === 'rejected' ? [it.reason.name] : []));
  expect(refused).toEqual(['Throttling', 'Throttling']);
});
