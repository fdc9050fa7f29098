import { SSMServiceException } from '@aws-sdk/client-ssm';
import { afterEach, describe, expect, it } from 'vitest';
import { ACCOUNT, REGION } from './database';
import { DOCUMENT_ARN, nodeId, SsmBench } from './ssm-bench';

let bench: SsmBench;
afterEach(() => bench.close());

async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (error instanceof SSMServiceException) return `${error.name}: ${error.message}`;
    throw error;
  }
  return 'answered';
}

describe('a command', () => {
  it('runs on its hosts and tells of each when, how and with what output', async () => {
    bench = await SsmBench.open(2, 'bench', { 'ssm-delivery': 2_000 });
    bench.node(1).end = { exitCode: 75, stdout: '{"result":"not-primary"}\n', stderr: 'why' };
    const { CommandId, RequestedDateTime, ExpiresAfter } = await bench.send({ MaxErrors: '100%', TimeoutSeconds: 60 });
    const requested = RequestedDateTime?.getTime() ?? Number.NaN;
    expect(ExpiresAfter?.getTime()).toBe(requested + 660_000);
    await bench.run(20);
    const { CommandInvocations = [] } = await bench.invocations({ CommandId });
    const [first, second] = bench.ids.map((id) => CommandInvocations.find(({ InstanceId }) => InstanceId === id));
    expect(first).toMatchObject({ Status: 'Success', DocumentName: 'sync', RequestedDateTime: new Date(requested) });
    expect(first?.CommandPlugins).toMatchObject([
      {
        Name: 'aws:runShellScript',
        ResponseCode: 0,
        Output: 'done\n',
        ResponseStartDateTime: new Date(requested + 2_000),
        ResponseFinishDateTime: new Date(requested + 12_000),
      },
    ]);
    expect(second).toMatchObject({ Status: 'Failed', StatusDetails: 'Failed' });
    expect(second?.CommandPlugins?.[0]).toMatchObject({
      ResponseCode: 75,
      Output: '{"result":"not-primary"}\n\n----------ERROR-------\nwhy\nfailed to run commands: exit status 75',
    });
    const [ran] = bench.node(0).ran;
    expect(ran?.command.script).toEqual({
      lines: ['echo hello', 'echo "$SSM_RunId"'],
      environment: { SSM_RunId: 'nightly@1' },
      timeoutSeconds: 600,
    });
  });

  it('shows as pending, then as in progress, and is listed without plugins where no details are wanted', async () => {
    bench = await SsmBench.open(1, 'bench', { 'ssm-delivery': 5_000 });
    const { CommandId } = await bench.send();
    expect(await bench.details(CommandId)).toEqual(['Pending']);
    await bench.run(6);
    expect(await bench.details(CommandId)).toEqual(['InProgress']);
    const { CommandInvocations } = await bench.invocations({ CommandId });
    expect(CommandInvocations?.[0]?.CommandPlugins?.[0]).toMatchObject({ ResponseCode: -1, Output: '' });
    const { CommandInvocations: plain } = await bench.invocations({ CommandId, Details: false });
    expect(plain?.[0]?.CommandPlugins).toEqual([]);
  });

  it('asks IAM for the document and for each host with the tags that it has', async () => {
    bench = await SsmBench.open(1);
    const managed = 'mi-0123456789abcdef0';
    await refusal(bench.send({ InstanceIds: [nodeId(0), managed] }));
    expect(bench.door.asked).toEqual([
      { action: 'ssm:SendCommand', resource: DOCUMENT_ARN },
      {
        action: 'ssm:SendCommand',
        resource: `arn:aws:ec2:${REGION}:${ACCOUNT}:instance/${nodeId(0)}`,
        context: { 'ssm:resourceTag/System': 'one', 'aws:ResourceTag/System': 'one' },
      },
      {
        action: 'ssm:SendCommand',
        resource: `arn:aws:ssm:${REGION}:${ACCOUNT}:managed-instance/${managed}`,
        context: {},
      },
    ]);
    bench.door.denied = 'ssm:SendCommand';
    expect(await refusal(bench.send())).toBe(`AccessDeniedException: not authorized: ${DOCUMENT_ARN}`);
    expect(bench.node(0).ran).toEqual([]);
  });
});

