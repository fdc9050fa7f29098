import { createHash } from 'node:crypto';
import * as v from 'valibot';

/** A group of remotes, or a schedule: part of keys and of run ids, so neither `#`, `/` nor `@`. */
export const shortName = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/,
    'must be 1 to 64 letters, digits, _ . - and begin with a letter or digit',
  ),
);

export const remoteName = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/,
    'must be 1 to 128 letters, digits, _ . - and begin with a letter or digit',
  ),
);

/** An EC2 instance or a hybrid-activated node of Systems Manager. */
export const hostId = v.pipe(
  v.string(),
  v.regex(/^(i|mi)-[0-9a-f]{8,17}$/, 'must be an instance id (i-... or mi-...)'),
);

/** A time of a record: ISO 8601 in UTC with milliseconds, so that two of them compare as text. */
export const moment = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, 'must be like 2026-01-05T09:00:00.000Z'),
);

export function toMoment(millis: number): string {
  return new Date(millis).toISOString();
}

/** The shard of a remote: stable, so its number of shards is fixed when the registry is created. */
export function shardOf(name: string, shards: number): number {
  return Number.parseInt(digest(name).slice(0, 8), 16) % shards;
}

/** Where in a schedule's window a remote stands: from 0 up to, not including, 1. The same in each run. */
export function jitterOf(name: string): number {
  return Number.parseInt(digest(name).slice(8, 16), 16) / 2 ** 32;
}

/** Orders the remotes of a shard by their jitter; two of them never have one position. */
export function positionOf(name: string): string {
  return `${digest(name).slice(8, 16)} ${name}`;
}

export function groupShard(group: string, shard: number): string {
  return `${group}#${shard}`;
}

function digest(name: string): string {
  return createHash('sha256').update(name, 'utf8').digest('hex');
}
