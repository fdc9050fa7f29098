import { beforeAll, describe, expect, test } from 'vitest';
import { type AuthorizationRequest, type Decision, IamEvaluator } from '../../../rehearsal/iam/evaluator';
import { type PolicyDocument, PolicyError } from '../../../rehearsal/iam/policy-document';
import { RequestError, ServiceReference } from '../../../rehearsal/iam/service-reference';

const ACCOUNT = '123456789012';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/service/tracker`;
const FUNCTION = `arn:aws:lambda:eu-central-1:${ACCOUNT}:function:tracker`;
const RULE = `arn:aws:events:eu-central-1:${ACCOUNT}:rule/changed`;
const QUEUE = `arn:aws:sqs:eu-central-1:${ACCOUNT}:dispatch`;
const KEY = `arn:aws:kms:eu-central-1:${ACCOUNT}:key/11111111-2222-4333-8444-555555555555`;
const INSTANCE = `arn:aws:rds:eu-central-1:${ACCOUNT}:db:consolidated`;

let evaluator: IamEvaluator;
beforeAll(async () => {
  evaluator = new IamEvaluator(
    await ServiceReference.load(['rds', 'events', 'lambda', 'sqs', 'kms', 'ssm', 'sts', 'logs']),
  );
});

const policy = (...Statement: object[]): PolicyDocument => ({ Version: '2012-10-17', Statement });
const allow = (Action: string | string[], Resource: string | string[] = '*', more: object = {}) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...more,
});
const deny = (Action: string, Resource = '*', more: object = {}) => ({ Effect: 'Deny', Action, Resource, ...more });

function asRole(action: string, resource: string, context?: AuthorizationRequest['context']): AuthorizationRequest {
  return { principal: { arn: ROLE, sessionName: 'tracker' }, action, resource, context };
}

function asService(service: string, action: string, resource: string, context = {}): AuthorizationRequest {
  return { principal: { arn: service, service: true }, action, resource, context };
}

const outcome = ({ allowed, explicitDeny }: Decision) => (allowed ? 'allowed' : explicitDeny ? 'explicit' : 'implicit');

describe('resource policies and identity policies together', () => {
  const invoke = asRole('lambda:InvokeFunction', FUNCTION);
  const identity = policy(allow('lambda:InvokeFunction', FUNCTION));
  const named = (Principal: unknown, more: object = {}) =>
    policy(allow('lambda:InvokeFunction', FUNCTION, { Principal, ...more }));

  test.each<[what: string, identity: PolicyDocument[], resource: PolicyDocument | undefined, expected: string]>([
    ['identity alone', [identity], undefined, 'allowed'],
    ['neither', [], undefined, 'implicit'],
    ['the role by its ARN', [], named({ AWS: ROLE }), 'allowed'],
    ['the session by its ARN', [], named({ AWS: `arn:aws:sts::${ACCOUNT}:assumed-role/tracker/tracker` }), 'allowed'],
    ['everybody', [], named('*'), 'allowed'],
    ['everybody, the long way', [], named({ AWS: ['*'] }), 'allowed'],
    ['one of several', [], named({ AWS: ['arn:aws:iam::999999999999:root', ROLE] }), 'allowed'],
    ['the account delegates only: no identity policy', [], named({ AWS: `arn:aws:iam::${ACCOUNT}:root` }), 'implicit'],
    ['the account by its number: no identity policy', [], named({ AWS: ACCOUNT }), 'implicit'],
    ['the account delegates and the identity policy allows', [identity], named({ AWS: ACCOUNT }), 'allowed'],
    ['another role', [], named({ AWS: `${ROLE}2` }), 'implicit'],
    ['a service is not the role', [], named({ Service: 'events.amazonaws.com' }), 'implicit'],
    ['a federation is not the role', [], named({ Federated: ROLE }), 'implicit'],
    ['denied by the resource', [identity], policy(deny('lambda:*', '*', { Principal: '*' })), 'explicit'],
    [
      'all but somebody else are denied',
      [identity],
      policy(deny('lambda:*', '*', { NotPrincipal: { AWS: `${ROLE}2` } })),
      'explicit',
    ],
    [
      'all but this role are denied',
      [identity],
      policy(deny('lambda:*', '*', { NotPrincipal: { AWS: ROLE } })),
      'allowed',
    ],
    ['no principal in the resource policy', [], policy(allow('lambda:InvokeFunction', FUNCTION)), 'implicit'],
  ])('%s', (_, identity, resource, expected) => {
    expect(outcome(evaluator.evaluate(invoke, { identity, resource }))).toBe(expected);
  });

  test.each<[what: string, identity: PolicyDocument[], resource: PolicyDocument | undefined, expected: string]>([
    ['identity alone', [policy(allow('lambda:*'))], undefined, 'implicit'],
    ['resource alone', [], named({ AWS: ROLE }), 'implicit'],
    ['both', [policy(allow('lambda:*'))], named({ AWS: ROLE }, { Resource: '*' }), 'allowed'],
    ['both, by account', [policy(allow('lambda:*'))], named({ AWS: ACCOUNT }, { Resource: '*' }), 'allowed'],
  ])('across accounts: %s', (_, identity, resource, expected) => {
    const elsewhere = asRole('lambda:InvokeFunction', FUNCTION.replace(ACCOUNT, '999999999999'));
    expect(outcome(evaluator.evaluate(elsewhere, { identity, resource }))).toBe(expected);
  });
});

describe('services', () => {
  const permission = policy(
    allow('lambda:InvokeFunction', FUNCTION, {
      Principal: { Service: 'events.amazonaws.com' },
      Condition: { ArnLike: { 'aws:SourceArn': RULE } },
    }),
  );
  const from = (service: string, sourceArn: string) =>
    evaluator.evaluate(asService(service, 'lambda:InvokeFunction', FUNCTION, { 'aws:SourceArn': sourceArn }), {
      identity: [],
      resource: permission,
    });

  test('need a resource policy that names them, and its conditions', () => {
    expect(from('events.amazonaws.com', RULE).allowed).toBe(true);
    expect(from('events.amazonaws.com', `${RULE}2`).allowed).toBe(false);
    expect(from('scheduler.amazonaws.com', RULE).allowed).toBe(false);
    expect(
      evaluator.evaluate(asService('events.amazonaws.com', 'lambda:InvokeFunction', FUNCTION), { identity: [] })
        .message,
    ).toBe(
      `Service: events.amazonaws.com is not authorized to perform: lambda:InvokeFunction on resource: ${FUNCTION} because no resource-based policy allows the lambda:InvokeFunction action`,
    );
  });

  test('assume a role by its trust policy only', () => {
    const trust = policy({
      Effect: 'Allow',
      Action: 'sts:AssumeRole',
      Principal: { Service: 'scheduler.amazonaws.com' },
      Condition: { StringEquals: { 'aws:SourceAccount': ACCOUNT } },
    });
    const assume = (service: string, account: string) =>
      evaluator.evaluate(asService(service, 'sts:AssumeRole', ROLE, { 'aws:SourceAccount': account }), {
        identity: [],
        resource: trust,
      });
    expect(assume('scheduler.amazonaws.com', ACCOUNT).allowed).toBe(true);
    expect(assume('scheduler.amazonaws.com', '999999999999').allowed).toBe(false);
    expect(assume('lambda.amazonaws.com', ACCOUNT).message).toContain('because no role trust policy allows');
  });

  test('are known to conditions', () => {
    const onlyServices = policy(
      allow('sqs:SendMessage', QUEUE, { Principal: '*', Condition: { Bool: { 'aws:PrincipalIsAWSService': 'true' } } }),
    );
    const send = (request: AuthorizationRequest) =>
      evaluator.evaluate(request, { identity: [], resource: onlyServices }).allowed;
    expect(send(asService('events.amazonaws.com', 'sqs:SendMessage', QUEUE))).toBe(true);
    expect(send(asRole('sqs:SendMessage', QUEUE))).toBe(false);
  });
});

describe('roles and keys are closed to whom their own policy does not name', () => {
  const identity = [policy(allow('*'))];

  test.each<[what: string, action: string, resource: string]>([
    ['a role', 'sts:AssumeRole', ROLE],
    ['a key', 'kms:Decrypt', KEY],
  ])('%s', (_, action, resource) => {
    const request = asRole(action, resource);
    const naming = (Principal: object) => policy({ Effect: 'Allow', Action: action, Principal });
    expect(evaluator.evaluate(request, { identity }).allowed).toBe(false);
    expect(evaluator.evaluate(request, { identity, resource: naming({ AWS: ACCOUNT }) }).allowed).toBe(true);
    expect(evaluator.evaluate(request, { identity: [], resource: naming({ AWS: ACCOUNT }) }).allowed).toBe(false);
    expect(evaluator.evaluate(request, { identity: [], resource: naming({ AWS: ROLE }) }).allowed).toBe(true);
  });
});

describe('messages', () => {
  const describeInstances = asRole('rds:DescribeDBInstances', INSTANCE);
  const who = `User: arn:aws:sts::${ACCOUNT}:assumed-role/tracker/tracker is not authorized to perform: rds:DescribeDBInstances on resource: ${INSTANCE}`;

  test('say what is missing, as AWS words it', () => {
    expect(evaluator.evaluate(describeInstances, { identity: [] }).message).toBe(
      `${who} because no identity-based policy allows the rds:DescribeDBInstances action`,
    );
    expect(evaluator.evaluate(describeInstances, { identity: [policy(allow('*'), deny('rds:*'))] }).message).toBe(
      `${who} with an explicit deny in an identity-based policy`,
    );
    expect(
      evaluator.evaluate(describeInstances, {
        identity: [policy(allow('*'))],
        permissionsBoundary: policy(allow('sqs:*')),
      }).message,
    ).toBe(`${who} because no permissions boundary allows the rds:DescribeDBInstances action`);
    expect(evaluator.evaluate(describeInstances, { identity: [policy(allow('rds:Describe*'))] }).message).toBe('');
  });

  test('name the statements that applied', () => {
    const { matched } = evaluator.evaluate(describeInstances, {
      identity: [
        policy(allow('sqs:*'), allow('rds:*', ['arn:aws:sqs:*:*:*', 'arn:aws:rds:*:*:db:*'], { Sid: 'Look' })),
      ],
    });
    expect(matched.map(({ policy, statement, resourcePattern }) => [policy, statement.sid, resourcePattern])).toEqual([
      ['identity', 'Look', 'arn:aws:rds:*:*:db:*'],
    ]);
  });
});

describe('actions and resources', () => {
  const may = (statement: object, request: AuthorizationRequest) =>
    evaluator.evaluate(request, { identity: [policy(statement)] }).allowed;

  test('an action without resources is allowed on * only', () => {
    const list = asRole('ssm:ListCommandInvocations', '*');
    expect(may(allow('ssm:ListCommandInvocations', '*'), list)).toBe(true);
    expect(may(allow('ssm:ListCommandInvocations', `arn:aws:ssm:eu-central-1:${ACCOUNT}:*`), list)).toBe(false);
    expect(
      may(
        allow('ssm:ListCommandInvocations', 'arn:aws:ssm:*'),
        asRole('ssm:ListCommandInvocations', `arn:aws:ssm:eu-central-1:${ACCOUNT}:command/1`),
      ),
    ).toBe(false);
  });

  test('a listing is asked on a pattern, which a narrower grant does not cover', () => {
    const all = asRole('rds:DescribeDBInstances', `arn:aws:rds:eu-central-1:${ACCOUNT}:db:*`);
    expect(may(allow('rds:DescribeDBInstances', `arn:aws:rds:*:${ACCOUNT}:db:*`), all)).toBe(true);
    expect(may(allow('rds:DescribeDBInstances', INSTANCE), all)).toBe(false);
  });

  test.each<[pattern: string, matches: boolean]>([
    ['arn:aws:rds:*', true],
    ['arn:aws:rds:*:*:db:consolidated', true],
    [`arn:aws:rds:eu-central-?:${ACCOUNT}:db:c*d`, true],
    ['arn:aws:rds:*:db:consolidated', false],
    ['arn:aws:RDS:*:*:db:consolidated', false],
    ['arn:aws:rds:*:*:db:consolidate', false],
    ['arn:aws:rds:*:*:db.consolidated', false],
  ])('resource %s: %s', (pattern, matches) => {
    expect(may(allow('rds:*', pattern), asRole('rds:DescribeDBInstances', INSTANCE))).toBe(matches);
  });

  test('requests that AWS could never get are refused', () => {
    const evaluate = (action: string, resource: string) => () =>
      evaluator.evaluate(asRole(action, resource), { identity: [] });
    expect(evaluate('rds:DescribeDBInstance', INSTANCE)).toThrow(
      new RequestError('IAM knows no action rds:DescribeDBInstance'),
    );
    expect(evaluate('dynamodb:GetItem', '*')).toThrow('the actions of dynamodb (dynamodb:GetItem) were not loaded');
    expect(evaluate('rds:DescribeDBInstances', QUEUE)).toThrow('takes no resource such as');
  });

  test('an unknown service is refused', async () => {
    await expect(ServiceReference.load(['mobilink'])).rejects.toThrow('IAM knows no service mobilink');
  });
});

describe('conditions', () => {
  const bus = `arn:aws:events:eu-central-1:${ACCOUNT}:event-bus/default`;
  const puts = (Condition: object, context: AuthorizationRequest['context'] = {}) =>
    evaluator.evaluate(asRole('events:PutEvents', bus, context), {
      identity: [policy(allow('events:PutEvents', bus, { Condition }))],
    }).allowed;
  const source = { 'events:source': ['mobilink-ha'] };

  test.each<[what: string, condition: object, context: AuthorizationRequest['context'], holds: boolean]>([
    ['a list under a plain operator', { StringEquals: { 'events:source': 'mobilink-ha' } }, source, false],
    ['a list under the opposite', { StringNotEquals: { 'events:source': 'other' } }, source, false],
    ['a list under ForAllValues', { 'ForAllValues:StringEquals': { 'events:source': 'mobilink-ha' } }, source, true],
    ['ForAllValues of another source', { 'ForAllValues:StringEquals': { 'events:source': 'other' } }, source, false],
    ['ForAllValues without a value', { 'ForAllValues:StringEquals': { 'events:source': 'other' } }, {}, true],
    ['ForAnyValue without a value', { 'ForAnyValue:StringEquals': { 'events:source': 'other' } }, {}, false],
    ['a key of the role itself', { ArnLike: { 'aws:PrincipalArn': `arn:aws:iam::${ACCOUNT}:role/*` } }, {}, true],
    ['the account of the role', { StringEquals: { 'aws:PrincipalAccount': ACCOUNT } }, {}, true],
    ['a key that the action does not have', { StringEquals: { 'rds:db-tag/x': '1' } }, { 'rds:db-tag/x': '1' }, false],
    ['keys without regard to case', { StringEquals: { 'AWS:sourceaccount': '1' } }, { 'aws:SourceAccount': '1' }, true],
    [
      'an IPv6 address is outside an IPv4 range',
      { NotIpAddress: { 'aws:SourceIp': '10.0.0.0/8' } },
      { 'aws:SourceIp': '2001:db8::1' },
      true,
    ],
    ['an IPv6 range', { IpAddress: { 'aws:SourceIp': '2001:db8::/32' } }, { 'aws:SourceIp': '2001:db8::1' }, true],
    [
      'a number where none is',
      { NumericLessThan: { 'aws:MultiFactorAuthAge': '10' } },
      { 'aws:MultiFactorAuthAge': 'x' },
      false,
    ],
    [
      'a variable without value',
      { StringNotEquals: { 'aws:SourceAccount': `\${aws:PrincipalTag/x}` } },
      { 'aws:SourceAccount': '1' },
      false,
    ],
    [
      'a variable with default',
      { StringEquals: { 'aws:SourceAccount': `\${aws:PrincipalTag/x, '1'}` } },
      { 'aws:SourceAccount': '1' },
      true,
    ],
    [
      'booleans and numbers in the policy',
      { Bool: { 'aws:SecureTransport': true } },
      { 'aws:SecureTransport': 'true' },
      true,
    ],
  ])('%s', (_, condition, context, holds) => {
    expect(puts(condition, context)).toBe(holds);
  });

  test('variables are plain text in the language of 2008', () => {
    const old = {
      Version: '2008-10-17',
      Statement: [
        allow('events:PutEvents', '*', {
          Condition: { StringEquals: { 'aws:SourceAccount': `\${aws:PrincipalAccount}` } },
        }),
      ],
    };
    const account = asRole('events:PutEvents', bus, { 'aws:SourceAccount': ACCOUNT });
    expect(evaluator.evaluate(account, { identity: [old] }).allowed).toBe(false);
    expect(evaluator.evaluate(account, { identity: [{ ...old, Version: '2012-10-17' }] }).allowed).toBe(true);
  });

  test.each<[what: string, statement: object, why: string]>([
    [
      'an unknown operator',
      allow('*', '*', { Condition: { StringMatches: { 'aws:SourceAccount': '1' } } }),
      'StringMatches',
    ],
    [
      'an unknown quantifier',
      allow('*', '*', { Condition: { 'ForSomeValues:StringEquals': { a: '1' } } }),
      'ForSomeValues',
    ],
    ['NullIfExists', allow('*', '*', { Condition: { NullIfExists: { 'aws:SourceAccount': 'true' } } }), 'NullIfExists'],
    ['Action and NotAction', { ...allow('*'), NotAction: 'sqs:*' }, 'either Action or NotAction'],
    ['no action', { Effect: 'Allow', Resource: '*' }, 'either Action or NotAction'],
    ['another effect', { ...allow('*'), Effect: 'Permit' }, 'no statement'],
    ['an unknown kind of principal', allow('*', '*', { Principal: { Team: 'x' } }), 'kind of principal Team'],
    ['a wildcard within a principal', allow('*', '*', { Principal: { AWS: 'arn:aws:iam::*:role/x' } }), 'no wildcard'],
  ])('refuses a policy with %s', (_, statement, why) => {
    const evaluate = () => evaluator.evaluate(asRole('events:PutEvents', bus), { identity: [policy(statement)] });
    expect(evaluate).toThrow(PolicyError);
    expect(evaluate).toThrow(why);
  });
});

test('a decision is remembered for the same policies, and only for them', () => {
  const policies = { identity: [policy(allow('sqs:SendMessage', QUEUE))] };
  const first = evaluator.evaluate(asRole('sqs:SendMessage', QUEUE), policies);
  expect(evaluator.evaluate(asRole('sqs:SendMessage', QUEUE), policies)).toBe(first);
  expect(evaluator.evaluate(asRole('sqs:ReceiveMessage', QUEUE), policies).allowed).toBe(false);
  expect(evaluator.evaluate(asRole('sqs:SendMessage', QUEUE), { identity: [] }).allowed).toBe(false);
});
