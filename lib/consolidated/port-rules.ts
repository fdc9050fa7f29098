import { requireWhole } from '../validation/bounds';
import { known, type Problems } from '../validation/problems';

/** A port that security group rules are made from. */
export function requireKnownPort(problems: Problems, prop: string, port: number | undefined, fix: string): void {
  problems.require(port === undefined || known(port) !== undefined, {
    id: 'MobiLink:Consolidated:PortUnknown',
    prop,
    rule: 'must be a number that is known at synth',
    value: 'a token',
    fix: 'write the port as a number; a security group rule in another stack cannot be made from a token',
  });
  requireWhole(problems, port, { id: 'MobiLink:Consolidated:Port', prop, lowest: 1, highest: 65_535, fix });
}
