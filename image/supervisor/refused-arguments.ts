interface RefusedOption {
  readonly option: string;
  /** Its value may follow without a space, letters included. */
  readonly joined?: boolean;
  readonly reason: string;
}

const variable = (name: string) => `${name} sets it`;
const SERVER_INITIATED =
  'server-initiated synchronization needs an arbiter that shuts a healthy server down when their link breaks';

/** Options of mlsrv17 that the supervisor writes itself, or that break it (SAP, "MobiLink server options", 17.0). */
const REFUSED: readonly RefusedOption[] = [
  { option: '-ud', reason: 'as a daemon mlsrv17 leaves the supervisor, which would take that for a crash' },
  { option: '-os', reason: 'it keeps an unlimited number of log files, which fills the disk; -on keeps one' },
  { option: '-notifier', reason: SERVER_INITIATED },
  { option: '-ca', reason: SERVER_INITIATED },
  { option: '-lsc', reason: SERVER_INITIATED },
  { option: '-cn', reason: variable('MOBILINK_MAX_CONNECTIONS') },
  { option: '-x', joined: true, reason: variable('MOBILINK_STREAMS') },
  {
    option: '-zs',
    joined: true,
    reason: 'each start needs a fresh name: the row of one that was killed stays in the database',
  },
  { option: '-wm', reason: variable('MOBILINK_MAX_WORKERS') },
  { option: '-wu', reason: variable('MOBILINK_UPLOAD_WORKERS') },
  { option: '-w', reason: variable('MOBILINK_WORKERS') },
  { option: '-sm', reason: variable('MOBILINK_MAX_ACTIVE_SYNCS') },
  { option: '-nc', reason: variable('MOBILINK_MAX_NETWORK_CONNECTIONS') },
  { option: '-tx', reason: variable('MOBILINK_UPLOAD_GROUP') },
  { option: '-ppv', reason: variable('MOBILINK_PERIODIC_SECONDS') },
  { option: '-v', joined: true, reason: variable('MOBILINK_VERBOSITY') },
];

/** Why the argument cannot be passed on; undefined when it can. */
export function refusalOf(argument: string): string | undefined {
  const text = argument.trim();
  if (text === '') return 'it is empty';
  if (/["\p{Cc}]/u.test(text)) return 'a file of arguments has no way to hold a double quote or a control character';
  // Else one text could carry two options past these checks.
  if (/\s[-@]/.test(text)) return 'it holds more than one argument; each is a text of its own';
  if (text.startsWith('@')) return 'options from a file or variable would escape these checks';
  if (text.startsWith('#')) return 'a file of arguments may take it for a comment';
  if (/^-c(?![a-z])|^-c[a-z]+\s*=/i.test(text)) return 'the supervisor writes the connection string';
  return REFUSED.find((it) => isOption(text, it))?.reason;
}

function isOption(text: string, { option, joined = false }: RefusedOption): boolean {
  if (!text.toLowerCase().startsWith(option)) return false;
  return joined || !/[a-z]/i.test(text.charAt(option.length));
}
