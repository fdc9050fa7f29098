import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../image/supervisor/configuration';
import { faultOfIdentityPassword, optionFile, serverArguments } from '../../image/supervisor/server-options';
import { lettersAt } from '../../image/supervisor/verbosity';
import { environment } from '../../rehearsal/mlsrv/told';
import { IDENTITY_ARN, IDENTITY_PASSWORD_ARN, MACHINE } from './surroundings';

const NOW = Date.UTC(2026, 10, 23, 12);

function fileOf(more: Record<string, string>, start: Partial<Parameters<typeof serverArguments>[1]> = {}): string {
  const configuration = parseConfiguration(environment(more), MACHINE);
  const whole = { name: 'ml-blue-1-abc123', identities: new Map(), now: NOW, ...start };
  return optionFile(serverArguments(configuration, whole));
}

describe('the option file', () => {
  it('holds the least', () => {
    expect(fileOf({})).toBe(`-c
DSN=mobilink
-x
"tcpip(port=2439)"
-zs
ml-blue-1-abc123
-w
5
-wm
10
-cn
21
-ppv
60
-vmn
`);
  });

  it('holds everything', () => {
    const streams = [
      { protocol: 'tcpip', port: 2439 },
      { protocol: 'http', port: 8080 },
      { protocol: 'tls', port: 2440, identitySecretArn: IDENTITY_ARN },
      {
        protocol: 'https',
        port: 8443,
        identitySecretArn: IDENTITY_ARN,
        identityPasswordSecretArn: IDENTITY_PASSWORD_ARN,
      },
    ];
    const more = {
      MOBILINK_STREAMS: JSON.stringify(streams),
      MOBILINK_UPLOAD_WORKERS: '4',
      MOBILINK_MAX_CONNECTIONS: '31',
      MOBILINK_MAX_ACTIVE_SYNCS: '50',
      MOBILINK_MAX_NETWORK_CONNECTIONS: '500',
      MOBILINK_UPLOAD_GROUP: '10',
      MOBILINK_IGNORED_CLIENTS: '["10.0.0.1","fd00::1"]',
      MOBILINK_CLIENT_IP_PRESERVED: 'yes',
      MOBILINK_PERIODIC_SECONDS: '30',
      MOBILINK_VERBOSITY: 'mnr',
      MOBILINK_VERBOSITY_UNTIL: '2026-11-24T18:00:00Z',
      MOBILINK_VERBOSITY_REASON: 'case 17',
      MOBILINK_EXTRA_ARGUMENTS: '["-zf","-o","/scratch/a log"]',
    };
    const identities = new Map([
      [2440, { file: '/scratch/start-1/identity-2440.pem' }],
      [8443, { file: '/scratch/start-1/identity-8443.pem', password: 'a=b%c' }],
    ]);
    expect(fileOf(more, { identities })).toBe(`-c
DSN=mobilink
-x
"tcpip(port=2439;ignore=10.0.0.1;ignore=fd00::1)"
-x
"http(port=8080)"
-x
"tls(port=2440;identity=/scratch/start-1/identity-2440.pem)"
-x
"https(port=8443;identity=/scratch/start-1/identity-8443.pem;identity_password=a=b%c)"
-zs
ml-blue-1-abc123
-w
5
-wm
10
-wu
4
-cn
31
-sm
50
-nc
500
-tx
10
-ppv
30
-vmnr
-zf
-o
"/scratch/a log"
`);
  });

  it('says less again once the time is over', () => {
    const until = NOW + 1;
    expect(lettersAt({ letters: '+', until }, NOW)).toBe('+');
    expect(lettersAt({ letters: '+', until }, NOW + 1)).toBe('mn');
    expect(lettersAt({ letters: 'mns' }, NOW)).toBe('mns');
    const more = {
      MOBILINK_VERBOSITY: '+',
      MOBILINK_VERBOSITY_UNTIL: '2026-11-23T12:00:00Z',
      MOBILINK_VERBOSITY_REASON: 'a',
    };
    expect(fileOf(more)).toContain('\n-vmn\n');
  });

  it('keeps every argument on a line of its own', () => {
    const argument = fc.string().filter((it) => !/["\p{Cc}]/u.test(it) && it !== '');
    fc.assert(
      fc.property(fc.array(argument, { minLength: 1 }), (given) => {
        const lines = optionFile(given).split('\n').slice(0, -1);
        expect(lines.map((line) => /^"(.*)"$/.exec(line)?.[1] ?? line)).toEqual(given);
        for (const line of lines) expect(line).toMatch(/^"|^[^\s;"'{}()]+$/);
      }),
    );
  });
});

describe('the password of an identity', () => {
  it.each(['', 'a b', 'a;b', 'a)b', 'a(b', "a'b", 'a"b', 'a\\b', 'a,b', 'a{b', 'a}b', 'a#b', 'ä', 'a\n', '\t'])(
    'is refused if it is %j',
    (password) => {
      expect(faultOfIdentityPassword(password)).toBeDefined();
    },
  );

  it.each(['a', 'A1!$%&*+-./:<=>?@[]^_`|~', 'Zm9v+/=='])('passes if it is %j', (password) => {
    expect(faultOfIdentityPassword(password)).toBeUndefined();
  });
});
