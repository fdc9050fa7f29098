import type { NoReport, RoleReport } from './observation';

const WORD = '[a-z][a-z0-9 _-]*';

/** `server=consolidated_first;role=primary;state=synchronized;...;clock=2026-01-05 09:00:00.123`; the clock is in UTC. */
const LINE = new RegExp(
  `^server=(?<server>[^;\\s]+);role=(?<role>${WORD});state=(?<state>${WORD});partner=(?<partner>${WORD});` +
    `arbiter=(?<arbiter>${WORD});mode=(?<mode>${WORD});clock=(?<date>\\d{4}-\\d\\d-\\d\\d) (?<time>\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,6})?)\\r?\\n?$`,
);

/** What was asked of whom, and what came back. Times are milliseconds since 1970. */
export interface RoleAnswer {
  readonly text: string;
  /** Where the host name led. */
  readonly address?: string;
  readonly askedAt: number;
  readonly answeredAt: number;
}

/** The word of the server that was asked, if the answer is exactly one line and its own. */
export function readRoleAnswer(
  server: string,
  { text, address, askedAt, answeredAt }: RoleAnswer,
): RoleReport | NoReport {
  const found = LINE.exec(text)?.groups;
  const clock = found ? Date.parse(`${found.date}T${found.time}Z`) : Number.NaN;
  if (!found || Number.isNaN(clock)) return { unknown: 'the answer is not the line of a role service' };
  if (found.server !== server) return { unknown: `the answer is that of the server ${found.server}` };
  const { role = '', state = '', partner = '', arbiter = '', mode = '' } = found;
  // It was read somewhen between the question and the answer.
  const clockSkew = Math.max(0, askedAt - clock, clock - answeredAt);
  return { role, state, partner, arbiter, mode, clockSkew, address };
}
