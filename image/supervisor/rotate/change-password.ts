import { PreparationError } from '../prepare/preparation-error';

/**
 * How a login changes its own password, by the names of the engines; the first statement that the database takes is the one. The name and
 * the password are letters, digits and underscores.
 */
export const PASSWORD_STATEMENTS: Readonly<Record<string, (password: string) => readonly string[]>> = {
  mysql: (password) => [
    // The old password holds on beside it until the next rotation, so no connection is refused in between. Needs MySQL and the privilege
    // APPLICATION_PASSWORD_ADMIN: https://dev.mysql.com/doc/refman/8.4/en/password-management.html#dual-passwords
    `ALTER USER CURRENT_USER() IDENTIFIED BY '${password}' RETAIN CURRENT PASSWORD`,
    // A login may do this to itself without any privilege: https://dev.mysql.com/doc/refman/8.4/en/alter-user.html
    `ALTER USER CURRENT_USER() IDENTIFIED BY '${password}'`,
    // MariaDB, which wants a privilege for the one above: https://mariadb.com/kb/en/set-password/
    `SET PASSWORD = PASSWORD('${password}')`,
  ],
};

/** Throws when the password could be anything but a word in a statement. */
export function requirePlainPassword(password: string): void {
  if (/^[A-Za-z0-9]{16,128}$/.test(password)) return;
  throw new PreparationError(
    'the new password must be 16 to 128 letters and digits. Fix: let the rotation function make it up',
  );
}
