import type { PairSource } from '../../lambda/track-primary/environment';

/** The pair of these tests and what its role services say. */

export const FIRST = 'consolidated_first';
export const OTHER = 'consolidated_second';

export const PAIR: PairSource = {
  kind: 'sql-anywhere',
  databaseId: 'main',
  members: [
    { server: FIRST, host: 'first.mobilink-ha.internal', availabilityZone: 'eu-central-1a' },
    { server: OTHER, host: 'second.mobilink-ha.internal', availabilityZone: 'eu-central-1b' },
  ],
  databasePort: 2638,
  rolePort: 8090,
  alias: { zoneId: 'Z0123456789ABC', name: 'primary.mobilink-ha.internal' },
};

export interface Line {
  readonly server: string;
  readonly role: string;
  readonly state?: string;
  readonly partner?: string;
  readonly arbiter?: string;
  /** Milliseconds since 1970. */
  readonly clock: number;
}

/** As the procedure of the role service writes it. */
export function lineOf({ server, role, state, partner, arbiter, clock }: Line): string {
  const time = new Date(clock).toISOString().replace('T', ' ').replace('Z', '');
  return (
    `server=${server};role=${role};state=${state ?? 'synchronized'};partner=${partner ?? 'connected'};` +
    `arbiter=${arbiter ?? 'connected'};mode=synchronous;clock=${time}`
  );
}
