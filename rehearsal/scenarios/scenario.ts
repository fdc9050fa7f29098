import type { Deployment } from '../assembly/deployment';
import type { PairVariants } from '../cloud/mirrored-pair';
import type { Checks } from '../report/checks';
import type { RecordWatch } from '../world/record-watch';
import type { World } from '../world/world';

export interface Stage {
  readonly world: World;
  readonly record: RecordWatch;
  readonly checks: Checks;
  readonly deployment: Deployment;
  /** Lets somebody at a terminal look around, if he asked for that; the environment is for his commands. */
  hold(environment: Readonly<Record<string, string>>): Promise<void>;
  /** Tells the reader of the timeline. */
  say(what: string): void;
}

/** What an assembly can hold. */
export type Need =
  | 'a primary tracker'
  | 'a database that is prepared'
  | 'a sync schedule'
  | 'a login that is rotated'
  | 'a mirrored pair'
  | 'a Multi-AZ DB cluster'
  | 'a mirrored remote over a mirrored pair'
  | 'a mirrored remote over RDS'
  | 'a single remote over RDS'
  | 'a single remote over a mirrored pair'
  | 'a mirrored remote over a single server';

/** A story that the rehearsal plays, and what the design promises of it. */
export interface Scenario {
  readonly name: string;
  readonly story: string;
  /** What the assembly must hold for the story to make sense; without it the story is left out. */
  readonly needs: Need;
  /** How the servers of a mirrored pair behave where SAP's documents are silent. */
  readonly pairVariants?: PairVariants;
  /** Why it is played only when it is asked for by name. */
  readonly onDemand?: string;
  /** It plays a part of what its assembly may do: what is granted there and not used is the business of other scenarios and of tests. */
  readonly partial?: boolean;
  /** Its course would be too long to be read. */
  readonly quiet?: boolean;
  /** When it begins, in milliseconds since 1970. @default - a Monday morning at nine */
  readonly startsAt?: number;
  /** Invocations of the story that are meant to end badly. */
  readonly expects?: readonly string[];
  play(stage: Stage): Promise<void>;
}

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

/** Polls are ten seconds apart; what a poll itself takes in calls of the latency table comes on top. */
export const ONE_POLL = 10 * SECOND + 2 * SECOND;
