import { describe, expect, test } from 'vitest';
import { AssemblyError } from '../../../rehearsal/assembly/assembly-error';
import { ACCOUNT, deployFolder, oneStack, REGION, resolved, stackArtifact, writeAssembly } from './assembly-folder';

const template = {
  Parameters: {
    Size: { Type: 'Number', Default: 3 },
    Names: { Type: 'CommaDelimitedList', Default: 'a, b,c' },
    Stage: { Type: 'String', Default: 'prod' },
    Bootstrap: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/cdk-bootstrap/x/version' },
  },
  Conditions: {
    IsProd: { 'Fn::Equals': [{ Ref: 'Stage' }, 'prod'] },
    IsDev: { 'Fn::Not': [{ Condition: 'IsProd' }] },
    Both: { 'Fn::And': [{ Condition: 'IsProd' }, { Condition: 'IsDev' }] },
    Either: { 'Fn::Or': [{ Condition: 'IsProd' }, { Condition: 'IsDev' }] },
    ThreeAsNumber: { 'Fn::Equals': [{ Ref: 'Size' }, 3] },
  },
  Mappings: { Sizes: { prod: { Class: 'large', Zones: ['a', 'b'] } } },
  Resources: {
    Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'dispatch' } },
    Absent: { Type: 'AWS::SQS::Queue', Condition: 'IsDev' },
    Strange: { Type: 'Test::Strange' },
  },
};

