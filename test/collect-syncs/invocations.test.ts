import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Announcer } from '../../lambda/collect-syncs/announcer';
import { viewOf } from '../../lambda/collect-syncs/host-view';
import { CommandInvocations } from '../../lambda/collect-syncs/invocations';
import { hastened, LoopbackJson, leadTo } from '../records/loopback-json';
import { HOST, KEY, NINE, PARTNER, report } from '../records/round-fixture';

let aws: LoopbackJson;
const invocations = new CommandInvocations();
const announcer = new Announcer('default');

beforeAll(async () => {
  aws = await LoopbackJson.start();
  leadTo(aws.endpoint);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await aws.stop();
});

afterEach(() => aws.reset());

/** Times on the wire are seconds since 1970. */
const seconds = NINE / 1000;

describe('ListCommandInvocations', () => {
  it('tells of every host, page by page', async () => {
    const plugin = { ResponseCode: 75, Output: report('not-primary'), ResponseStartDateTime: seconds + 2.5 };
    aws.plan(
      'ListCommandInvocations',
      {
        CommandInvocations: [
          {
            InstanceId: HOST,
            Status: 'Failed',
            StatusDetails: 'Failed',
            RequestedDateTime: seconds,
            CommandPlugins: [plugin, { ResponseCode: 0 }],
          },
        ],
        NextToken: 'two',
      },
      {
        CommandInvocations: [{ InstanceId: PARTNER, Status: 'Pending', StatusDetails: 'Pending', CommandPlugins: [] }],
      },
    );
    const listed = await invocations.list('c-1');
    expect(listed).toEqual([
      {
        host: HOST,
        status: 'Failed',
        statusDetails: 'Failed',
        requestedAt: NINE,
        startedAt: NINE + 2_500,
        responseCode: 75,
        output: report('not-primary'),
      },
      { host: PARTNER, status: 'Pending', statusDetails: 'Pending' },
    ]);
    expect(listed?.map((it) => viewOf(it))).toMatchObject([
      { kind: 'ended', exitCode: 75, latencySeconds: 2.5 },
      { kind: 'open' },
    ]);
    expect(aws.inputs('ListCommandInvocations')).toEqual([
      { CommandId: 'c-1', Details: true, MaxResults: 50 },
      { CommandId: 'c-1', Details: true, MaxResults: 50, NextToken: 'two' },
    ]);
  });

  it('of a command that lists none is empty', async () => {
    aws.plan('ListCommandInvocations', {});
    expect(await invocations.list('c-1')).toEqual([]);
  });

  it('is undefined when throttled, on whatever page, after three attempts', async () => {
    aws.plan('ListCommandInvocations', { CommandInvocations: [], NextToken: 'two' }, { error: 'ThrottlingException' });
    expect(await hastened(aws, () => invocations.list('c-1'))).toBeUndefined();
    expect(aws.inputs('ListCommandInvocations')).toHaveLength(4);
    aws.plan('ListCommands', { error: 'ThrottlingException' });
    expect(await hastened(aws, () => invocations.status('c-1'))).toBeUndefined();
  });

  it('is asked for again when there is no answer', async () => {
    aws.plan('ListCommandInvocations', 'hang', 'hang up', { CommandInvocations: [{ InstanceId: HOST }] });
    expect(await hastened(aws, () => invocations.list('c-1'))).toMatchObject([{ host: HOST }]);
    expect(aws.inputs('ListCommandInvocations')).toHaveLength(3);
  });

  it('throws what is no throttle', async () => {
    aws.plan('ListCommandInvocations', { error: 'InvalidCommandId', message: 'c-1' });
    await expect(invocations.list('c-1')).rejects.toThrow('c-1');
  });
});

describe('the status of a command', () => {
  it.each([
    ['its details', { Status: 'Cancelled', StatusDetails: 'Rate Exceeded' }, 'Rate Exceeded'],
    ['its status, when it has no details', { Status: 'Cancelled' }, 'Cancelled'],
  ])('is %s', async (_what, command, expected) => {
    aws.plan('ListCommands', { Commands: [command] });
    expect(await invocations.status('c-1')).toBe(expected);
    expect(aws.inputs('ListCommands')).toEqual([{ CommandId: 'c-1' }]);
  });

  it('is not known of a command that is not listed', async () => {
    aws.plan('ListCommands', { Commands: [] });
    expect(await invocations.status('c-1')).toBeUndefined();
  });
});

describe('the event of a run', () => {
  const detail = {
    runId: KEY.runId,
    schedule: 'nightly',
    scheduledAt: '2026-01-05T09:00:00.000Z',
    finishedAt: '2026-01-05T09:10:00.000Z',
    counts: { remotes: 1 },
  };

  it('names its source, and what happened', async () => {
    aws.plan('PutEvents', { FailedEntryCount: 0, Entries: [{ EventId: '1' }] });
    await announcer.announce(detail);
    const entry = { EventBusName: 'default', Source: 'mobilink-ha', DetailType: 'MobiLink Sync Run Finished' };
    expect(aws.inputs('PutEvents')).toEqual([{ Entries: [{ ...entry, Detail: JSON.stringify(detail) }] }]);
  });

  it('that the bus does not take is an error that says why', async () => {
    aws.plan('PutEvents', { FailedEntryCount: 1, Entries: [{ ErrorCode: 'InternalFailure' }] });
    await expect(announcer.announce(detail)).rejects.toThrow('InternalFailure');
  });
});
