import { expect, it } from 'vitest';
import { optionFile } from '../../image/supervisor/prepare/mysql-client';

/* How the client is told to check certificates, by whose client it is. */

const of = (sslMode: string | undefined, vendor: 'MariaDB' | 'MySQL') =>
  optionFile(
    {
      dsn: { SERVER: 'db.example', DATABASE: 'consol', ...(sslMode !== undefined && { SSLMODE: sslMode }) },
      certificates: '/etc/rds "bundle".pem',
      login: { username: 'mobilink', password: 'a"b\\c #d' },
    },
    vendor,
  )
    .split('\n')
    .filter((line) => /ssl|^password/.test(line));

const PASSWORD = 'password="a\\"b\\\\c #d"';
const AUTHORITIES = 'ssl-ca="/etc/rds \\"bundle\\".pem"';

it.each([
  [undefined, 'MariaDB', ['disable-ssl-verify-server-cert']],
  ['DISABLED', 'MariaDB', ['skip-ssl']],
  ['PREFERRED', 'MariaDB', ['ssl', 'disable-ssl-verify-server-cert']],
  ['VERIFY_CA', 'MariaDB', [AUTHORITIES, 'ssl-verify-server-cert']],
  ['VERIFY_IDENTITY', 'MariaDB', [AUTHORITIES, 'ssl-verify-server-cert']],
  [undefined, 'MySQL', []],
  ['DISABLED', 'MySQL', ['ssl-mode=DISABLED']],
  ['REQUIRED', 'MySQL', ['ssl-mode=REQUIRED']],
  ['VERIFY_IDENTITY', 'MySQL', ['ssl-mode=VERIFY_IDENTITY', AUTHORITIES]],
] as const)('SSLMODE %s by the client of %s', (mode, vendor, expected) => {
  expect(of(mode, vendor)).toEqual([PASSWORD, ...expected]);
});

it('is not weakened where the client of MariaDB would go on in clear text', () => {
  expect(() => of('REQUIRED', 'MariaDB')).toThrow(/SSLMODE=REQUIRED cannot be kept.*Fix: VERIFY_IDENTITY/);
});