describe('what is refused', () => {
  const many = Array.from({ length: 51 }, (_, index) => nodeId(index));

  it.each([
    ['51 hosts', { InstanceIds: many }, /^ValidationException: .*at 'instanceIds'.*less than or equal to 50/],
    ['no host', { InstanceIds: [] }, /^ValidationException/],
    ['an id of another form', { InstanceIds: ['i-1'] }, /^ValidationException: .*'instanceIds.1.member'/],
    ['a host twice', { InstanceIds: [nodeId(0), nodeId(0)] }, /^DuplicateInstanceId/],
    ['an unknown host among others', { InstanceIds: [nodeId(0), nodeId(9)] }, /^InvalidInstanceId: Instances.* not in/],
    ['an unknown document', { DocumentName: 'AWS-RunShellScript' }, /^InvalidDocument: .*AWS-RunShellScript/],
    ['a parameter that the document does not have', { Parameters: { Shell: ['x'] } }, /^InvalidParameters: Shell/],
    ['a parameter against its pattern', { Parameters: { RunId: ['a@1; id'] } }, /^InvalidParameters: RunId/],
    ['a value that is not among the allowed', { Parameters: { RunId: ['a@1'], Greeting: ['no'] } }, /Greeting/],
    ['two values for one parameter', { Parameters: { RunId: ['a@1', 'b@2'] } }, /^InvalidParameters: RunId/],
    ['a required parameter that is missing', { Parameters: {} }, /^InvalidParameters: RunId: a value is required/],
    ['a time-out of 29 s', { TimeoutSeconds: 29 }, /^ValidationException: .*'timeoutSeconds'/],
    ['a time-out of more than 30 days', { TimeoutSeconds: 2_592_001 }, /^ValidationException: .*'timeoutSeconds'/],
    ['a long comment', { Comment: 'x'.repeat(101) }, /^ValidationException: .*'comment'/],
    ['101 % of errors', { MaxErrors: '101%' }, /^ValidationException: .*'maxErrors'/],
    ['no concurrency', { MaxConcurrency: '0' }, /^ValidationException: .*'maxConcurrency'/],
    ['targets, for which there is no stand-in', { Targets: [{ Key: 'tag:a', Values: ['b'] }] }, /Targets/],
  ])('%s', async (_, input, expected) => {
    bench = await SsmBench.open(1);
    expect(await refusal(bench.send(input))).toMatch(expected);
    await bench.run(60);
    expect(bench.ssm.commands).toEqual([]);
    expect(bench.node(0).ran).toEqual([]);
  });

  it('names the hosts that are not valid in one rehearsal, and none in another', async () => {
    const messages = new Set<string>();
    for (let seed = 0; seed < 8; seed++) {
      bench = await SsmBench.open(1, `seed ${seed}`);
      bench.node(0).registered = false;
      messages.add(await refusal(bench.send()));
      if (seed < 7) await bench.close();
    }
    expect([...messages].sort()).toEqual([
      `InvalidInstanceId: Instances [[${nodeId(0)}]] not in a valid state for account ${ACCOUNT}`,
      `InvalidInstanceId: Instances not in a valid state for account ${ACCOUNT}`,
    ]);
  });
});

describe('errors and concurrency', () => {
  it('stops at the first error by default: what has not begun is terminated, what runs goes on', async () => {
    bench = await SsmBench.open(4);
    bench.node(0).end = { exitCode: 75, stdout: '', stderr: '' };
    bench.node(0).seconds = 1;
    const { CommandId } = await bench.send({ MaxConcurrency: '2' });
    await bench.run(5);
    expect(await bench.details(CommandId)).toEqual(['Failed', 'InProgress', 'Terminated', 'Terminated']);
    await bench.run(20);
    expect(await bench.details(CommandId)).toEqual(['Failed', 'Success', 'Terminated', 'Terminated']);
    const { Commands } = await bench.list({ CommandId });
    expect(Commands?.[0]).toMatchObject({ Status: 'Failed', TargetCount: 4, CompletedCount: 4, ErrorCount: 1 });
  });

  it.each([
    ['40%', 3, 'the third of five is one too many'],
    ['50%', 3, 'half an error is none'],
    ['2', 3, 'so it is by number'],
    ['100%', 5, 'never too many'],
  ])('allows %s errors: %i fail, %s', async (MaxErrors, failed) => {
    bench = await SsmBench.open(5);
    for (const node of bench.nodes) node.end = { exitCode: 1, stdout: '', stderr: '' };
    const { CommandId } = await bench.send({ MaxErrors, MaxConcurrency: '1' });
    await bench.run(120);
    const details = await bench.details(CommandId);
    expect(details.filter((it) => it === 'Failed')).toHaveLength(failed);
    expect(details.filter((it) => it === 'Terminated')).toHaveLength(5 - failed);
    expect((await bench.list({ CommandId })).Commands?.[0]?.StatusDetails).toBe(failed < 5 ? 'Failed' : 'Incomplete');
  });

  it('lets so many run at once', async () => {
    bench = await SsmBench.open(5);
    await bench.send({ MaxConcurrency: '40%' });
    await bench.run(35);
    const starts = bench.nodes.flatMap(({ ran }) => ran.map(({ at }) => at)).sort((a, b) => a - b);
    expect(starts.map((at) => (at - (starts[0] ?? 0)) / 1000)).toEqual([0, 0, 10, 10, 20]);
  });
});

