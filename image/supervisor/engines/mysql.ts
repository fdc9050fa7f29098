import { faultOfMode, isVerified, modeOf, mysqlKeys } from '../odbc/mysql-drivers';
import type { Engine, Judgement, ProbeOutput } from './engine';
import { IN_DATA_SOURCE } from './login-place';

/** Names a variable only where the server has it: MariaDB has no `super_read_only`. Needs no privilege. */
const QUESTION = "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('read_only', 'super_read_only', 'innodb_read_only')";

const ALWAYS_THERE = ['innodb_read_only', 'read_only'];

/** MySQL and what speaks its protocol. */
export const mysql: Engine = {
  name: 'mysql',
  requiredKeys: ['SERVER', 'DATABASE'],
  driverFile: () => '/usr/lib/x86_64-linux-gnu/odbc/libmaodbc.so',
  faultOfKeys: faultOfMode,
  authorities: (keys, certificates) => (isVerified(modeOf(keys)) ? certificates : undefined),
  dataSource: mysqlKeys,
  login: IN_DATA_SOURCE,
  question: QUESTION,
  judge,
};

function judge({ exitCode, stdout, stderr }: ProbeOutput): Judgement {
  if (exitCode !== 0) {
    // 1045: access denied. The connector gives the state 28000 with it.
    return { kind: /^\[28000\]/m.test(stdout) ? 'login-failed' : 'unreachable' };
  }
  const answers = new Map<string, string>();
  for (const line of stdout.split('\n').filter((it) => it !== '')) {
    const [, name, value] = /^(read_only|super_read_only|innodb_read_only)\|([A-Za-z_]+)$/.exec(line) ?? [];
    if (name === undefined || value === undefined || answers.has(name)) return { kind: 'unreachable' };
    answers.set(name, value);
  }
  if (stderr !== '' || !ALWAYS_THERE.every((it) => answers.has(it))) return { kind: 'unreachable' };
  const readOnly = [...answers].filter(([, value]) => value !== 'OFF').map(([name, value]) => `${name} is ${value}`);
  return readOnly.length === 0 ? { kind: 'serving' } : { kind: 'not-primary', detail: readOnly.join(', ') };
}
