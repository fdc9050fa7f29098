import { describe, expect, test } from 'vitest';
import { meaningOf } from '../../../image/supervisor/log/line-meaning';

const error = (rest: string) =>
  `E. 2026-11-23 12:00:00. <1> [-10002] Consolidated database server or ODBC error: ${rest}`;

describe('a line of mlsrv17', () => {
  test.each([
    ['I. 2026-11-23 12:00:00. <Main> Ready to handle requests', undefined],
    ['W. 2026-11-23 12:00:00. <2> [10106] The remote id is locked', 'warning'],
    ['E. 2026-11-23 12:00:00. <2> Something without a code', 'error'],
    [error('...'), 'error'],
    ['[-10294] Unable to register the MobiLink server', 'error'],
    ['[10050] ODBC warning', 'warning'],
    ['I. 2026-11-23 12:00:00. <2> 3 rows of [12]', undefined],
    ['', undefined],
  ])('%s: %s', (line, severity) => {
    expect(meaningOf(line).severity).toBe(severity);
  });

  test.each([
    ['(ODBC State = 08S01, Native error code = 2013)', true],
    ['(ODBC State = HY000, Native error code = 2006)', true],
    ['(ODBC State = HYT00, Native error code = 0)', true],
    ['(ODBC State = 28000, Native error code = 1045)', true],
    ['(ODBC State = HY000, Native error code = 1290)', true],
    ['(ODBC State = 25006, Native error code = 1792)', true],
    ['(ODBC State = 40001, Native error code = -308)', false],
    ['no state at all', true],
    // What a customer's own script may do all day.
    ['(ODBC State = 23000, Native error code = 1062)', false],
    ['(ODBC State = 42S02, Native error code = 1146)', false],
    ['(ODBC State = 40001, Native error code = 1213)', false],
    ['(ODBC State = HY000, Native error code = 1366)', false],
    ['(ODBC State = HY000, Native error code = 3819)', false],
  ])('that says %s is about the connection: %s', (rest, isConnection) => {
    expect(meaningOf(error(rest))).toMatchObject({ isDatabase: true, isConnection });
  });

  test('that is no error of the database says nothing of the connection', () => {
    expect(meaningOf('E. 2026-11-23 12:00:00. <2> [-10225] User exception (ODBC State = 08S01)')).toMatchObject({
      isDatabase: false,
      isConnection: false,
    });
  });
});
