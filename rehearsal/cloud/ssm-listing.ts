import { ServiceError } from './service';
import type { Command } from './ssm-command';
import type { Invocation } from './ssm-invocation';
import { pluginOutput } from './ssm-output';
import type { ListInput } from './ssm-request';

/**
 * How details are spelt: the API reference writes both `DeliveryTimedOut` and `Delivery Timed Out`, of the account's quota
 * `Rate Exceeded`, and as the value of a filter `LimitExceeded`. A program must understand all of them.
 */
export type Spelling = 'joined' | 'spaced';

/** The coarse status; of those that have none of their own UNSOURCED. */
const STATUS: Readonly<Record<string, string>> = {
  DeliveryTimedOut: 'TimedOut',
  ExecutionTimedOut: 'TimedOut',
  Terminated: 'Cancelled',
  RateExceeded: 'Cancelled',
  Incomplete: 'Failed',
};

/** Of a command or of an invocation, by what its filters ask. */
export interface Listed {
  readonly key: string;
  readonly requestedAt: number;
  readonly documentName: string;
  readonly detail: string;
  readonly isOpen: boolean;
}

/** One page of what the filters leave, the youngest first. */
export function page<Item extends Listed>(all: Item[], { Filters = [], MaxResults, NextToken }: ListInput) {
  const found = all
    .filter((it) => Filters.every(({ key, value }) => holds(it, key, value)))
    .sort((a, b) => b.requestedAt - a.requestedAt || (a.key < b.key ? -1 : 1));
  const from = NextToken === undefined ? 0 : after(found, NextToken);
  const items = found.slice(from, from + MaxResults);
  const last = items.at(-1);
  return { items, nextToken: last && from + MaxResults < found.length ? token(last) : undefined };
}

function token({ requestedAt, key }: Listed): string {
  return Buffer.from(JSON.stringify([requestedAt, key])).toString('base64url');
}

/** The place after the token's item: what came up meanwhile is younger and moves nothing. */
function after(found: Listed[], given: string): number {
  let last: unknown;
  try {
    last = JSON.parse(Buffer.from(given, 'base64url').toString());
  } catch {
    throw new ServiceError('InvalidNextToken', 'The specified token is not valid.');
  }
  const [at, key] = Array.isArray(last) ? last : [];
  const index = found.findIndex((it) => it.requestedAt < at || (it.requestedAt === at && it.key > key));
  return index < 0 ? found.length : index;
}

function holds(it: Listed, key: string, value: string): boolean {
  switch (key) {
    case 'DocumentName':
      return it.documentName === value;
    case 'InvokedAfter':
      return it.requestedAt >= moment(value);
    case 'InvokedBefore':
      return it.requestedAt < moment(value);
    case 'ExecutionStage':
      return it.isOpen === (value === 'Executing');
    default:
      return it.detail === value || (STATUS[it.detail] ?? it.detail) === value;
  }
}

function moment(value: string): number {
  const at = Date.parse(value);
  if (Number.isNaN(at)) throw new ServiceError('ValidationException', `${value} is no timestamp`);
  return at;
}

export function renderCommand(command: Command, spelling: Spelling): Record<string, unknown> {
  const { input, document, invocations } = command;
  return {
    CommandId: command.id,
    DocumentName: document.name,
    DocumentVersion: '$DEFAULT',
    Comment: input.Comment,
    ExpiresAfter: new Date(command.expiresAt),
    Parameters: input.Parameters,
    InstanceIds: command.nodes.map(({ id }) => id),
    Targets: [],
    RequestedDateTime: new Date(command.requestedAt),
    ...statusOf(command.detail, spelling),
    MaxConcurrency: input.MaxConcurrency,
    MaxErrors: input.MaxErrors,
    TargetCount: command.nodes.length,
    CompletedCount: invocations.filter((it) => !it.isOpen).length,
    ErrorCount: command.count('Failed', 'ExecutionTimedOut'),
    DeliveryTimedOutCount: command.count('DeliveryTimedOut'),
    TimeoutSeconds: input.TimeoutSeconds,
  };
}

export function renderInvocation(
  command: Command,
  invocation: Invocation,
  details: boolean,
  spelling: Spelling,
): Record<string, unknown> {
  return {
    CommandId: command.id,
    InstanceId: invocation.node.id,
    InstanceName: '',
    Comment: command.input.Comment,
    DocumentName: command.document.name,
    DocumentVersion: '$DEFAULT',
    RequestedDateTime: new Date(command.requestedAt),
    ...statusOf(invocation.detail, spelling),
    StandardOutputUrl: '',
    StandardErrorUrl: '',
    CommandPlugins: details ? [plugin(invocation, spelling)] : [],
  };
}

function plugin({ detail, startedAt, end }: Invocation, spelling: Spelling): Record<string, unknown> {
  return {
    Name: 'aws:runShellScript',
    ...statusOf(detail, spelling),
    // Until it has ended there is none.
    ResponseCode: end?.exitCode ?? -1,
    ResponseStartDateTime: startedAt === undefined ? undefined : new Date(startedAt),
    ResponseFinishDateTime: end && new Date(end.at),
    Output: end ? pluginOutput(end) : '',
    StandardOutputUrl: '',
    StandardErrorUrl: '',
  };
}

function statusOf(detail: string, spelling: Spelling): { Status: string; StatusDetails: string } {
  const details =
    spelling === 'spaced' || detail === 'RateExceeded' ? detail.replaceAll(/(?!^)([A-Z])/g, ' $1') : detail;
  return { Status: STATUS[detail] ?? detail, StatusDetails: details };
}
