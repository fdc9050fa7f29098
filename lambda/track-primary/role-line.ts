import type { RoleReport } from './observation';

/** What one line of the role service says; its clock in milliseconds since 1970. */
export type RoleLine = Omit<RoleReport, 'clockSkew' | 'address'> & { readonly server: string; readonly clock: number };

const WORD = '[a-z][a-z0-9 _-]*';

/** `server=consolidated_first;role=primary;state=synchronized;...;clock=2026-01-05 09:00:00.123`; the clock is in UTC. */
const LINE = new RegExp(
  `^server=(?<server>[^;\\s]+);role=(?<role>${WORD});state=(?<state>${WORD});partner=(?<partner>${WORD});` +
    `arbiter=(?<arbiter>${WORD});mode=(?<mode>${WORD});clock=(?<date>\\d{4}-\\d\\d-\\d\\d) (?<time>\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,6})?)\\r?\\n?$`,
);

/** Undefined for anything but exactly this one line. */
export function readRoleLine(text: string): RoleLine | undefined {
  const found = LINE.exec(text)?.groups;
  if (!found) return undefined;
  const { server = '', role = '', state = '', partner = '', arbiter = '', mode = '' } = found;
  const clock = Date.parse(`${found.date}T${found.time}Z`);
  return Number.isNaN(clock) ? undefined : { server, role, state, partner, arbiter, mode, clock };
}

/** How far a clock is from the time at which it was read: somewhen between the question and the answer. */
export function skewOf(clock: number, asked: number, answered: number): number {
  return Math.max(0, asked - clock, clock - answered);
}
