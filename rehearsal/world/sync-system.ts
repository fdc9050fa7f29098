import * as v from 'valibot';
import type { Deployment } from '../assembly/deployment';
import type { ServedFunction } from '../cloud/lambda-service';
import { rolePolicies } from '../iam/role-policies';
import { describeSchedules } from './descriptions';

/** The scheduled syncs of a rehearsal: by what the template tells the functions, the schedule and the role. */
export interface SyncSystem {
  readonly registryTable: string;
  readonly shards: number;
  readonly runsTable: string;
  readonly dispatchFunction: string;
  readonly collectFunction: string;
  readonly schedule: SyncScheduleDescription;
  /** What a host must carry to be commanded. */
  readonly hostTag: { readonly key: string; readonly value: string };
}

export interface SyncScheduleDescription {
  readonly arn: string;
  readonly name: string;
  readonly group: string;
  readonly windowSeconds: number;
  readonly deadlineSeconds: number;
  readonly attempts: number;
  readonly startWithinSeconds: number;
  readonly dispatchQueueArn: string;
  readonly roleArn: string;
  /** The message that asks for a run, with the context attributes of EventBridge Scheduler in it. */
  readonly input: string;
}

const runInput = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    kind: v.literal('run'),
    schedule: v.string(),
    groups: v.pipe(v.array(v.string()), v.minLength(1)),
    windowSeconds: v.number(),
    deadlineSeconds: v.number(),
    attempts: v.number(),
    startWithinSeconds: v.number(),
  }),
);

/** The first schedule that asks for runs, and the functions that carry them out; undefined without one. */
export function findSyncs(deployment: Deployment, functions: readonly ServedFunction[]): SyncSystem | undefined {
  const told = (fn: ServedFunction) => fn.description.environment;
  const dispatch = functions.find((fn) => told(fn).MOBILINK_SYNC_DOCUMENT !== undefined);
  const collect = functions.find(
    (fn) => fn !== dispatch && told(fn).MOBILINK_RUNS_TABLE !== undefined && told(fn).MOBILINK_EVENT_BUS !== undefined,
  );
  const [schedule] = describeSchedules(deployment).flatMap(({ arn, input, targetArn, roleArn }) => {
    const read = v.safeParse(runInput, input);
    if (!read.success) return [];
    const { schedule: name, groups, ...times } = read.output;
    return [{ arn, name, group: groups[0] ?? '', ...times, input, roleArn, dispatchQueueArn: targetArn }];
  });
  if (!dispatch || !collect || !schedule) return undefined;
  return {
    registryTable: told(dispatch).MOBILINK_REGISTRY_TABLE ?? '',
    shards: Number(told(dispatch).MOBILINK_REGISTRY_SHARDS),
    runsTable: told(dispatch).MOBILINK_RUNS_TABLE ?? '',
    dispatchFunction: dispatch.description.name,
    collectFunction: collect.description.name,
    schedule,
    hostTag: findHostTag(deployment, dispatch.description.roleArn),
  };
}

const TAG_CONDITION = /^(?:ssm|aws):resourceTag\/(.+)$/i;

/** By the condition under which the role may command hosts. */
function findHostTag(deployment: Deployment, roleArn: string): SyncSystem['hostTag'] {
  const conditions = JSON.stringify(rolePolicies(deployment, roleArn).identity);
  const statements = v.parse(v.array(v.unknown()), JSON.parse(conditions));
  for (const [key, value] of statements.flatMap(entriesWithin)) {
    const [, tag] = TAG_CONDITION.exec(key) ?? [];
    if (tag !== undefined) return { key: tag, value: String([value].flat()[0]) };
  }
  return { key: 'none', value: 'none' };
}

/** Every key with its value, however deep. */
function entriesWithin(value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [[key, inner] as [string, unknown], ...entriesWithin(inner)]);
}
