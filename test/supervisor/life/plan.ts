import * as fc from 'fast-check';

/** What a server does when its connections to the database die. */
export type Reaction = 'reconnects' | 'reconnects in part' | 'exits' | 'hangs' | 'errors';

/** What happens to the database; all but `blip` end every connection that it had. */
export interface Outage {
  readonly at: number;
  readonly lasts: number;
  readonly looksLike: 'unreachable' | 'hung' | 'not-primary';
  readonly isBlip: boolean;
  readonly moves: boolean;
}

/** Everything that is not decided by the supervisor. */
export interface Plan {
  readonly reaction: Reaction;
  readonly outages: readonly Outage[];
  readonly isAwayAtFirst: boolean;
  /** New passwords. */
  readonly rotations: readonly number[];
  readonly crashes: readonly number[];
  /** New versions of the secret that the database does not accept. */
  readonly brokenSecrets: readonly number[];
  /** When no secret can be fetched. */
  readonly secretsAway?: { readonly at: number; readonly lasts: number };
  /** How long after its start each server crashes. */
  readonly livesFor?: number;
  readonly terminateAt?: number;
  /** How often each server logs an error although its connections work. */
  readonly errsEvery?: number;
  /** Connections that the database has closed for being idle. */
  readonly idleClosed: number;
  readonly listenMillis: number;
  readonly secretMillis: number;
  readonly probeMillis: number;
  readonly softStopMillis: number;
  readonly mlstop: 'works' | 'fails' | 'hangs';
  readonly hangUp: 'clean' | 'ignored';
  /** Not even SIGKILL ends a server that waits for a device. */
  readonly isUnkillable?: boolean;
  /** How long after the database has gone a server ends that ends because of it. */
  readonly exitMillis: number;
  /** Whether a probe shows the database as it was when it was asked, or as it is when it answers. */
  readonly probeSees: 'begin' | 'end';
  readonly chances: readonly number[];
}

export const HOUR = 3_600_000;

/** What a year might bring, in an hour. */
export const plans: fc.Arbitrary<Plan> = fc.record({
  reaction: fc.constantFrom<Reaction>('reconnects', 'reconnects in part', 'exits', 'hangs', 'errors'),
  outages: fc
    .array(
      fc.record({
        gap: fc.oneof(fc.integer({ min: 20_000, max: 60_000 }), fc.integer({ min: 20_000, max: 600_000 })),
        lasts: fc.oneof(fc.integer({ min: 6_000, max: 12_000 }), fc.integer({ min: 6_000, max: 240_000 })),
        looksLike: fc.constantFrom<Outage['looksLike']>('unreachable', 'hung', 'not-primary'),
        isBlip: fc.boolean(),
        moves: fc.boolean(),
      }),
      { maxLength: 5 },
    )
    .map((drawn) => {
      let at = 0;
      return drawn.map(({ gap, ...outage }) => {
        const begins = at + gap;
        at = begins + outage.lasts;
        return { ...outage, at: begins, moves: outage.moves && !outage.isBlip };
      });
    }),
  isAwayAtFirst: fc.boolean(),
  rotations: fc.array(fc.integer({ min: 5_000, max: HOUR / 4 }), { maxLength: 2 }),
  crashes: fc.array(fc.integer({ min: 5_000, max: HOUR / 4 }), { maxLength: 2 }),
  brokenSecrets: fc.constant([]),
  secretsAway: fc.option(
    fc.record({ at: fc.integer({ min: 0, max: HOUR / 4 }), lasts: fc.integer({ min: 0, max: 300_000 }) }),
    { nil: undefined },
  ),
  terminateAt: fc.option(fc.integer({ min: 0, max: HOUR / 4 }), { nil: undefined }),
  idleClosed: fc.nat(2),
  listenMillis: fc.integer({ min: 50, max: 3_000 }),
  secretMillis: fc.integer({ min: 5, max: 500 }),
  probeMillis: fc.integer({ min: 10, max: 300 }),
  softStopMillis: fc.oneof(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: 0, max: 200_000 })),
  mlstop: fc.constantFrom('works', 'fails', 'hangs'),
  hangUp: fc.constantFrom('clean', 'ignored'),
  exitMillis: fc.integer({ min: 0, max: 5_000 }),
  probeSees: fc.constantFrom('begin', 'end'),
  chances: fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1, maxLength: 5 }),
});
