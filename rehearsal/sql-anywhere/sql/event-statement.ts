import type { DatabaseEvent, EventSchedule } from './change';
import type { TokenReader } from './token-reader';

const UNITS = { SECONDS: 1, MINUTES: 60, HOURS: 3_600 } as const;
const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

/** What stands after the name of an event: its type or its schedule, and a handler that calls one command (facts §6 [H7]). */
export function readEvent(tokens: TokenReader, openHandlers: boolean): DatabaseEvent {
  const on = tokens.accept('SCHEDULE') ? readSchedule(tokens) : readType(tokens);
  tokens.expect('HANDLER');
  const commits = tokens.accept('BEGIN COMMIT ;');
  if (!commits) tokens.expect(openHandlers ? 'BEGIN' : 'BEGIN COMMIT ;');
  tokens.expect('CALL xp_cmdshell (');
  const command = tokens.literal();
  if (tokens.accept(',') && tokens.literal() !== 'no_output') tokens.fail("'no_output'");
  tokens.expect(')');
  tokens.accept(';');
  tokens.expect('END');
  return { on, command, commits };
}

/**
 * The next moment after `now` at which it fires, both in milliseconds of the server's clock; each day begins anew with its start time,
 * and what is repeated ends with the day. UNSOURCED.
 */
export function nextFiring({ startSeconds, everySeconds, weekdays }: EventSchedule, now: number): number {
  const today = new Date(now);
  for (let ahead = 0; ; ahead++) {
    const midnight = new Date(today.getFullYear(), today.getMonth(), today.getDate() + ahead);
    if (weekdays && !weekdays.includes(midnight.getDay())) continue;
    const start = midnight.getTime() + startSeconds * 1_000;
    const passed = now < start ? 0 : Math.floor((now - start) / (everySeconds * 1_000)) + 1;
    const next = start + passed * everySeconds * 1_000;
    const tomorrow = new Date(midnight.getFullYear(), midnight.getMonth(), midnight.getDate() + 1);
    if (next < tomorrow.getTime()) return next;
  }
}

function readType(tokens: TokenReader): string {
  tokens.expect('TYPE');
  const type = tokens.word();
  if (!['MirrorFailover', 'MirrorServerDisconnect'].includes(type)) tokens.fail('an event of mirroring');
  return type;
}

function readSchedule(tokens: TokenReader): EventSchedule {
  if (tokens.peek()?.kind === 'name') tokens.name();
  tokens.expect('START TIME');
  const time = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(tokens.literal());
  if (!time) return tokens.fail('a time of day');
  const [, hours, minutes, seconds = 0] = time;
  tokens.expect('EVERY');
  const count = Number(tokens.literal());
  const unit = tokens.word().toUpperCase();
  const length = UNITS[unit as keyof typeof UNITS];
  if (!Number.isInteger(count) || count < 1 || !length) tokens.fail('a whole number of HOURS, MINUTES or SECONDS');
  const startSeconds = Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds);
  const weekdays = tokens.accept('ON (') ? readWeekdays(tokens) : undefined;
  return { startSeconds, everySeconds: count * length, ...(weekdays && { weekdays }) };
}

/** Names, or their first three letters or more. */
function readWeekdays(tokens: TokenReader): number[] {
  const days: number[] = [];
  do {
    const given = (tokens.peek()?.kind === 'literal' ? tokens.literal() : tokens.word()).toLowerCase();
    const day = given.length < 3 ? -1 : WEEKDAYS.findIndex((name) => name.startsWith(given));
    if (day < 0) tokens.fail('a day of the week');
    days.push(day);
  } while (tokens.accept(','));
  tokens.expect(')');
  return days;
}
