import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  type DescribeAutoScalingGroupsCommandInput,
  paginateDescribeAutoScalingGroups,
} from '@aws-sdk/client-auto-scaling';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AutoScaling, type ScalingGroup } from '../../../rehearsal/cloud/autoscaling';
import { ACCOUNT, REGION } from './database';
import { SdkDoor } from './sdk-door';

const group = (name: string, tags: Record<string, string> = {}): ScalingGroup => ({
  name,
  arn: `arn:aws:autoscaling:${REGION}:${ACCOUNT}:autoScalingGroup:1:autoScalingGroupName/${name}`,
  minSize: 0,
  maxSize: 1,
  desiredCapacity: 1,
  availabilityZones: [`${REGION}a`],
  createdAt: Date.UTC(2026, 0, 5),
  tags,
  instances: [],
});

const instance = (instanceId: string, lifecycleState: string) => ({
  instanceId,
  availabilityZone: `${REGION}a`,
  instanceType: 'm7i.large',
  lifecycleState,
});

let door: SdkDoor;
let scaling: AutoScaling;
let client: AutoScalingClient;

beforeEach(async () => {
  door = new SdkDoor();
  scaling = new AutoScaling(
    [group('second', { role: 'second', pair: 'one' }), group('first', { role: 'first', pair: 'one' })],
    door.clock,
  );
  await door.open(scaling.standIn);
  client = new AutoScalingClient(door.settings);
  door.number(client.middlewareStack);
});

afterEach(async () => {
  client.destroy();
  await door.close();
});

const ask = (input: DescribeAutoScalingGroupsCommandInput) =>
  door.answer(client.send(new DescribeAutoScalingGroupsCommand(input)));

async function names(input: DescribeAutoScalingGroupsCommandInput): Promise<(string | undefined)[]> {
  const { AutoScalingGroups = [] } = await ask(input);
  return AutoScalingGroups.map(({ AutoScalingGroupName }) => AutoScalingGroupName);
}

describe('DescribeAutoScalingGroups', () => {
  it('tells the real client what is in a group, in types of its own', async () => {
    const [second] = scaling.groups;
    second?.instances.push(instance('i-0000000a', 'Terminating:Wait'), instance('i-0000000b', 'InService'));
    const { AutoScalingGroups, NextToken } = await ask({ AutoScalingGroupNames: ['second'] });
    expect(AutoScalingGroups).toEqual([
      expect.objectContaining({
        AutoScalingGroupName: 'second',
        AutoScalingGroupARN: second?.arn,
        DesiredCapacity: 1,
        CreatedTime: new Date('2026-01-05T00:00:00Z'),
        Instances: [
          expect.objectContaining({ InstanceId: 'i-0000000a', LifecycleState: 'Terminating:Wait' }),
          expect.objectContaining({
            InstanceId: 'i-0000000b',
            LifecycleState: 'InService',
            HealthStatus: 'Healthy',
            ProtectedFromScaleIn: false,
          }),
        ],
        Tags: expect.arrayContaining([expect.objectContaining({ Key: 'role', Value: 'second' })]),
      }),
    ]);
    expect(NextToken).toBeUndefined();
    const [first] = (await ask({ AutoScalingGroupNames: ['first'] })).AutoScalingGroups ?? [];
    expect(first?.Instances ?? []).toEqual([]);
  });

  it.each<[string, DescribeAutoScalingGroupsCommandInput, string[]]>([
    ['nothing', {}, ['first', 'second']],
    ['no names', { AutoScalingGroupNames: [] }, ['first', 'second']],
    ['names, of which it knows some', { AutoScalingGroupNames: ['second', 'third'] }, ['second']],
    ['names that it does not know', { AutoScalingGroupNames: ['third'] }, []],
    ['a tag', { Filters: [{ Name: 'tag:role', Values: ['first', 'other'] }] }, ['first']],
    ['the key of a tag', { Filters: [{ Name: 'tag-key', Values: ['pair'] }] }, ['first', 'second']],
    [
      'two filters, which both must hold',
      {
        Filters: [
          { Name: 'tag-value', Values: ['one'] },
          { Name: 'tag-value', Values: ['second'] },
        ],
      },
      ['second'],
    ],
  ])('finds by %s', async (_what, input, expected) => {
    expect(await names(input)).toEqual(expected);
  });

  it('answers in pages, also shorter ones than were asked for', async () => {
    scaling.groups.push(...Array.from({ length: 110 }, (_, index) => group(`x-${String(index).padStart(3, '0')}`)));
    const all = scaling.groups.map(({ name }) => name).sort();
    expect(await names({})).toEqual(all.slice(0, 50));
    for (const [MaxRecords, longest, pages] of [
      [undefined, Number.POSITIVE_INFINITY, 3],
      [100, Number.POSITIVE_INFINITY, 2],
      [100, 30, 4],
    ] as const) {
      scaling.longestPage = longest;
      const seen: (string | undefined)[] = [];
      let count = 0;
      const pager = paginateDescribeAutoScalingGroups({ client }, { MaxRecords });
      for (;;) {
        const { value: page, done } = await door.answer(pager.next());
        if (done) break;
        seen.push(...(page.AutoScalingGroups ?? []).map(({ AutoScalingGroupName }) => AutoScalingGroupName));
        count++;
      }
      expect(seen).toEqual(all);
      expect(count).toBe(pages);
    }
  });

  it.each<[string, DescribeAutoScalingGroupsCommandInput, string, RegExp]>([
    ['too large a page', { MaxRecords: 101 }, 'ValidationError', /less than or equal to 100/],
    ['an empty page', { MaxRecords: 0 }, 'ValidationError', /greater than or equal to 1/],
    ['an unknown filter', { Filters: [{ Name: 'colour', Values: ['red'] }] }, 'ValidationError', /colour/],
    ['a token of its own making', { NextToken: 'dGhpcmQ=' }, 'InvalidNextToken', /invalid/],
  ])('refuses %s', async (_what, input, name, message) => {
    const refused = ask(input);
    await expect(refused).rejects.toMatchObject({ name });
    await expect(refused).rejects.toThrow(message);
  });

  it('asks IAM for all groups, since the action knows none, and is throttled by the account for a while', async () => {
    await ask({});
    expect(door.asked).toEqual([{ action: 'autoscaling:DescribeAutoScalingGroups', resource: '*' }]);
    scaling.throttle(60_000);
    await expect(ask({})).rejects.toMatchObject({ name: 'Throttling', message: 'Rate exceeded' });
    await door.clock.run(60_000);
    expect(await names({})).toEqual(['first', 'second']);
    door.denied = 'autoscaling:DescribeAutoScalingGroups';
    await expect(ask({})).rejects.toMatchObject({ name: 'AccessDenied' });
  });
});