describe('functions of CloudFormation', () => {
  test.each<[what: string, value: unknown, expected: unknown]>([
    ['plain data', { a: [1, true, null, 'x'] }, { a: [1, true, null, 'x'] }],
    ['Ref of a parameter', { Ref: 'Stage' }, 'prod'],
    ['Ref of a number parameter is text', { Ref: 'Size' }, '3'],
    ['Ref of a list parameter', { Ref: 'Names' }, ['a', 'b', 'c']],
    ['Ref of AWS::Region', { Ref: 'AWS::Region' }, REGION],
    ['Ref of AWS::StackName', { Ref: 'AWS::StackName' }, 'Stack'],
    ['Ref of AWS::Partition', { Ref: 'AWS::Partition' }, 'aws'],
    ['Ref of AWS::URLSuffix', { Ref: 'AWS::URLSuffix' }, 'amazonaws.com'],
    ['AWS::NoValue in an object', { a: { Ref: 'AWS::NoValue' }, b: 1 }, { b: 1 }],
    ['AWS::NoValue in a list', [1, { Ref: 'AWS::NoValue' }, 2], [1, 2]],
    ['GetAtt', { 'Fn::GetAtt': ['Queue', 'Arn'] }, `arn:aws:sqs:${REGION}:${ACCOUNT}:dispatch`],
    ['GetAtt as text', { 'Fn::GetAtt': 'Queue.QueueName' }, 'dispatch'],
    [
      'Sub',
      { 'Fn::Sub': `\${AWS::AccountId}/\${Stage}/\${Queue.Arn}` },
      `${ACCOUNT}/prod/arn:aws:sqs:${REGION}:${ACCOUNT}:dispatch`,
    ],
    ['Sub with variables of its own', { 'Fn::Sub': [`\${A}-\${Stage}`, { A: { Ref: 'Size' } }] }, '3-prod'],
    ['Sub leaves literals', { 'Fn::Sub': `\${!Stage} \${Stage}` }, `\${Stage} prod`],
    ['Join', { 'Fn::Join': [':', ['a', { Ref: 'Size' }, 7]] }, 'a:3:7'],
    ['Join of a function', { 'Fn::Join': ['/', { Ref: 'Names' }] }, 'a/b/c'],
    ['Split', { 'Fn::Split': ['|', 'a|b|c'] }, ['a', 'b', 'c']],
    ['Select', { 'Fn::Select': [1, { 'Fn::Split': ['|', 'a|b|c'] }] }, 'b'],
    ['Select by text', { 'Fn::Select': ['2', { Ref: 'Names' }] }, 'c'],
    ['GetAZs of this Region', { 'Fn::GetAZs': '' }, [`${REGION}a`, `${REGION}b`, `${REGION}c`]],
    ['GetAZs of another', { 'Fn::GetAZs': 'us-east-1' }, ['us-east-1a', 'us-east-1b', 'us-east-1c']],
    ['Base64', { 'Fn::Base64': 'hello' }, 'aGVsbG8='],
    ['Cidr', { 'Fn::Cidr': ['10.0.0.0/16', 3, 8] }, ['10.0.0.0/24', '10.0.1.0/24', '10.0.2.0/24']],
    ['Cidr from within a range', { 'Fn::Cidr': ['192.168.9.7/23', '2', '4'] }, ['192.168.8.0/28', '192.168.8.16/28']],
    ['If', { 'Fn::If': ['IsProd', 'yes', 'no'] }, 'yes'],
    ['If: the other branch is not resolved', { 'Fn::If': ['IsProd', 'yes', { Ref: 'Absent' }] }, 'yes'],
    ['If to nothing', { a: { 'Fn::If': ['IsDev', 1, { Ref: 'AWS::NoValue' }] } }, {}],
    ['And', { 'Fn::If': ['Both', 1, 2] }, 2],
    ['Or', { 'Fn::If': ['Either', 1, 2] }, 1],
    ['Equals of number and text', { 'Fn::If': ['ThreeAsNumber', 1, 2] }, 1],
    ['FindInMap', { 'Fn::FindInMap': ['Sizes', { Ref: 'Stage' }, 'Class'] }, 'large'],
    ['FindInMap of a list', { 'Fn::Select': [1, { 'Fn::FindInMap': ['Sizes', 'prod', 'Zones'] }] }, 'b'],
    ['FindInMap with default', { 'Fn::FindInMap': ['Sizes', 'test', 'Class', { DefaultValue: 'small' }] }, 'small'],
    ['Length', { 'Fn::Length': { Ref: 'Names' } }, 3],
    ['ToJsonString', { 'Fn::ToJsonString': { a: { Ref: 'Size' }, b: { Ref: 'AWS::NoValue' } } }, '{"a":"3"}'],
    [
      'a dynamic reference',
      '{{resolve:secretsmanager:arn:SecretString:password::}}',
      '{{resolve:secretsmanager:arn:SecretString:password::}}',
    ],
    [
      'the key Condition of a policy is data',
      { Condition: { StringEquals: { a: 'b' } } },
      { Condition: { StringEquals: { a: 'b' } } },
    ],
  ])('%s', (_, value, expected) => {
    expect(resolved(value, template)).toEqual(expected);
  });

  test.each<[what: string, value: unknown, why: string]>([
    ['an unknown function', { 'Fn::Transform': { Name: 'X' } }, 'Stack/Probe: the function Fn::Transform'],
    ['a loop', { 'Fn::ForEach::X': [] }, 'Fn::ForEach::X'],
    ['a function beside other keys', { 'Fn::Sub': 'x', b: 1 }, 'stands beside'],
    ['Ref of nothing', { Ref: 'Nobody' }, 'Nobody is neither'],
    ['Ref of an unknown pseudo parameter', { Ref: 'AWS::Planet' }, 'AWS::Planet'],
    ['Ref of a type that is not known', { Ref: 'Strange' }, 'Stack/Strange: the type Test::Strange'],
    ['Ref of a resource whose condition is false', { Ref: 'Absent' }, 'its condition IsDev is false'],
    ['Ref of a parameter from SSM', { Ref: 'Bootstrap' }, 'takes its value from SSM'],
    [
      'an unknown attribute',
      { 'Fn::GetAtt': ['Queue', 'Colour'] },
      'Stack/Queue (AWS::SQS::Queue) has no attribute Colour',
    ],
    ['an attribute of a type that is not known', { 'Fn::GetAtt': ['Strange', 'Arn'] }, 'Test::Strange'],
    ['GetAtt without attribute', { 'Fn::GetAtt': 'Queue' }, 'names no attribute'],
    ['Sub of a list', { 'Fn::Sub': `\${Names}` }, 'takes text'],
    ['Select beyond the end', { 'Fn::Select': [3, { Ref: 'Names' }] }, 'no element 3'],
    ['Join of an object', { 'Fn::Join': ['', [{}]] }, 'takes text'],
    ['an unknown condition', { 'Fn::If': ['Nobody', 1, 2] }, 'no condition Nobody'],
    ['FindInMap of nothing', { 'Fn::FindInMap': ['Sizes', 'test', 'Class'] }, 'no Sizes.test.Class'],
    ['ImportValue of nothing', { 'Fn::ImportValue': 'Nobody' }, 'no export named Nobody'],
    ['GetStackOutput of nothing', { 'Fn::GetStackOutput': { StackName: 'X', OutputName: 'Y' } }, 'no stack X'],
    ['GetStackOutput with more', { 'Fn::GetStackOutput': { StackName: 'X', OutputName: 'Y', Z: 1 } }, 'Z is not known'],
    ['Cidr of IPv6', { 'Fn::Cidr': ['2001:db8::/56', 1, 64] }, 'no IPv4 range'],
    ['Cidr that does not fit', { 'Fn::Cidr': ['10.0.0.0/24', 3, 7] }, 'does not hold 3'],
  ])('refuses %s', (_, value, why) => {
    expect(() => resolved(value, template)).toThrow(AssemblyError);
    expect(() => resolved(value, template)).toThrow(why);
  });
});

