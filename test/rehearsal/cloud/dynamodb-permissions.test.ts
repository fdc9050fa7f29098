import { describe, expect, it } from 'vitest';
import { dynamoDbPermissions } from '../../../rehearsal/cloud/dynamodb-permissions';

const ARN = 'arn:aws:dynamodb:eu-central-1:111122223333:table';
const tableOf = (name: string) => ({
  name,
  arn: `${ARN}/${name}`,
  keySchema: [
    { AttributeName: 'id', KeyType: 'HASH' },
    { AttributeName: 'at', KeyType: 'RANGE' },
  ],
});
const key = (id: string) => ({ id: { S: id }, at: { N: '1' } });

const permissionsOf = (operation: string, body: Record<string, unknown>) =>
  dynamoDbPermissions(operation, body, tableOf).map(({ action, resource, context }) => ({
    may: `${action} on ${resource.slice(ARN.length + 1)}`,
    keys: context?.['dynamodb:LeadingKeys'],
    attributes: context?.['dynamodb:Attributes'],
  }));

describe('what a request needs', () => {
  it.each([
    {
      operation: 'GetItem',
      body: {
        TableName: 't',
        Key: key('a'),
        ProjectionExpression: '#e, primary.host, tags[0]',
        ...names('#e', 'epoch'),
      },
      expected: [{ may: 'dynamodb:GetItem on t', keys: ['a'], attributes: ['id', 'at', 'epoch', 'primary', 'tags'] }],
    },
    {
      operation: 'PutItem',
      body: {
        TableName: 't',
        Item: { ...key('a'), epoch: { N: '1' } },
        ConditionExpression: 'attribute_not_exists(id)',
      },
      expected: [{ may: 'dynamodb:PutItem on t', keys: ['a'], attributes: ['id', 'at', 'epoch'] }],
    },
    {
      operation: 'UpdateItem',
      body: {
        TableName: 't',
        Key: key('a'),
        UpdateExpression: 'SET #e = if_not_exists(#e, :zero) + :one, seen = :now REMOVE old',
        ConditionExpression: 'epoch = :e AND NOT size(note) > :n',
        ...names('#e', 'epoch'),
      },
      expected: [
        { may: 'dynamodb:UpdateItem on t', keys: ['a'], attributes: ['id', 'at', 'epoch', 'note', 'seen', 'old'] },
      ],
    },
    {
      operation: 'Query',
      body: {
        TableName: 't',
        IndexName: 'byTime',
        KeyConditionExpression: '#k = :k AND at BETWEEN :a AND :b',
        ExpressionAttributeValues: { ':k': { S: 'a' } },
        ...names('#k', 'id'),
      },
      expected: [{ may: 'dynamodb:Query on t/index/byTime', keys: ['a'], attributes: ['id', 'at'] }],
    },
    { operation: 'Scan', body: { TableName: 't' }, expected: [{ may: 'dynamodb:Scan on t' }] },
    {
      operation: 'BatchGetItem',
      body: { RequestItems: { t: { Keys: [key('a'), key('b')] }, u: { Keys: [key('c')] } } },
      expected: [
        { may: 'dynamodb:BatchGetItem on t', keys: ['a', 'b'], attributes: ['id', 'at'] },
        { may: 'dynamodb:BatchGetItem on u', keys: ['c'], attributes: ['id', 'at'] },
      ],
    },
    {
      operation: 'BatchWriteItem',
      body: {
        RequestItems: {
          t: [{ PutRequest: { Item: { ...key('a'), n: { N: '1' } } } }, { DeleteRequest: { Key: key('b') } }],
        },
      },
      expected: [{ may: 'dynamodb:BatchWriteItem on t', keys: ['a', 'b'], attributes: ['id', 'at', 'n'] }],
    },
    {
      operation: 'TransactWriteItems',
      body: {
        TransactItems: [
          { Put: { TableName: 't', Item: key('a') } },
          { Update: { TableName: 'u', Key: key('b'), UpdateExpression: 'ADD n :one' } },
          { ConditionCheck: { TableName: 't', Key: key('c'), ConditionExpression: 'attribute_exists(id)' } },
        ],
      },
      expected: [
        { may: 'dynamodb:PutItem on t', keys: ['a'], attributes: ['id', 'at'] },
        { may: 'dynamodb:UpdateItem on u', keys: ['b'], attributes: ['id', 'at', 'n'] },
        { may: 'dynamodb:ConditionCheckItem on t', keys: ['c'], attributes: ['id', 'at'] },
      ],
    },
  ])('$operation', ({ operation, body, expected }) => {
    expect(permissionsOf(operation, body)).toEqual(expected);
  });

  it('no table, to list them', () => {
    expect(dynamoDbPermissions('ListTables', {}, tableOf)).toEqual([{ action: 'dynamodb:ListTables', resource: '*' }]);
  });

  it('names the transaction that encloses it, and what is returned', () => {
    const [first] = dynamoDbPermissions(
      'TransactGetItems',
      { TransactItems: [{ Get: { TableName: 't', Key: key('a') } }] },
      tableOf,
    );
    expect(first?.context).toMatchObject({ 'dynamodb:EnclosingOperation': 'TransactGetItems' });
    const [second] = dynamoDbPermissions('Query', { TableName: 't', Select: 'COUNT' }, tableOf);
    expect(second?.context).toEqual({ 'dynamodb:Select': 'COUNT' });
  });
});

function names(placeholder: string, attribute: string) {
  return { ExpressionAttributeNames: { [placeholder]: attribute } };
}
