import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import {
  ConsolidatedRdsInstance,
  PrimaryTracker,
  RemoteRegistry,
  SyncDispatcher,
  type SyncDispatcherProps,
  SyncSchedule,
  type SyncScheduleOptions,
} from '../../lib';

export interface Syncs {
  readonly stack: Stack;
  readonly dispatcher: SyncDispatcher;
}

export function syncs(props: Partial<SyncDispatcherProps> = {}, stack = new Stack(new App(), 'Test')): Syncs {
  const registry = props.registry ?? new RemoteRegistry(stack, 'Registry');
  return { stack, dispatcher: new SyncDispatcher(stack, 'Dispatcher', { ...props, registry }) };
}

export function tracker(stack: Stack): PrimaryTracker {
  const database = new ConsolidatedRdsInstance(stack, 'Consolidated', { vpc: new ec2.Vpc(stack, 'Vpc') });
  return new PrimaryTracker(stack, 'Tracker', { database });
}

export function schedule({ stack, dispatcher }: Syncs, options: Partial<SyncScheduleOptions> = {}, id = 'Hourly') {
  return new SyncSchedule(stack, id, {
    schedule: ScheduleExpression.cron({ minute: '0' }),
    groups: ['stores'],
    ...options,
    dispatcher,
  });
}

export interface SyncFunction {
  readonly Timeout: number;
  readonly MemorySize: number;
  readonly Environment: { readonly Variables: Record<string, unknown> };
}

/** The two functions of the dispatcher. */
export function functionsOf(template: Template): { dispatch: SyncFunction; collect: SyncFunction } {
  const all = Object.entries(template.findResources('AWS::Lambda::Function'));
  const find = (name: string) => {
    const [, it] = all.find(([id]) => id.includes(name)) ?? [];
    if (!it) throw new Error(`there is no function ${name}`);
    return it.Properties as SyncFunction;
  };
  return { dispatch: find('DispatchSyncs'), collect: find('CollectSyncs') };
}

/** The environment of a function, tokens as text of their own. */
export function environmentOf({ Environment }: SyncFunction): Record<string, string> {
  return Object.fromEntries(
    Object.entries(Environment.Variables).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
}

export interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

/** Statements of the role whose logical id begins so, its log left aside. */
export function statementsOf(template: Template, role: string): Statement[] {
  return Object.entries(template.findResources('AWS::IAM::Policy'))
    .filter(([id]) => id.startsWith(role))
    .flatMap<Statement>(([, policy]) => policy.Properties.PolicyDocument.Statement)
    .filter(({ Action }) => !JSON.stringify(Action).includes('logs:'));
}

/** What the schedule sends, before EventBridge Scheduler fills in the time. */
export function inputOf(template: Template): Record<string, unknown> {
  const [it] = Object.values(template.findResources('AWS::Scheduler::Schedule'));
  return JSON.parse(it?.Properties.Target.Input);
}

export function templateOf({ stack }: Syncs): Template {
  return Template.fromStack(stack);
}
