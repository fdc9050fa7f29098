const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const LENGTH = 40;

/**
 * A password of letters and digits: it passes through statements, connection strings and files of arguments.
 * @param pick a whole number from 0 to below the one given, that nobody can foresee
 */
export function newPassword(pick: (below: number) => number): string {
  return Array.from({ length: LENGTH }, () => LETTERS[pick(LETTERS.length)]).join('');
}
