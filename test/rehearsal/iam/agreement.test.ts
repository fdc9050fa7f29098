import { runSimulation } from '@cloud-copilot/iam-simulate';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { IamEvaluator } from '../../../rehearsal/iam/evaluator';
import { ServiceReference } from '../../../rehearsal/iam/service-reference';

/** Our evaluator against an independent one, on generated identity policies, boundaries and requests. */

const ACCOUNT = '123456789012';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/tracker`;
const at = (service: string, rest: string) => `arn:aws:${service}:eu-central-1:${ACCOUNT}:${rest}`;

const REQUESTS: readonly (readonly [action: string, ...resources: string[]])[] = [
  ['rds:DescribeDBInstances', at('rds', 'db:consolidated'), at('rds', 'db:other')],
  ['rds:RebootDBInstance', at('rds', 'db:consolidated')],
  ['dynamodb:GetItem', at('dynamodb', 'table/records'), at('dynamodb', 'table/others')],
  ['dynamodb:PutItem', at('dynamodb', 'table/records')],
  ['dynamodb:Query', at('dynamodb', 'table/records'), at('dynamodb', 'table/records/index/due')],
  ['events:PutEvents', at('events', 'event-bus/default'), at('events', 'event-bus/other')],
  ['lambda:InvokeFunction', at('lambda', 'function:tracker'), at('lambda', 'function:tracker:1')],
  ['logs:PutLogEvents', at('logs', 'log-group:/tracker:log-stream:1')],
  ['logs:CreateLogStream', at('logs', 'log-group:/tracker')],
  ['scheduler:CreateSchedule', at('scheduler', 'schedule/default/every-minute')],
  ['secretsmanager:GetSecretValue', at('secretsmanager', 'secret:login-AbCdEf')],
  ['kms:Decrypt', at('kms', 'key/11111111-2222-4333-8444-555555555555')],
  ['sqs:SendMessage', at('sqs', 'in-flight'), at('sqs', 'dispatch')],
  ['ssm:SendCommand', at('ssm', 'document/sync-remote'), at('ec2', 'instance/i-0123456789abcdef0')],
  ['ssm:ListCommandInvocations', '*'],
];

const pickSome = <T>(values: readonly T[], atMost = 3) =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: atMost });

const actions = pickSome([
  ...REQUESTS.map(([action]) => action),
  ...['*', 'rds:*', 'RDS:describe*', 'dynamodb:*Item', 'dynamodb:?et*', 'events:Put*', 'sqs:*', 'ssm:List*'],
]);
const resources = pickSome([
  ...REQUESTS.flatMap(([, ...it]) => it),
  ...['*', 'arn:aws:rds:*:*:*', 'arn:aws:rds:*:*:db:*', at('rds', 'db:cons*'), at('dynamodb', 'table/record?')],
  ...[at('dynamodb', 'table/*'), at('sqs', '*'), at('logs', 'log-group:/tracker:*'), `arn:*:*:*:${ACCOUNT}:*`],
  // The other evaluator takes no shortened ARN (`arn:aws:rds:*`) under NotResource, and reads a variable in the last part of an ARN only after a slash: none stands right after a colon.
  ...[
    at('events', `event-bus/\${aws:PrincipalTag/bus}`),
    at('dynamodb', `table/\${aws:PrincipalTag/table, 'records'}`),
  ],
]);

/** The values that a request may have, and those that policies ask for: enough overlap that both outcomes are common. */
const VALUES: Readonly<Record<string, { present: readonly (string | string[])[]; asked: readonly string[] }>> = {
  'aws:SourceAccount': { present: [ACCOUNT, '999999999999'], asked: [ACCOUNT, '1234*', '?23456789012', '*'] },
  'aws:PrincipalTag/bus': { present: ['default', 'def*', 'other'], asked: ['default', 'DEFAULT', 'd*', `\${*}`] },
  'aws:PrincipalTag/table': { present: ['records', 'others'], asked: ['records', `\${aws:PrincipalTag/bus}`] },
  'aws:SourceArn': {
    present: [at('events', 'rule/changed'), at('scheduler', 'schedule/default/every-minute')],
    asked: [at('events', 'rule/*'), 'arn:aws:*:*:*:*', at('scheduler', 'schedule/default/every-minute'), '*'],
  },
  // For the other evaluator an IPv6 address is not "outside" an IPv4 range; families are never mixed here.
  'aws:SourceIp': {
    present: ['10.1.2.3', '192.0.2.1'],
    asked: ['10.0.0.0/8', '192.0.2.1'],
  },
  'aws:SecureTransport': { present: ['true', 'false'], asked: ['true', 'false'] },
  'aws:MultiFactorAuthAge': { present: ['10', '300', '3600'], asked: ['300', '301', '-1'] },
  'aws:CurrentTime': {
    present: ['2026-11-23T04:00:00Z'],
    asked: ['2026-11-23T04:00:00Z', '2026-01-01T00:00:00Z', '2027-01-01'],
  },
  'aws:ViaAWSService': { present: ['true', 'false'], asked: ['true'] },
  'aws:CalledVia': { present: [[], ['athena.amazonaws.com'], ['a', 'b']], asked: ['a', 'b', 'athena*'] },
  'dynamodb:LeadingKeys': { present: [['one'], ['one', 'two'], []], asked: ['one', 'two', 'o*'] },
  'events:source': { present: [['mobilink-ha'], ['mobilink-ha', 'other']], asked: ['mobilink-ha', 'other'] },
  'events:detail-type': { present: [['MobiLink Primary Changed']], asked: ['MobiLink*', 'MobiLink Primary Changed'] },
  'kms:ViaService': {
    present: ['secretsmanager.eu-central-1.amazonaws.com'],
    asked: ['secretsmanager.*.amazonaws.com'],
  },
  'rds:db-tag/stage': { present: ['prod', 'dev'], asked: ['prod'] },
  'aws:ResourceTag/stage': { present: ['prod', 'dev'], asked: ['prod'] },
};

const STRING = ['Equals', 'NotEquals', 'EqualsIgnoreCase', 'NotEqualsIgnoreCase', 'Like', 'NotLike'].map(
  (it) => `String${it}`,
);
const COMPARISONS = ['Equals', 'NotEquals', 'LessThan', 'LessThanEquals', 'GreaterThan', 'GreaterThanEquals'];
const OPERATORS: Readonly<Record<string, readonly string[]>> = {
  'aws:SourceArn': ['ArnEquals', 'ArnLike', 'ArnNotEquals', 'ArnNotLike'],
  'aws:SourceIp': ['IpAddress', 'NotIpAddress'],
  'aws:SecureTransport': ['Bool'],
  'aws:ViaAWSService': ['Bool'],
  'aws:MultiFactorAuthAge': COMPARISONS.map((it) => `Numeric${it}`),
  'aws:CurrentTime': COMPARISONS.map((it) => `Date${it}`),
};

const condition = fc.constantFrom(...Object.keys(VALUES)).chain((key) =>
  fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom('true', 'false').map((it) => ({ Null: { [key]: it } })) },
    {
      weight: 6,
      arbitrary: fc
        .record({
          quantifier: fc.constantFrom('', '', 'ForAllValues:', 'ForAnyValue:'),
          operator: fc.constantFrom(...(OPERATORS[key] ?? STRING)),
          ifExists: fc.constantFrom('', '', 'IfExists'),
          asked: pickSome(VALUES[key]?.asked ?? [], 2),
        })
        .map(({ quantifier, operator, ifExists, asked }) => ({
          [`${quantifier}${operator}${ifExists}`]: { [key]: asked },
        })),
    },
  ),
);

const statement = fc
  .record({
    Effect: fc.constantFrom('Allow', 'Allow', 'Allow', 'Deny'),
    actions,
    exceptActions: fc.integer({ min: 0, max: 9 }).map((it) => it === 0),
    resources,
    exceptResources: fc.integer({ min: 0, max: 9 }).map((it) => it === 0),
    conditions: fc.array(condition, { maxLength: 2 }),
  })
  .map(({ Effect, actions, exceptActions, resources, exceptResources, conditions }) => ({
    Effect,
    [exceptActions ? 'NotAction' : 'Action']: actions,
    [exceptResources ? 'NotResource' : 'Resource']: resources,
    ...(conditions.length > 0 ? { Condition: Object.assign({}, ...conditions) } : {}),
  }));

const document = fc
  .array(statement, { minLength: 1, maxLength: 3 })
  .map((it) => ({ Version: '2012-10-17', Statement: it }));

/** A policy that has something to do with the request: otherwise nearly everything is denied for lack of a grant. */
const inclined = (action: string, resource: string) =>
  fc.oneof(
    document,
    fc
      .record({
        allowIf: fc.array(condition, { maxLength: 1 }),
        denyIf: fc.option(condition, { nil: undefined, freq: 2 }),
        others: fc.array(statement, { maxLength: 1 }),
      })
      .map(({ allowIf, denyIf, others }) => ({
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Action: [action], Resource: [resource], Condition: Object.assign({}, ...allowIf) },
          ...(denyIf ? [{ Effect: 'Deny', Action: [action], Resource: ['*'], Condition: denyIf }] : []),
          ...others,
        ],
      })),
  );

const scenario = fc
  .constantFrom(...REQUESTS)
  .chain(([action, ...on]) => fc.record({ action: fc.constant(action), resource: fc.constantFrom(...on) }))
  .chain(({ action, resource }) =>
    fc.record({
      action: fc.constant(action),
      resource: fc.constant(resource),
      identity: fc.array(inclined(action, resource), { minLength: 1, maxLength: 2 }),
      boundary: fc.option(inclined(action, resource), { nil: undefined, freq: 4 }),
      context: fc
        .uniqueArray(fc.constantFrom(...Object.keys(VALUES)), { maxLength: 8 })
        .chain((keys) =>
          fc.record(Object.fromEntries(keys.map((key) => [key, fc.constantFrom(...(VALUES[key]?.present ?? []))]))),
        ),
    }),
  );

describe('agreement with an independent evaluator', () => {
  let evaluator: IamEvaluator;
  beforeAll(async () => {
    const services = [
      'rds',
      'dynamodb',
      'events',
      'lambda',
      'logs',
      'scheduler',
      'secretsmanager',
      'kms',
      'sqs',
      'ssm',
    ];
    evaluator = new IamEvaluator(await ServiceReference.load(services));
  });

  test('generated policies, boundaries and requests get the same answer', async () => {
    const counts = { allowed: 0, denied: 0, explicitlyDenied: 0, notTaken: 0 };
    await fc.assert(
      fc.asyncProperty(scenario, async ({ action, resource, identity, boundary, context }) => {
        const simulated = await runSimulation(
          {
            request: {
              principal: ROLE,
              action,
              resource: { resource, accountId: ACCOUNT },
              contextVariables: {
                'aws:PrincipalArn': ROLE,
                'aws:PrincipalAccount': ACCOUNT,
                'aws:PrincipalIsAWSService': 'false',
                ...context,
              },
            },
            identityPolicies: identity.map((policy, index) => ({ name: `policy-${index}`, policy })),
            permissionBoundaryPolicies: boundary ? [{ name: 'boundary', policy: boundary }] : undefined,
            serviceControlPolicies: [],
            resourceControlPolicies: [],
          },
          {},
        );
        if (simulated.resultType === 'error') {
          counts.notTaken++;
          return;
        }
        const ours = evaluator.evaluate(
          { principal: { arn: ROLE }, action, resource, context },
          { identity, permissionsBoundary: boundary },
        );
        const verdict = ours.allowed ? 'Allowed' : ours.explicitDeny ? 'ExplicitlyDenied' : 'ImplicitlyDenied';
        counts[ours.allowed ? 'allowed' : ours.explicitDeny ? 'explicitlyDenied' : 'denied']++;
        expect(verdict).toBe(simulated.overallResult);
      }),
      { numRuns: 4000, seed: 20261123 },
    );
    console.info('agreement with iam-simulate', counts);
    // Without a fair share of each outcome the agreement would say little.
    expect(Math.min(counts.allowed, counts.denied, counts.explicitlyDenied)).toBeGreaterThan(200);
    expect(counts.notTaken).toBeLessThan(1000);
  });
});
