import { createHash } from 'node:crypto';
import type { FunctionDescription, InvocationResult, LogLine } from '../functions/function-runtime';
import type { Permission } from './service';

export interface LogsWorld {
  /** Asks IAM for a call that Lambda makes in the role's name. */
  authorizeRole(roleArn: string, permission: Permission): { allowed: boolean; message: string };
  /** Lines that were lost; at AWS nobody is told. */
  onTrouble(what: string): void;
}

export type LoggingFunction = Pick<FunctionDescription, 'name' | 'arn' | 'roleArn' | 'logGroup'>;

/**
 * CloudWatch Logs as Lambda uses it in the name of a function's role: a stream for each environment, lines after each
 * invocation, and the group itself if nobody has made it (Lambda Developer Guide, "Sending function logs to CloudWatch Logs").
 */
export class Logs {
  private readonly groups = new Set<string>();
  /** Streams by their group, then by name; what is in them in the order of its arrival. */
  private readonly streams = new Map<string, Map<string, LogLine[]>>();
  /** How many environments of a function have written, which names the stream of the youngest. */
  private readonly environments = new Map<string, number>();

  /** @param groups the names of the groups that exist */
  constructor(
    groups: Iterable<string>,
    private readonly world: LogsWorld,
  ) {
    for (const group of groups) this.groups.add(group);
  }

  /** Every line of a group, stream by stream. */
  public lines(group: string): LogLine[] {
    return [...(this.streams.get(group)?.values() ?? [])].flat();
  }

  /**
   * Writes what an invocation printed between the lines of Lambda itself. Without a permission it is lost without a word at
   * AWS, and the function runs on.
   */
  public write(fn: LoggingFunction, result: InvocationResult): void {
    if (result.coldStart) this.environments.set(fn.name, (this.environments.get(fn.name) ?? 0) + 1);
    const name = this.streamName(fn, result.startedAt);
    const stream = this.prepare(fn, name);
    if (stream && this.may(fn, 'logs:PutLogEvents', name)) stream.push(...around(result));
  }

  private prepare(fn: LoggingFunction, name: string): LogLine[] | undefined {
    if (!this.groups.has(fn.logGroup)) {
      if (!this.may(fn, 'logs:CreateLogGroup')) return undefined;
      this.groups.add(fn.logGroup);
    }
    const streams = this.streams.get(fn.logGroup) ?? new Map<string, LogLine[]>();
    this.streams.set(fn.logGroup, streams);
    const stream = streams.get(name) ?? (this.may(fn, 'logs:CreateLogStream', name) ? [] : undefined);
    if (stream) streams.set(name, stream);
    return stream;
  }

  private may(fn: LoggingFunction, action: string, stream?: string): boolean {
    const [, partition, , region, account] = fn.arn.split(':');
    const group = `arn:${partition}:logs:${region}:${account}:log-group:${fn.logGroup}`;
    const resource = stream === undefined ? group : `${group}:log-stream:${stream}`;
    const { allowed, message } = this.world.authorizeRole(fn.roleArn, { action, resource });
    if (!allowed) this.world.onTrouble(`the log of ${fn.name} in ${fn.logGroup} is lost: ${message}`);
    return allowed;
  }

  /** The runtime does not say which environment ran: a warm invocation goes to the stream of the youngest, its day's or new. */
  private streamName(fn: LoggingFunction, at: number): string {
    const environment = `${fn.name}#${this.environments.get(fn.name) ?? 0}`;
    const id = createHash('sha256').update(environment).digest('hex').slice(0, 32);
    const known = [...(this.streams.get(fn.logGroup)?.keys() ?? [])].find((name) => name.endsWith(`]${id}`));
    return known ?? `${new Date(at).toISOString().slice(0, 10).replaceAll('-', '/')}/[$LATEST]${id}`;
  }
}

function around({ requestId, startedAt, endedAt, logs, error }: InvocationResult): LogLine[] {
  const duration = (endedAt - startedAt).toFixed(2);
  return [
    { at: startedAt, text: `START RequestId: ${requestId} Version: $LATEST` },
    ...logs,
    ...(error ? [{ at: endedAt, text: `${requestId} ${error.message}` }] : []),
    { at: endedAt, text: `END RequestId: ${requestId}` },
    { at: endedAt, text: `REPORT RequestId: ${requestId}\tDuration: ${duration} ms` },
  ];
}
