/** Enough for the lines that one of two sources is ahead of the other. */
const MOST_PENDING = 20_000;

/** A source of lines; gives those back that the other source has not given yet. */
export type Filter = (lines: readonly string[]) => string[];

/**
 * Two sources of which nobody knows whether they carry the same lines: each line is passed on once. A line that comes twice in one
 * source is passed on twice.
 */
export function onceOfTwo(): readonly [Filter, Filter] {
  const pending = [counter(), counter()] as const;
  return [filter(pending[0], pending[1]), filter(pending[1], pending[0])];
}

function filter(own: Counter, other: Counter): Filter {
  return (lines) =>
    lines.filter((line) => {
      const key = hashOf(line);
      if (other.take(key)) return false;
      own.add(key);
      return true;
    });
}

interface Counter {
  add(key: number): void;
  take(key: number): boolean;
}

/** Forgets the older half when there is too much. */
function counter(): Counter {
  let young = new Map<number, number>();
  let old = new Map<number, number>();
  let size = 0;
  return {
    add(key) {
      young.set(key, (young.get(key) ?? 0) + 1);
      size++;
      if (size < MOST_PENDING / 2) return;
      [young, old, size] = [new Map(), young, 0];
    },
    take: (key) => takeFrom(old, key) || takeFrom(young, key),
  };
}

function takeFrom(counts: Map<number, number>, key: number): boolean {
  const count = counts.get(key);
  if (count === undefined) return false;
  if (count === 1) counts.delete(key);
  else counts.set(key, count - 1);
  return true;
}

/** 53 bits of a line (cyrb53, public domain): the lines themselves would be too much to remember. */
function hashOf(text: string): number {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    high = Math.imul(high ^ unit, 2654435761);
    low = Math.imul(low ^ unit, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return 4294967296 * (2097151 & low) + (high >>> 0);
}
