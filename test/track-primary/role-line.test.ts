import { describe, expect, it } from 'vitest';
import { readRoleAnswer } from '../../lambda/track-primary/role-line';
import { FIRST, lineOf, OTHER } from './pair-lines';

const CLOCK = Date.parse('2026-01-05T09:00:00.123Z');
const LINE = lineOf({ server: FIRST, role: 'primary', clock: CLOCK });
const read = (text: string, askedAt = CLOCK, answeredAt = CLOCK) =>
  readRoleAnswer(FIRST, { text, askedAt, answeredAt });

describe('the line of the role service', () => {
  it('is the one of the contract', () => {
    expect(LINE).toBe(
      'server=consolidated_first;role=primary;state=synchronized;partner=connected;arbiter=connected;mode=synchronous;clock=2026-01-05 09:00:00.123',
    );
    expect(read(LINE)).toEqual({
      role: 'primary',
      state: 'synchronized',
      partner: 'connected',
      arbiter: 'connected',
      mode: 'synchronous',
      clockSkew: 0,
      address: undefined,
    });
  });

  it.each([
    ['an end of line', `${LINE}\r\n`, 'primary'],
    ['a word of two', LINE.replace('partner=connected', 'partner=incoming only'), 'primary'],
    ['nothing known', LINE.replace('role=primary', 'role=none'), 'none'],
    ['microseconds', LINE.replace('.123', '.123456'), 'primary'],
    ['whole seconds', LINE.replace('.123', ''), 'primary'],
  ])('may have %s', (_what, text, role) => expect(read(text)).toMatchObject({ role }));

  it.each([
    ['nothing', ''],
    ['two lines', `${LINE}\n${LINE}`],
    ['text before it', ` ${LINE}`],
    ['text after it', `${LINE};more=1`],
    ['another order', LINE.replace(/(role=\w+);(state=\w+)/, '$2;$1')],
    ['a missing key', LINE.replace('arbiter=connected;', '')],
    ['an empty word', LINE.replace('role=primary', 'role=')],
    ['capitals', LINE.replace('role=primary', 'role=Primary')],
    ['a value with a key in it', LINE.replace('state=synchronized', 'state=x=y')],
    ['no such day', LINE.replace('2026-01-05', '2026-13-05')],
    ['a clock with a zone', `${LINE}+00:00`],
    ['no clock', LINE.replace(/clock=.*/, 'clock=none')],
    ['a page', '<html>It works!</html>'],
  ])('is not %s', (_what, text) => {
    expect(read(text)).toEqual({ unknown: 'the answer is not the line of a role service' });
  });

  it.each([OTHER, 'CONSOLIDATED_FIRST', 'consolidated_firs', 'consolidated_first2'])('is not that of %s', (server) => {
    expect(read(lineOf({ server, role: 'primary', clock: CLOCK }))).toEqual({
      unknown: `the answer is that of the server ${server}`,
    });
  });

  it.each([
    ['between question and answer', -900, 1000, 0],
    ['behind the question', 5000, 6000, 5000],
    ['ahead of the answer', -4000, -3000, 3000],
  ])('a clock %s is off by what cannot be the way of the answer', (_what, asked, answered, clockSkew) => {
    expect(read(LINE, CLOCK + asked, CLOCK + answered)).toMatchObject({ clockSkew });
  });
});
