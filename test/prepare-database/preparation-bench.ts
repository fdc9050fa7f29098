import type { Observation } from '../../lambda/one-off-task/core';
import type { Ports } from '../../lambda/one-off-task/ports';
import { answerTo } from '../../lambda/prepare-database/custom-resource';
import { requestOf } from '../custom-resource/loopback-stack';

export const TASK = {
  cluster: 'arn:aws:ecs:eu-central-1:111122223333:cluster/Farm',
  taskDefinition: 'arn:aws:ecs:eu-central-1:111122223333:task-definition/Prepare:3',
  subnets: ['subnet-1', 'subnet-2'],
  securityGroups: ['sg-1'],
  container: 'Prepare',
  logGroup: 'Logs',
  logStreamPrefix: 'prepare',
};

/** Lambda ends the function then. */
export const TIMEOUT = 900_000;

export type Look = Extract<Observation, { kind: 'unseen' | 'under-way' | 'stopped' }> | Error;

/** What one task does: each look meets the next of these, and the last one again and again. */
export interface Course {
  readonly looks: readonly Look[];
  /** What is in its log at each reading; the last one again and again. */
  readonly log?: readonly (readonly string[] | Error)[];
}

/** Tasks in memory, and a clock of their own. */
export class PreparationBench {
  public now = 0;
  /** What RunTask meets before anything is started, one each; the last one for ever if `isForEver`. */
  public readonly refusals: (Error | { readonly noRoom: string })[] = [];
  public isForEver = false;
  public stopError?: Error;
  public readonly tokens: string[] = [];
  public readonly stopped: string[] = [];
  public readonly streams: string[] = [];
  /** Tasks by their tokens. */
  public readonly started = new Map<string, string>();
  private readonly counts = new Map<string, number>();

  constructor(private readonly courses: readonly Course[]) {}

  public readonly ports: Ports = {
    tasks: {
      start: async (_task, token) => {
        this.pass(200);
        this.tokens.push(token);
        const refusal = this.isForEver && this.refusals.length === 1 ? this.refusals[0] : this.refusals.shift();
        if (refusal instanceof Error) throw refusal;
        if (refusal) return { kind: 'no-room', reason: refusal.noRoom };
        const arn = this.started.get(token) ?? `task/Farm/${this.started.size}`;
        this.started.set(token, arn);
        return { kind: 'started', task: arn };
      },
      look: async (_task, arn) => {
        this.pass(100);
        const look = this.next(arn, this.courseOf(arn).looks);
        if (look instanceof Error) throw look;
        return look ?? { kind: 'unseen', reason: 'MISSING' };
      },
      stop: async (_task, arn) => {
        this.pass(100);
        this.stopped.push(arn);
        if (this.stopError) throw this.stopError;
      },
    },
    log: {
      last: async (_group, stream) => {
        this.pass(100);
        this.streams.push(stream);
        const lines = this.next(stream, this.courseOf(stream).log ?? []);
        if (lines instanceof Error) throw lines;
        return [...(lines ?? [])];
      },
    },
    told: () => {},
    sleep: async (millis) => this.pass(millis),
    now: () => this.now,
    remaining: () => TIMEOUT - this.now,
  };

  public ask(RequestType = 'Create', change: object = {}, task: object = TASK) {
    return answerTo(this.ports, requestOf(RequestType, task, change));
  }

  private pass(millis: number): void {
    this.now += millis;
    if (this.now > TIMEOUT) throw new Error('Lambda has ended the function');
  }

  private next<T>(of: string, all: readonly T[]): T | undefined {
    const count = this.counts.get(of) ?? 0;
    this.counts.set(of, count + 1);
    return all[Math.min(count, all.length - 1)];
  }

  private courseOf(arn: string): Course {
    const number = Number(arn.split('/').at(-1));
    return this.courses[Math.min(number, this.courses.length - 1)] as Course;
  }
}

export const underWay = (status = 'RUNNING'): Look => ({ kind: 'under-way', status });
export const ended = (exitCode: number, reason = 'Essential container in task exited'): Look => ({
  kind: 'stopped',
  exitCode,
  taken: false,
  reason,
});
export const neverStarted = (reason: string): Look => ({ kind: 'stopped', taken: false, reason });
export const taken: Look = { kind: 'stopped', exitCode: 137, taken: true, reason: 'TerminationNotice' };

/** An error as the SDK has it: with a status if the service has answered. */
export const refusal = (name: string, message: string, httpStatusCode?: number): Error =>
  Object.assign(new Error(message), { name, $metadata: { httpStatusCode } });