describe('a host that is offline', () => {
  it('gets the command when it comes back in time', async () => {
    bench = await SsmBench.open(1);
    bench.node(0).online = false;
    const { CommandId } = await bench.send({ TimeoutSeconds: 60 });
    await bench.run(50);
    expect(['InProgress', 'Delayed']).toContain((await bench.details(CommandId))[0]);
    await bench.node(0).connect();
    await bench.run(20);
    expect(await bench.details(CommandId)).toEqual(['Success']);
  });

  it('never runs it when it comes back too late', async () => {
    bench = await SsmBench.open(1);
    bench.node(0).online = false;
    const { CommandId } = await bench.send({ TimeoutSeconds: 60 });
    await bench.run(61);
    expect(await bench.details(CommandId)).toEqual(['DeliveryTimedOut']);
    const { Commands } = await bench.list({ CommandId });
    expect(Commands?.[0]).toMatchObject({ Status: 'TimedOut', DeliveryTimedOutCount: 1, ErrorCount: 0 });
    await bench.node(0).connect();
    await bench.run(20);
    expect(bench.node(0).ran).toEqual([]);
  });

  it('tells how a script ended that it ran meanwhile', async () => {
    bench = await SsmBench.open(1);
    const { CommandId } = await bench.send();
    await bench.run(5);
    bench.node(0).online = false;
    await bench.run(60);
    expect(await bench.details(CommandId)).toEqual(['InProgress']);
    await bench.node(0).connect();
    expect(await bench.details(CommandId)).toEqual(['Success']);
  });

  it('is given up when delivery and execution together are over, whatever it did', async () => {
    bench = await SsmBench.open(1);
    const { CommandId } = await bench.send({ TimeoutSeconds: 60 });
    await bench.run(5);
    bench.node(0).online = false;
    await bench.run(660);
    expect(await bench.details(CommandId)).toEqual(['DeliveryTimedOut']);
    await bench.node(0).connect();
    expect(await bench.details(CommandId)).toEqual(['DeliveryTimedOut']);
  });
});

describe('a script that takes too long, or is cancelled', () => {
  it('is killed at its time-out', async () => {
    bench = await SsmBench.open(1);
    bench.node(0).seconds = 100;
    const { CommandId } = await bench.send({ Parameters: { RunId: ['a@1'], ExecutionTimeout: ['30'] } });
    await bench.run(29);
    expect(await bench.details(CommandId)).toEqual(['InProgress']);
    await bench.run(2);
    const { CommandInvocations } = await bench.invocations({ CommandId });
    expect(CommandInvocations?.[0]?.Status).toBe('TimedOut');
    expect(await bench.details(CommandId)).toEqual(['ExecutionTimedOut']);
    expect(CommandInvocations?.[0]?.CommandPlugins?.[0]).toMatchObject({ ResponseCode: 137, Output: 'half\n' });
    expect(bench.node(0).killed).toEqual([CommandId]);
  });

  it('is cancelled where it has begun and where it has not', async () => {
    bench = await SsmBench.open(2);
    bench.node(1).online = false;
    const { CommandId } = await bench.send();
    await bench.run(1);
    await bench.cancel(CommandId);
    await bench.run(1);
    expect(await bench.details(CommandId)).toEqual(['Cancelled', 'Cancelled']);
    expect(bench.node(0).killed).toEqual([CommandId]);
    expect((await bench.list({ CommandId })).Commands?.[0]?.Status).toBe('Cancelled');
    await bench.node(1).connect();
    await bench.run(60);
    expect(bench.node(1).ran).toEqual([]);
    expect(await refusal(bench.cancel('00000000-0000-0000-0000-000000000000'))).toMatch(/^InvalidCommandId/);
    expect(await refusal(bench.cancel(CommandId, [nodeId(7)]))).toMatch(/^InvalidInstanceId/);
  });
});

