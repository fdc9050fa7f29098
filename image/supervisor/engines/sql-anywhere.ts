import type { Engine, Judgement, ProbeOutput } from './engine';
import { IN_DATA_SOURCE } from './login-place';

/** One value, so that nothing depends on how columns and NULL are shown. Both partners answer; only the primary may serve. */
const QUESTION =
  "SELECT 'readonly=' || LOWER(COALESCE(DB_PROPERTY('ReadOnly'), 'unknown')) || " +
  "';role=' || LOWER(COALESCE(DB_PROPERTY('MirrorRole'), 'none'))";

/** SQL Anywhere, mirrored or not. */
export const sqlAnywhere: Engine = {
  name: 'sql-anywhere',
  requiredKeys: ['SERVER', 'HOST', 'DBN'],
  driverFile: (installation) => `${installation}/lib64/libdbodbc17_r.so`,
  faultOfKeys: () => undefined,
  authorities: () => undefined,
  dataSource: (keys) => keys,
  login: IN_DATA_SOURCE,
  question: QUESTION,
  judge,
};

function judge({ exitCode, stdout, stderr }: ProbeOutput): Judgement {
  // -103: invalid user ID or password. The driver gives the state 28000 or 08001 with it: UNSOURCED, so the words count too.
  if (exitCode !== 0) {
    const refused = /^\[28000\]|invalid user ?id or password|\(-103\)/im.test(stdout);
    return { kind: refused ? 'login-failed' : 'unreachable' };
  }
  const [, readOnly, role] = /^readonly=(on|off|unknown);role=([a-z]+)\n?$/.exec(stdout) ?? [];
  if (readOnly === undefined || stderr !== '') return { kind: 'unreachable' };
  const serves = readOnly === 'off' && (role === 'primary' || role === 'none');
  return serves ? { kind: 'serving' } : { kind: 'not-primary' };
}
