import type { Deployment } from '../assembly/deployment';
import { lettersFrom, partitionOf } from '../assembly/physical-resource';
import type { Chance } from '../cloud/chance';
import type { Clock } from '../cloud/clock';
import type { DeadLetter } from '../cloud/event-bus-targets';
import { EventSourceMapping } from '../cloud/event-source-mapping';
import type { Invoker, LambdaService, ServedFunction } from '../cloud/lambda-service';
import type { Latencies } from '../cloud/latencies';
import { ServiceError } from '../cloud/service';
import { Sqs } from '../cloud/sqs';
import type { MessageAttributes } from '../cloud/sqs-message';
import type { Authority } from './authority';
import { describeMappings, describeQueues } from './queue-descriptions';

export interface QueuesOptions {
  readonly deployment: Deployment;
  readonly authority: Authority;
  readonly clock: Clock;
  readonly latencies: Latencies;
  readonly chance: Chance;
  readonly accountId: string;
  readonly region: string;
  onTrouble(what: string): void;
}

/** The queues of the assembly: what services put into them, and what Lambda takes out of them for functions. */
export class Queues {
  public readonly sqs: Sqs;
  private mappings: EventSourceMapping[] = [];

  constructor(private readonly options: QueuesOptions) {
    const { deployment, clock, chance, accountId, region, onTrouble } = options;
    this.sqs = new Sqs(describeQueues(deployment), {
      clock,
      chance,
      arnPrefix: `arn:${partitionOf(region)}:sqs:${region}:${accountId}`,
      senderId: (roleArn, session) => `${deployment.find(roleArn)?.attributes.RoleId}:${session}`,
      onTrouble,
    });
  }

  public has(arn: string): boolean {
    return this.sqs.find(arn) !== undefined;
  }

  /** Makes Lambda's mappings; what it would not create is refused. */
  public connect(lambda: LambdaService, functions: readonly ServedFunction[]): void {
    const { deployment, authority, clock, latencies, onTrouble } = this.options;
    this.mappings = describeMappings(deployment).map((description) => {
      const fn = functions.find((it) => it.description.arn === description.functionArn);
      if (!fn) throw new Error(`${description.name}: the function ${description.functionArn} is not run`);
      return new EventSourceMapping(description, fn.description, {
        clock,
        latencies,
        sqs: this.sqs,
        authorizeRole: (roleArn, permission) => authority.ofRole(roleArn, permission),
        invoke: (functionArn, payload) => lambda.invokeSync(functionArn, payload),
        onTrouble,
      });
    });
  }

  /** Lambda begins to poll. */
  public start(): void {
    for (const mapping of this.mappings) mapping.start();
  }

  /** A service sends, in a role's name or in its own. Refused as AWS would, which nobody but a metric would tell. */
  public send(arn: string, body: string, sender: Invoker, attributes?: MessageAttributes): void {
    const { authority, onTrouble } = this.options;
    for (const permission of this.sqs.permissions('SendMessage', arn)) {
      const { allowed, message } =
        sender.kind === 'role'
          ? authority.ofRole(sender.roleArn, permission)
          : authority.ofService(sender.principal, permission, sender.sourceArn);
      if (allowed) continue;
      onTrouble(message);
      throw new ServiceError('AccessDeniedException', message, 403);
    }
    this.sqs.put(arn, { body, attributes, senderId: this.senderId(sender) });
  }

  /** What a target of EventBridge or of Scheduler did not take; it is lost where it cannot be sent. */
  public sendDeadLetter(letter: DeadLetter, sender: Invoker): void {
    const { queueArn, body, sourceArn, targetArn, errorCode, errorMessage } = letter;
    if (!this.has(queueArn)) return;
    const owner = /:scheduler:/.test(sourceArn) ? 'SCHEDULE_ARN' : 'RULE_ARN';
    const told = { [owner]: sourceArn, TARGET_ARN: targetArn, ERROR_CODE: errorCode, ERROR_MESSAGE: errorMessage };
    const attributes = Object.entries(told).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]);
    this.sendOrLose(queueArn, body, sender, Object.fromEntries(attributes));
  }

  /** A refusal has been told already, and whoever sends has nowhere else to go. */
  public sendOrLose(arn: string, body: unknown, sender: Invoker, attributes?: MessageAttributes): void {
    try {
      this.send(arn, typeof body === 'string' ? body : JSON.stringify(body), sender, attributes);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      this.options.onTrouble(`a message for ${arn} is lost: ${error.message}`);
    }
  }

  /** A role shows as its id and the session, a service as some id of its own. */
  private senderId(sender: Invoker): string {
    if (sender.kind === 'service') {
      return `AIDA${lettersFrom(sender.principal, 17, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}`;
    }
    const role = this.options.deployment.find(sender.roleArn);
    return `${role?.attributes.RoleId}:${role?.physicalId}`;
  }
}
