import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { CommandRequest } from '../../lambda/dispatch-syncs/ports';
import { RunCommand } from '../../lambda/dispatch-syncs/run-command';
import { type Answer, hastened, LoopbackJson, leadTo } from '../records/loopback-json';
import { HOST, KEY, NINE, PARTNER } from '../records/round-fixture';

/* The adapter with the SDK's own client, against a loopback port. */

let aws: LoopbackJson;
const commands = new RunCommand('sync-document', 300);

beforeAll(async () => {
  aws = await LoopbackJson.start();
  leadTo(aws.endpoint);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await aws.stop();
});

afterEach(() => aws.reset());

const REQUEST: CommandRequest = {
  runId: KEY.runId,
  hosts: [HOST, PARTNER],
  profile: 'nightly',
  comment: 'mobilink-ha 00112233445566778899aabbccddeeff',
  timeLimitSeconds: 3_600,
  deliverySeconds: 120,
};

describe('SendCommand', () => {
  it('asks for exactly what the contract says', async () => {
    aws.plan('SendCommand', { Command: { CommandId: 'c-1' } });
    expect(await commands.send(REQUEST)).toEqual({ kind: 'sent', commandId: 'c-1' });
    expect(aws.inputs('SendCommand')).toEqual([
      {
        DocumentName: 'sync-document',
        DocumentVersion: '$LATEST',
        InstanceIds: [HOST, PARTNER],
        Parameters: { RunId: [KEY.runId], Profile: ['nightly'], ExecutionTimeout: ['3600'] },
        TimeoutSeconds: 120,
        Comment: REQUEST.comment,
        MaxConcurrency: '100%',
        MaxErrors: '100%',
      },
    ]);
  });

  it('leaves the profile to the host when nobody names one', async () => {
    aws.plan('SendCommand', { Command: { CommandId: 'c-1' } });
    await commands.send({ ...REQUEST, profile: undefined });
    expect(aws.inputs('SendCommand')[0]?.Parameters).toEqual({ RunId: [KEY.runId], ExecutionTimeout: ['3600'] });
  });

  it.each<[string, Answer, object]>([
    ['a throttle', { error: 'ThrottlingException', message: 'Rate exceeded' }, { kind: 'throttled' }],
    ['a throttle by another name', { error: 'RequestLimitExceeded' }, { kind: 'throttled' }],
    ['a throttle only by its words', { error: 'ClientException', message: 'Rate exceeded' }, { kind: 'throttled' }],
    ['an error of the service', { error: 'InternalServerError', status: 500 }, { kind: 'unknown' }],
    ['a gateway in between', { error: 'ServiceUnavailable', status: 503 }, { kind: 'unknown' }],
    ['an answer without a command', {}, { kind: 'unknown', reason: 'the answer names no command' }],
    ['a connection that breaks', 'hang up', { kind: 'unknown' }],
    [
      'hosts that it names',
      { error: 'InvalidInstanceId', message: `Instances [[${PARTNER}]] not in a valid state for account 111122223333` },
      { kind: 'refused', hosts: [PARTNER] },
    ],
    ['hosts that it does not name', { error: 'InvalidInstanceId', message: '' }, { kind: 'refused', hosts: [] }],
    [
      'a host that nobody asked for',
      { error: 'InvalidInstanceId', message: 'Instances [[i-ffffffff]] not in a valid state' },
      { kind: 'refused', hosts: [] },
    ],
    [
      'a host without the tag',
      {
        error: 'AccessDeniedException',
        message: `no ssm:SendCommand on arn:aws:ec2:eu-west-1:1:instance/${HOST} because`,
      },
      { kind: 'refused', hosts: [HOST] },
    ],
    [
      'a node without the tag',
      {
        error: 'AccessDeniedException',
        message: 'on resource: arn:aws:ssm:eu-west-1:1:managed-instance/mi-0123 because',
      },
      { kind: 'refused', hosts: [] },
    ],
  ])('%s, asked once', async (_what, answer, expected) => {
    aws.plan('SendCommand', answer);
    expect(await commands.send(REQUEST)).toMatchObject(expected);
    expect(aws.inputs('SendCommand')).toHaveLength(1);
  });

  it('a call that hangs is given up, is not known to have failed, and is asked once', async () => {
    aws.plan('SendCommand', 'hang');
    const result = await hastened(aws, () => commands.send(REQUEST));
    expect(result).toMatchObject({ kind: 'unknown', reason: expect.stringContaining('imeout') });
    expect(aws.inputs('SendCommand')).toHaveLength(1);
  });

  it.each<[string, Answer, string]>([
    [
      'the document is not allowed',
      { error: 'AccessDeniedException', message: 'on resource: arn:aws:ssm:eu-west-1:1:document/sync-document' },
      'document/sync-document',
    ],
    ['the document is gone', { error: 'InvalidDocument', message: 'no such document' }, 'no such document'],
    ['the parameters are refused', { error: 'InvalidParameters', message: 'RunId' }, 'RunId'],
    ['the role has expired', { error: 'ExpiredTokenException', message: 'expired' }, 'expired'],
  ])('throws when %s', async (_what, answer, words) => {
    aws.plan('SendCommand', answer);
    await expect(commands.send(REQUEST)).rejects.toThrow(words);
    expect(aws.inputs('SendCommand')).toHaveLength(1);
  });
});

describe('ListCommands', () => {
  const listed = (CommandId: string, change: object = {}) => ({
    CommandId,
    Comment: REQUEST.comment,
    InstanceIds: [HOST],
    ...change,
  });

  it('finds the commands with the comment, whatever the number of pages', async () => {
    aws.plan(
      'ListCommands',
      { Commands: [listed('c-1'), listed('c-2', { Comment: 'mobilink-ha other' }), listed('c-3')], NextToken: 'two' },
      { Commands: [], NextToken: 'three' },
      { Commands: [listed('c-4', { InstanceIds: [PARTNER] }), { CommandId: 'c-5', Comment: REQUEST.comment }] },
    );
    expect(await commands.find(REQUEST.comment, NINE + 1_999, NINE + 75_001)).toEqual([
      { commandId: 'c-1', hosts: [HOST] },
      { commandId: 'c-3', hosts: [HOST] },
      { commandId: 'c-4', hosts: [PARTNER] },
      { commandId: 'c-5', hosts: [] },
    ]);
    const Filters = [
      { key: 'DocumentName', value: 'sync-document' },
      { key: 'InvokedAfter', value: '2026-01-05T09:00:01Z' },
      { key: 'InvokedBefore', value: '2026-01-05T09:01:15Z' },
    ];
    expect(aws.inputs('ListCommands')).toEqual([
      { Filters, MaxResults: 50 },
      { Filters, MaxResults: 50, NextToken: 'two' },
      { Filters, MaxResults: 50, NextToken: 'three' },
    ]);
  });

  it('that throttles in the middle has found nothing that could be relied on', async () => {
    aws.plan('ListCommands', { Commands: [listed('c-1')], NextToken: 'two' }, { error: 'ThrottlingException' });
    expect(await hastened(aws, () => commands.find(REQUEST.comment, NINE, NINE))).toBeUndefined();
    // Once for the first page, and three times for the second.
    expect(aws.inputs('ListCommands')).toHaveLength(4);
  });

  it('throws what is no throttle', async () => {
    aws.plan('ListCommands', { error: 'InvalidFilterKey', message: 'DocumentName' });
    await expect(commands.find(REQUEST.comment, NINE, NINE)).rejects.toThrow('DocumentName');
  });
});