describe('stacks', () => {
  const queue = (Properties: object = {}, more: object = {}) => ({ Type: 'AWS::SQS::Queue', Properties, ...more });

  test('a parameter without value is refused, unless the assembly gives one', () => {
    const Parameters = { Named: { Type: 'String' } };
    expect(() => deployFolder(oneStack({ Parameters }))).toThrow('stack Stack: no value for the parameter Named');
    const Resources = { Q: queue({ QueueName: { Ref: 'Named' } }) };
    const deployment = deployFolder(oneStack({ Parameters, Resources }, { parameters: { Named: 'given' } }));
    expect(deployment.ofType('AWS::SQS::Queue')[0]?.attributes.QueueName).toBe('given');
  });

  test('a parameter from SSM that only a rule reads does not matter', () => {
    const Parameters = { BootstrapVersion: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/x' } };
    const Rules = { Check: { Assertions: [{ Assert: { Ref: 'BootstrapVersion' } }] } };
    expect(deployFolder(oneStack({ Parameters, Rules, Resources: { Q: queue() } })).resources).toHaveLength(1);
  });

  test('resources come after those they refer to, and whose condition is false do not come', () => {
    const Resources = {
      Last: queue({ Tags: [{ Key: 'a', Value: { 'Fn::Sub': `\${Middle}` } }] }),
      Middle: queue({}, { DependsOn: 'First' }),
      First: queue(),
      Never: queue({}, { Condition: 'No' }),
    };
    const Conditions = { No: { 'Fn::Equals': ['a', 'b'] } };
    const { resources } = deployFolder(oneStack({ Resources, Conditions }));
    expect(resources.map((it) => it.logicalId)).toEqual(['First', 'Middle', 'Last']);
  });

  test('resources that refer to each other are refused', () => {
    const Resources = {
      A: queue({ Tags: [{ Ref: 'B' }] }),
      B: queue({ Tags: [{ 'Fn::GetAtt': ['A', 'Arn'] }] }),
    };
    expect(() => deployFolder(oneStack({ Resources }))).toThrow('circular dependency A -> B -> A');
  });

  test('an output is taken from the stack, and the Region, that is named', () => {
    const of = (name: string, region: string) =>
      stackArtifact(`${name}.json`, {
        environment: `aws://${ACCOUNT}/${region}`,
        properties: { templateFile: `${name}.json` },
      });
    const asked = [
      { StackName: 'A', OutputName: 'Same' },
      { StackName: 'B', OutputName: 'Same' },
      { StackName: 'C', OutputName: 'Same', Region: 'us-east-1' },
    ].map((it) => ({ 'Fn::GetStackOutput': it }));
    const folder = writeAssembly({
      'manifest.json': {
        version: '55.0.0',
        artifacts: { A: of('A', REGION), B: of('B', REGION), C: of('C', 'us-east-1'), Reader: of('Reader', REGION) },
      },
      'A.json': { Outputs: { Same: { Value: 'of A' } } },
      'B.json': {
        Outputs: { Same: { Value: 'of B' }, Never: { Value: 'x', Condition: 'No' } },
        Conditions: { No: { 'Fn::Equals': [1, 2] } },
      },
      'C.json': { Outputs: { Same: { Value: 'of C' } } },
      'Reader.json': { Resources: { Probe: { Type: 'Test::Probe', Properties: { asked } } } },
    });
    expect(deployFolder(folder).ofType('Test::Probe')[0]?.properties.asked).toEqual(['of A', 'of B', 'of C']);
  });
});
