import type { Chance } from './chance';

/** An event as EventBridge delivers it. */
export interface CloudEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: string[];
  readonly detail: Record<string, unknown>;
}

/** The time of an event: whole seconds, as EventBridge writes it. */
export function eventTime(at: number): string {
  return new Date(Math.floor(at / 1000) * 1000).toISOString().replace('.000Z', 'Z');
}

/** A UUID of version 4, drawn from a seed. */
export function eventId(chance: Chance): string {
  const digits = Array.from({ length: 8 }, () => chance.between(0, 0xffff).toString(16).padStart(4, '0'));
  const [a, b, c, d, e, f, g, h] = digits;
  return `${a}${b}-${c}-4${d?.slice(1)}-a${e?.slice(1)}-${f}${g}${h}`;
}
