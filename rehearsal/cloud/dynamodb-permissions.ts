import type { Permission } from './service';

/** What of a table decides about permissions. */
export interface GuardedTable {
  readonly name: string;
  readonly arn: string;
  readonly keySchema: readonly { readonly AttributeName: string; readonly KeyType: string }[];
}

type Body = Record<string, unknown>;
type Item = Record<string, Record<string, unknown>>;

/** What IAM is asked for each kind of write in a transaction (DynamoDB Developer Guide, "IAM and transactions"). */
const WRITES = { Put: 'PutItem', Update: 'UpdateItem', Delete: 'DeleteItem', ConditionCheck: 'ConditionCheckItem' };

/** The words of DynamoDB's expressions that name no attribute. */
const KEYWORDS = /^(SET|REMOVE|ADD|DELETE|AND|OR|NOT|BETWEEN|IN)$/i;

const EXPRESSIONS = [
  'ProjectionExpression',
  'KeyConditionExpression',
  'FilterExpression',
  'ConditionExpression',
  'UpdateExpression',
];

/**
 * Every permission that a request needs: action, table or index, and the condition keys of DynamoDB (Service Authorization
 * Reference; Developer Guide, "Using IAM policy conditions for fine-grained access control").
 * @param tableOf finds a table, or says what the ARN of one that is missing would be
 */
export function dynamoDbPermissions(
  operation: string,
  body: Body,
  tableOf: (nameOrArn: string) => GuardedTable,
): Permission[] {
  const permission = (action: string, table: GuardedTable, part: Body, items: Item[]): Permission => ({
    action: `dynamodb:${action}`,
    resource: typeof part.IndexName === 'string' ? `${table.arn}/index/${part.IndexName}` : table.arn,
    context: contextOf(table, part, items, action === operation ? undefined : operation),
  });
  if (operation === 'ListTables') return [{ action: 'dynamodb:ListTables', resource: '*' }];
  if (operation === 'BatchGetItem' || operation === 'BatchWriteItem') {
    return Object.entries(record(body.RequestItems)).map(([name, part]) =>
      permission(operation, tableOf(name), record(part), batchItems(part)),
    );
  }
  if (operation === 'TransactGetItems' || operation === 'TransactWriteItems') {
    return list(body.TransactItems).flatMap((entry) =>
      Object.entries(record(entry)).map(([kind, part]) => {
        const action = kind === 'Get' ? 'GetItem' : (WRITES[kind as keyof typeof WRITES] ?? kind);
        return permission(action, tableOf(String(record(part).TableName)), record(part), itemsOf(record(part)));
      }),
    );
  }
  return [permission(operation, tableOf(String(body.TableName)), body, itemsOf(body))];
}

function contextOf(table: GuardedTable, part: Body, items: Item[], enclosing: string | undefined) {
  const partition = table.keySchema.find((it) => it.KeyType === 'HASH')?.AttributeName ?? '';
  const leading = [...items.map((item) => scalar(item[partition])), leadingOfQuery(partition, part)];
  const attributes = [...items.flatMap((item) => Object.keys(item)), ...attributesOf(part)];
  const context: Record<string, string | string[]> = {};
  const several = (key: string, values: (string | undefined)[]) => {
    const known = [...new Set(values.filter((value) => value !== undefined))];
    if (known.length > 0) context[key] = known;
  };
  several('dynamodb:LeadingKeys', leading);
  several('dynamodb:Attributes', attributes);
  for (const key of ['Select', 'ReturnValues', 'ReturnConsumedCapacity']) {
    if (typeof part[key] === 'string') context[`dynamodb:${key}`] = part[key];
  }
  if (enclosing !== undefined) context['dynamodb:EnclosingOperation'] = enclosing;
  return Object.keys(context).length > 0 ? context : undefined;
}

function itemsOf(part: Body): Item[] {
  return [part.Key, part.Item].filter((item) => item !== undefined).map((item) => record(item) as Item);
}

function batchItems(part: unknown): Item[] {
  if (!Array.isArray(part)) return list(record(part).Keys).map((key) => record(key) as Item);
  return part.flatMap((entry) => Object.values(record(entry)).flatMap((request) => itemsOf(record(request))));
}

/** `pk = :value` in any place of the key condition. */
function leadingOfQuery(partition: string, part: Body): string | undefined {
  for (const [, name = '', value = ''] of text(part.KeyConditionExpression).matchAll(/([#\w]+)\s*=\s*(:\w+)/g)) {
    if (meantBy(name, part) === partition) return scalar(record(part.ExpressionAttributeValues)[value]);
  }
  return undefined;
}

/** The top-level attributes that the expressions of a request name. That conditions count as well is UNSOURCED. */
function attributesOf(part: Body): string[] {
  // What follows a dot lies deeper, a colon begins a value, and a bracket comes after the name of a function.
  const words = EXPRESSIONS.flatMap((expression) => text(part[expression]).match(/[:.]?[#\w]+\b(?!\s*\()/g) ?? []);
  const named = words.filter((word) => /^[#A-Za-z_]/.test(word) && !KEYWORDS.test(word));
  return [...named.map((name) => meantBy(name, part)), ...list(part.AttributesToGet).map(String)];
}

function meantBy(name: string, part: Body): string {
  return name.startsWith('#') ? String(record(part.ExpressionAttributeNames)[name]) : name;
}

function scalar(value: unknown): string | undefined {
  const [first] = Object.values(record(value));
  return typeof first === 'string' ? first : undefined;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