describe('the quotas of the account', () => {
  it('throttle by a bucket that fills in virtual time', async () => {
    bench = await SsmBench.open(1);
    bench.ssm.limit({ burst: 2, perSecond: 0.1 }, ['SendCommand']);
    await bench.send();
    await bench.send();
    expect(await refusal(bench.send())).toBe('ThrottlingException: Rate exceeded');
    expect(bench.ssm.commands).toHaveLength(2);
    expect(await refusal(bench.list())).toBe('answered');
    await bench.run(10);
    await bench.send();
    bench.ssm.unlimit();
    await bench.send();
    await bench.send();
  });

  it('cancel a command whose hosts are more than may wait', async () => {
    bench = await SsmBench.open(3);
    bench.ssm.pendingQuota = 4;
    const first = await bench.send();
    const { CommandId } = await bench.send();
    await bench.run(60);
    expect(await bench.details(first.CommandId)).toEqual(['Success', 'Success', 'Success']);
    expect((await bench.invocations({ CommandId })).CommandInvocations).toEqual([]);
    expect((await bench.list({ CommandId })).Commands?.[0]).toMatchObject({ StatusDetails: 'Rate Exceeded' });
    expect(bench.nodes.map(({ ran }) => ran.length)).toEqual([1, 1, 1]);
    await bench.send();
    await bench.run(60);
    expect(bench.nodes.map(({ ran }) => ran.length)).toEqual([2, 2, 2]);
  });
});

describe('listings', () => {
  it('show a command only after a while', async () => {
    bench = await SsmBench.open(1, 'bench', { 'ssm-listing': 4_000 });
    const { CommandId } = await bench.send();
    expect((await bench.list({ CommandId })).Commands).toEqual([]);
    expect((await bench.invocations({ CommandId })).CommandInvocations).toEqual([]);
    await bench.run(4);
    expect((await bench.list({ CommandId })).Commands).toHaveLength(1);
    expect((await bench.invocations({ CommandId })).CommandInvocations).toHaveLength(1);
  });

  it('come in pages, the youngest first, and new commands move nothing', async () => {
    bench = await SsmBench.open(2);
    const sent: string[] = [];
    for (let count = 0; count < 5; count++) {
      sent.unshift((await bench.send({ Comment: `number ${count}` })).CommandId);
      await bench.run(1);
    }
    const first = await bench.list({ MaxResults: 2 });
    await bench.send();
    const second = await bench.list({ MaxResults: 2, NextToken: first.NextToken });
    const third = await bench.list({ MaxResults: 2, NextToken: second.NextToken });
    expect([first, second, third].flatMap(({ Commands = [] }) => Commands.map((it) => it.CommandId))).toEqual(sent);
    expect(third.NextToken).toBeUndefined();
    expect(first.Commands?.map(({ Comment }) => Comment)).toEqual(['number 4', 'number 3']);
    expect(await refusal(bench.list({ NextToken: '%' }))).toMatch(/^InvalidNextToken/);
    const hosts = [];
    for (let NextToken: string | undefined, more = true; more; more = NextToken !== undefined) {
      const page = await bench.invocations({ CommandId: sent[0], MaxResults: 1, NextToken });
      hosts.push(...(page.CommandInvocations ?? []).map(({ InstanceId }) => InstanceId));
      NextToken = page.NextToken;
    }
    expect(hosts.sort()).toEqual(bench.ids);
  });

  it('are filtered', async () => {
    bench = await SsmBench.open(1);
    const begin = bench.door.clock.now();
    const at = (seconds: number) => new Date(begin + seconds * 1000).toISOString();
    const old = await bench.send();
    await bench.run(100);
    const young = await bench.send();
    const found = async (
      ...Filters: { key: 'InvokedAfter' | 'InvokedBefore' | 'DocumentName' | 'Status'; value: string }[]
    ) => (await bench.list({ Filters })).Commands?.map(({ CommandId }) => CommandId);
    expect(await found({ key: 'InvokedAfter', value: at(50) })).toEqual([young.CommandId]);
    expect(await found({ key: 'InvokedBefore', value: at(50) })).toEqual([old.CommandId]);
    expect(await found({ key: 'DocumentName', value: 'other' })).toEqual([]);
    expect(await found({ key: 'DocumentName', value: 'sync' }, { key: 'Status', value: 'Success' })).toEqual([
      old.CommandId,
    ]);
    expect(await refusal(found({ key: 'InvokedAfter', value: 'yesterday' }))).toMatch(/^ValidationException/);
    expect(await refusal(bench.list({ Filters: [{ key: 'Colour' as 'Status', value: 'red' }] }))).toMatch(/enum/);
    expect(await refusal(bench.list({ MaxResults: 51 }))).toMatch(/^ValidationException/);
    expect((await bench.list({ InstanceId: nodeId(3) })).Commands).toEqual([]);
  });
});
