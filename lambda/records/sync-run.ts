import * as v from 'valibot';
import { moment, shortName } from './names';

const DAY = 86_400;

const whole = (least: number, most: number) =>
  v.pipe(
    v.number(),
    v.integer(),
    v.minValue(least, `must be at least ${least}`),
    v.maxValue(most, `must be at most ${most}`),
  );

/** How a remote's host is told which synchronization profile to use; empty is not allowed, absent is the host's own. */
export const profileName = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/, 'must be 1 to 128 letters, digits, _ . -'),
);

/** What a schedule says about each of its runs; it travels with every message of the run. */
const settings = {
  schedule: shortName,
  groups: v.pipe(v.array(shortName), v.minLength(1, 'must name a group'), v.maxLength(100)),
  /** The commands are spread over this long, by stable jitter. */
  windowSeconds: whole(0, DAY),
  /** A firing that comes later than this after its slot is skipped. */
  startWithinSeconds: whole(1, DAY),
  /** Counted from the slot: then every remote has its outcome. */
  deadlineSeconds: whole(60, 13 * DAY),
  /** How often a remote is ordered at most: to the primary that was known, its partner, all of its hosts. */
  attempts: whole(1, 5),
  profile: v.optional(profileName),
  /** After this long Systems Manager ends a sync on the host. */
  timeLimitSeconds: whole(60, 172_800),
} as const;

export const runSchema = v.object({ ...settings, scheduledAt: moment });

/** One firing of a sync schedule. */
export type Run = v.InferOutput<typeof runSchema>;

/** The message with which EventBridge Scheduler asks for a run; its times have no milliseconds. */
export const runMessage = v.object({
  kind: v.literal('run'),
  ...settings,
  scheduledAt: v.pipe(
    v.string(),
    v.isoTimestamp(),
    v.transform((text) => new Date(text).toISOString()),
  ),
});

/** A second firing of a slot is the same run. */
export function runIdOf({ schedule, scheduledAt }: Run): string {
  return `${schedule}@${scheduledAt}`;
}

/** The item that says which slot of a schedule was begun last; its sort key is `run`. */
export function latestRunId(schedule: string): string {
  return `latest@${schedule}`;
}

/** `previousAt` is the slot before it, or empty; each run's own item has it too, so that the runs are a chain for whoever looks back. */
export const latestRunSchema = v.object({ scheduledAt: moment, previousAt: v.optional(v.string(), '') });

export function deadlineOf({ scheduledAt, deadlineSeconds }: Run): number {
  return Date.parse(scheduledAt) + deadlineSeconds * 1000;
}

/** Seconds since 1970 at which DynamoDB may remove the records of a run. UNSOURCED: a fortnight is enough to look back. */
export function expiryOf(run: Run): number {
  return Math.floor(deadlineOf(run) / 1000) + 14 * DAY;
}
