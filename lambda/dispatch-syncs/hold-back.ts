import type { PrimaryRecord } from '../records/primary-record';

/** Design §6 flow 2: a record that nobody keeps young holds nothing back, and nothing is held for ever. */
const YOUNG_ENOUGH = 3 * 60_000;
const LONGEST = 10 * 60_000;

/** How long until the record is read again. UNSOURCED: a failover takes one to two minutes. */
export const LOOK_AGAIN_SECONDS = 15;

export type HoldBack =
  | { readonly kind: 'go' }
  /** The failover has been over for as long as it takes to see it; what was held goes on slowly at first. */
  | { readonly kind: 'released' }
  | { readonly kind: 'hold'; readonly since: number }
  | { readonly kind: 'overrun' };

export type PrimaryView = Pick<PrimaryRecord, 'state' | 'observedAt'>;

/** @param heldSince when this order was first held back, in milliseconds since 1970. */
export function holdBack(record: PrimaryView | undefined, heldSince: number | undefined, now: number): HoldBack {
  const away = record?.state === 'failing-over' || record?.state === 'no-primary';
  const young = record !== undefined && Math.abs(now - Date.parse(record.observedAt)) < YOUNG_ENOUGH;
  if (!away || !young) return heldSince === undefined ? { kind: 'go' } : { kind: 'released' };
  const since = heldSince ?? now;
  return now - since >= LONGEST ? { kind: 'overrun' } : { kind: 'hold', since };
}
