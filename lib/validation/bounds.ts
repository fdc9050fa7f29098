import type { Duration } from 'aws-cdk-lib';
import { known, knownSeconds, type Problems } from './problems';

/** The range of a prop, and how its rule is worded. */
export interface Bounds {
  /** Id of the rule. */
  readonly id: string;
  readonly prop: string;
  readonly lowest: number;
  /** @default - none */
  readonly highest?: number;
  /** Where the range comes from. */
  readonly why?: string;
  readonly fix: string;
}

export function requireWhole(problems: Problems, given: number | undefined, bounds: Bounds): void {
  const { id, prop, lowest, highest, why, fix } = bounds;
  const range = highest === undefined ? `of at least ${lowest}` : `from ${lowest} to ${highest}`;
  const value = known(given);
  problems.require(value === undefined || isWithin(value, bounds), {
    id,
    prop,
    rule: `must be a whole number ${range}${why ? `; ${why}` : ''}`,
    value,
    fix,
  });
}

export function requireSeconds(
  problems: Problems,
  duration: Duration | undefined,
  bounds: Bounds & { readonly highest: number },
): void {
  if (duration === undefined) return;
  const { id, prop, lowest, highest, why, fix } = bounds;
  problems.require(!duration.isUnresolved() || duration.unitLabel() === 'seconds', {
    id: `${id}Unit`,
    prop,
    rule: 'must be given in seconds if it is a token; CloudFormation cannot convert it',
    value: duration.unitLabel(),
    fix: 'use Duration.seconds(parameter)',
  });
  const seconds = knownSeconds(duration);
  problems.require(seconds === undefined || isWithin(seconds, bounds), {
    id,
    prop,
    rule: `must be ${lowest} to ${highest} whole seconds${why ? `; ${why}` : ''}`,
    value: seconds,
    fix,
  });
}

function isWithin(value: number, { lowest, highest }: Bounds): boolean {
  return Number.isInteger(value) && value >= lowest && value <= (highest ?? value);
}
