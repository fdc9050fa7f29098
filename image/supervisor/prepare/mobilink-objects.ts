/** What the names of `ml_` objects tell of MobiLink in a database. */
export type MobiLinkObjects =
  | { readonly kind: 'none' }
  | { readonly kind: 'complete' }
  /** Of a version that needs SAP's upgrade script. */
  | { readonly kind: 'older'; readonly before: number; readonly sign: string }
  /** Neither free nor set up. */
  | { readonly kind: 'unknown'; readonly there: string; readonly missing: string };

/** Tables of every version from 10 on (SAP, "MobiLink system tables", 10.0; a public set-up script of version 16). */
const CORE = [
  'ml_connection_script',
  'ml_database',
  'ml_script',
  'ml_script_version',
  'ml_subscription',
  'ml_table',
  'ml_table_script',
  'ml_user',
];

/** Dropped by the upgrade from version 11 (public upgrade scripts of SAP's). */
const OF_11 = ['ml_active_remote_id', 'ml_server'];
/** Made by the upgrade from version 12 to 16. */
const SINCE_16 = 'ml_ldap_server';

const MOST_NAMES = 8;

/** Judges by the names of all objects that begin with `ml_`. Pure. */
export function judgeObjects(names: readonly string[]): MobiLinkObjects {
  const there = new Set(names.map((it) => it.toLowerCase()).filter((it) => it.startsWith('ml_')));
  if (there.size === 0) return { kind: 'none' };
  const missing = CORE.filter((it) => !there.has(it));
  if (missing.length > 0) {
    const some = [...there].sort();
    const more = some.length > MOST_NAMES ? ` and ${some.length - MOST_NAMES} more` : '';
    return {
      kind: 'unknown',
      there: `${some.slice(0, MOST_NAMES).join(', ')}${more}`,
      missing: missing.join(', '),
    };
  }
  const old = OF_11.find((it) => there.has(it));
  if (old !== undefined) return { kind: 'older', before: 12, sign: `there is ${old}` };
  if (!there.has(SINCE_16)) return { kind: 'older', before: 16, sign: `there is no ${SINCE_16}` };
  return { kind: 'complete' };
}
