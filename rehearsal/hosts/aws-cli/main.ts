/**
 * Stands in for version 2 of the AWS CLI on a host of the rehearsal: the two commands by which a host speaks to the registry, each by the
 * SDK's own client, signed and over HTTP. Time stands still while it runs, as for everything else in virtual time.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { parseArgs } from 'node:util';
import { BatchGetItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { SEQUENCE_HEADER } from '../../functions/protocol';

/** As the CLI ends: usage, an error that a service answered, no way to the service. */
const EXIT = { usage: 252, answered: 254, unreachable: 255 };

const folder = process.env.MOBILINK_HA_HOST ?? '';
const endpoint = readFileSync(path.join(folder, 'uplink'), 'utf8').trim();
const now = Number(readFileSync(path.join(folder, 'clock'), 'utf8')) * 1000;
// Signatures are dated by it.
Date.now = () => now;

/** Of this host's calls, so that two rehearsals send the same bytes. */
function nextSequence(): string {
  const file = path.join(folder, 'calls');
  const number = existsSync(file) ? Number(readFileSync(file, 'utf8')) + 1 : 0;
  writeFileSync(file, String(number));
  return `${path.basename(folder)}-${number}`;
}

interface Numbered {
  addRelativeTo(middleware: unknown, options: object): void;
}

function numbered<C extends { readonly middlewareStack: unknown }>(client: C): C {
  const number = (next: (call: { request: { headers: Record<string, string> } }) => unknown) => (call: never) => {
    const { request } = call as { request: { headers: Record<string, string> } };
    const sequence = nextSequence();
    request.headers[SEQUENCE_HEADER] = sequence;
    request.headers['amz-sdk-invocation-id'] = sequence;
    return next(call);
  };
  (client.middlewareStack as Numbered).addRelativeTo(number, {
    name: 'numberRequests',
    relation: 'before',
    toMiddleware: 'httpSigningMiddleware',
  });
  return client;
}

async function answer([service, operation, ...rest]: string[]): Promise<unknown> {
  const { values } = parseArgs({
    args: rest,
    options: {
      'queue-url': { type: 'string', default: '' },
      'message-body': { type: 'string', default: '' },
      'request-items': { type: 'string', default: '' },
      output: { type: 'string', default: 'json' },
    },
  });
  switch (`${service} ${operation}`) {
    case 'sqs send-message': {
      const client = numbered(new SQSClient({ endpoint, useQueueUrlAsEndpoint: false }));
      const MessageBody = readFileSync(values['message-body'].replace(/^file:\/\//, ''), 'utf8');
      return client.send(new SendMessageCommand({ QueueUrl: values['queue-url'], MessageBody }));
    }
    case 'dynamodb batch-get-item': {
      const client = numbered(new DynamoDBClient({ endpoint }));
      const RequestItems = JSON.parse(values['request-items']);
      const { Responses, UnprocessedKeys } = await client.send(new BatchGetItemCommand({ RequestItems }));
      return { Responses, UnprocessedKeys };
    }
    default:
      throw Object.assign(new Error(`aws: error: no such command: ${service} ${operation}`), { exit: EXIT.usage });
  }
}

answer(process.argv.slice(2)).then(
  (said) => process.stdout.write(`${JSON.stringify(said, undefined, 4)}\n`),
  (error: Error & { readonly exit?: number; readonly $response?: unknown; readonly $fault?: string }) => {
    const answered = error.$fault !== undefined;
    const told = answered
      ? `An error occurred (${error.name}) when calling the operation: ${error.message}`
      : `Could not connect to the endpoint URL: "${endpoint}": ${error.message}`;
    process.stderr.write(`\n${error.exit === undefined ? told : error.message}\n`);
    process.exitCode = error.exit ?? (answered ? EXIT.answered : EXIT.unreachable);
  },
);
