import { existsSync, readFileSync } from 'node:fs';

/**
 * Where SAP's documents are silent, the file `variants` of an installation decides, one `key=value` a line, so that every plausible
 * behaviour can be tried. Read when a tool starts. The first value of each is the default.
 */
const CHOICES = {
  /** A mirror serves HTTP. */
  mirror_http: ['yes', 'no'],
  /** What a question over HTTP gets while the database waits for quorum. `refused`: nothing listens. */
  waiting_http: ['refused', '503', 'hang'],
  /** `slow`: after a second. */
  sigterm: ['end', 'ignore', 'slow'],
  /** How `DB_PROPERTY('MirrorRole')` and its like are written. */
  words: ['Title', 'UPPER', 'lower'],
  /** `DB_PROPERTY('MirrorState')` on a mirror. */
  mirror_state: ['known', 'null'],
  /** The MirrorFailover event fires at the very first start too. */
  first_event: ['yes', 'no'],
  /** What dbbackup leaves when its link breaks. */
  half_backup: ['stays', 'removed'],
  /** The state file is written before, or a while after, a server calls itself primary. */
  state_file: ['before', 'after'],
  /** What a cut off primary does when its liveness has expired. `lingers`: calls itself primary for once more as long. */
  old_primary: ['ends', 'lingers'],
  /** A mirror that lost both others. */
  lonely_mirror: ['serves', 'waits'],
  /**
   * An event whose handler does not commit before it calls a command cannot be made; or it can, and while its command runs dbmlsync waits
   * for the end of its transaction, or ends with an error. What SAP's server does is one of the latter two.
   */
  open_handler: ['refused', 'blocks', 'error'],
  /** When a mirror refuses dbmlsync: as soon as it comes, or when it writes for the first time, after its upload. */
  mirror_sync: ['refused', 'late'],
  /** What dbmlsync does with files in the folder of the logs that are none of this database. */
  foreign_files: ['ignored', 'fail'],
  /** How dbmlsync says that a transaction log is missing. */
  missing_log: ['off-line', 'missing', 'offset'],
  /** A server whose database cannot take part any more. */
  incompatible: ['ends', 'stays'],
} as const;

export type VariantName = keyof typeof CHOICES;
export type Variants = { readonly [Name in VariantName]: (typeof CHOICES)[Name][number] } & {
  /** Real milliseconds that count as one second of a time-out. @default 50 */
  readonly second: number;
  /** Exit code of a server that was told to stop. @default 0 */
  readonly exit_stopped: number;
  /** Exit code of a server that cannot go on. @default 1 */
  readonly exit_failed: number;
};

export const VARIANT_CHOICES: { readonly [Name in VariantName]: readonly string[] } = CHOICES;
const NUMBERS = { second: 50, exit_stopped: 0, exit_failed: 1 };

export function readVariants(file: string): Variants {
  const found: Record<string, string | number> = { ...NUMBERS };
  for (const [name, choices] of Object.entries(CHOICES)) found[name] = choices[0];
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  for (const line of lines) {
    const [name = '', value = ''] = line.split('=');
    const choices: readonly string[] | undefined = VARIANT_CHOICES[name as VariantName];
    if (name in NUMBERS && /^\d+$/.test(value)) found[name] = Number(value);
    else if (choices?.includes(value)) found[name] = value;
    else throw new Error(`${file}: no such variant: ${line}`);
  }
  return found as Variants;
}
