import type { Ledger } from './ledger';
import { PreparationError } from './preparation-error';

/** One preparation at a time: whoever has put its mark into this row, and goes on renewing it. */
const ROW = 'lock';
const MOST_FAILURES = 3;

export interface Pace {
  /** Between two looks at somebody else's mark. */
  readonly pauseMillis: number;
  /** A mark that has not changed for so long is of a preparation that has ended without a word. */
  readonly staleMillis: number;
  /** How long to wait for another preparation. */
  readonly patienceMillis: number;
}

export interface LeasePorts {
  readonly ledger: Pick<Ledger, 'read' | 'add' | 'replace' | 'remove'>;
  /** Letters and digits that no other preparation has. */
  readonly me: string;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  readonly sleep: (millis: number) => Promise<void>;
  readonly onWaiting: (holder: string) => void;
}

export interface Lease {
  /** Shows that we are alive. Throws when somebody else has taken the lease. */
  renew(): Promise<void>;
  /** By another ledger if the first one may not be used any more. */
  release(ledger?: Pick<Ledger, 'remove'>): Promise<void>;
}

/** Waits until nobody else prepares. Needs no clock of the database's: each waits by its own for a mark that does not change. */
export async function acquireLease(ports: LeasePorts, pace: Pace): Promise<Lease> {
  const { ledger, me, now, sleep, onWaiting } = ports;
  const until = now() + pace.patienceMillis;
  let mark = markOf(me, 0);
  let seen: { readonly mark: string; readonly since: number } | undefined;
  let failures = 0;
  for (;;) {
    const held = (await ledger.read()).applied.get(ROW);
    if (held === mark) break;
    if (held === undefined) {
      await ledger.add(ROW, mark).catch((error: unknown) => {
        // Another one was quicker, and may be gone again; anything else goes wrong each time.
        if (++failures >= MOST_FAILURES) throw error;
      });
      continue;
    }
    failures = 0;
    if (seen?.mark !== held) {
      if (ownerOf(seen?.mark) !== ownerOf(held)) onWaiting(ownerOf(held));
      seen = { mark: held, since: now() };
    } else if (now() - seen.since >= pace.staleMillis) {
      await ledger.remove(ROW, held);
      continue;
    }
    if (now() >= until) {
      throw new PreparationError(
        `another preparation of this database is under way since ${Math.round(pace.patienceMillis / 1_000)} s. Fix: wait for its end, then deploy again`,
      );
    }
    await sleep(pace.pauseMillis);
  }
  let renewals = 0;
  return {
    async renew() {
      const next = markOf(me, ++renewals);
      await ledger.replace(ROW, mark, next);
      const held = (await ledger.read()).applied.get(ROW);
      if (held !== next) {
        // The answer to the renewal before may have been lost.
        if (held !== undefined && ownerOf(held) === me) mark = held;
        else throw new LeaseLost(held);
        return;
      }
      mark = next;
    },
    release: (by = ledger) => by.remove(ROW, mark),
  };
}

/** Somebody else prepares now: nothing more may be done. */
export class LeaseLost extends PreparationError {
  constructor(holder: string | undefined) {
    super(
      `another preparation${holder === undefined ? '' : ` (${ownerOf(holder)})`} has taken over, because this one was not heard of for too long. Fix: wait for its end, then deploy again`,
    );
  }
}

function markOf(me: string, renewals: number): string {
  return `held:${me}:${renewals}`;
}

function ownerOf(mark: string | undefined): string {
  return mark?.split(':')[1] ?? '';
}
