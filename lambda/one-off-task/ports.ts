import type { Observation } from './core';
import type { TaskToRun } from './task-to-run';

/** What running a task once needs of the world. Every call may fail or leave open whether it took effect. */
export interface Ports {
  readonly tasks: {
    /** The same token is the same task, however often it is asked for. */
    start(task: TaskToRun, token: string): Promise<Extract<Observation, { kind: 'started' | 'no-room' }>>;
    stop(task: TaskToRun, arn: string): Promise<void>;
    look(task: TaskToRun, arn: string): Promise<Extract<Observation, { kind: 'unseen' | 'under-way' | 'stopped' }>>;
  };
  readonly log: {
    /** The last lines of a stream; none if there is no such stream. */
    last(group: string, stream: string): Promise<string[]>;
  };
  told(message: string, detail: Record<string, unknown>): void;
  sleep(millis: number): Promise<void>;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** Milliseconds until the invocation is ended from outside. */
  remaining(): number;
}
