/** What one line of mlsrv17 says beside its words. */
export interface LineMeaning {
  readonly severity?: 'error' | 'warning';
  /** The consolidated database or ODBC had something to say. */
  readonly isDatabase: boolean;
  /** It is about the connection, not about a statement that the database refused. */
  readonly isConnection: boolean;
}

/** "Consolidated database server or ODBC error" (facts: seen in public logs). */
const DATABASE_ERROR = -10002;

/** Five digits in brackets, the first a 1: errors are negative, warnings positive. */
const CODE = /\[(-?1\d{4})\]/;
const LETTER = /^([EW])\. /;
const STATE = /ODBC State\s*[=:]\s*([0-9A-Z]{5})/i;
const NATIVE = /Native error code\s*[=:]\s*(-?\d+)/i;

/**
 * Classes of SQLSTATE with which a database answers a statement: data, constraints, syntax, rights, a deadlock. The connection works.
 * ISO/IEC 9075; 28 is a login that is refused.
 */
const ANSWERED = new Set([
  '01',
  '02',
  '07',
  '21',
  '22',
  '23',
  '24',
  '2D',
  '33',
  '34',
  '3C',
  '3D',
  '3F',
  '40',
  '42',
  '44',
  'IM',
]);

/** Answers of MySQL's server that speak of its end or of a server that may not be written (MySQL, "Server Error Message Reference"). */
const NATIVE_CONNECTION = new Set([1040, 1053, 1077, 1079, 1184, 1290, 1792, 1836, 1927, 3169]);

/** Reads the line's letter and codes. */
export function meaningOf(line: string): LineMeaning {
  const letter = LETTER.exec(line)?.[1];
  const text = CODE.exec(line)?.[1];
  const code = text === undefined ? undefined : Number(text);
  const severity = severityOf(letter, code);
  const isDatabase = code === DATABASE_ERROR;
  return { severity, isDatabase, isConnection: isDatabase && !isAnswer(line) };
}

function severityOf(letter: string | undefined, code: number | undefined): LineMeaning['severity'] {
  if (letter !== undefined) return letter === 'E' ? 'error' : 'warning';
  if (code === undefined) return undefined;
  return code < 0 ? 'error' : 'warning';
}

/** A customer's script that fails again and again must not look like a database that is gone. */
function isAnswer(line: string): boolean {
  const state = STATE.exec(line)?.[1]?.toUpperCase();
  const native = Number(NATIVE.exec(line)?.[1] ?? Number.NaN);
  if (NATIVE_CONNECTION.has(native)) return false;
  if (state === undefined) return false;
  if (ANSWERED.has(state.slice(0, 2))) return true;
  // The general state: a MySQL server numbers its own answers from 1000, the client its troubles from 2000 to 2999.
  return state === 'HY000' && ((native >= 1_000 && native < 2_000) || native >= 3_000);
}
