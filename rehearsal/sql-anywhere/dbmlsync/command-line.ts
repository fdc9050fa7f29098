import { Refusal } from '../installation';
import { parseOptions } from '../tools/options';

export interface SyncArguments {
  readonly connection: string;
  readonly profile?: string;
  readonly subscriptions?: readonly string[];
  readonly password: string;
  /** @default - standard output */
  readonly log?: string;
  /** Where the offline logs are. @default - only the active log is read */
  readonly folder?: string;
  /** `host=…;port=…` of the MobiLink server. @default - as the subscription has it */
  readonly address?: string;
}

/** What a host must never ask for, and why (facts §5.1, field notes). */
const FORBIDDEN: Readonly<Record<string, string>> = {
  '-d': 'drops the connections of others',
  '-pc+': 'keeps its connection to one MobiLink server',
  '-ud': 'leaves whoever waits for it',
  '-ra': 'can lose data: the progress of the remote wins',
  '-r': 'can lose data: the progress of the remote wins',
  '-rb': 'can lose data: the progress of the remote wins',
};

/** Extended options, long and short (facts §5.2). */
const EXTENDED: Readonly<Record<string, string>> = {
  communicationaddress: 'adr',
  communicationtype: 'ctp',
  offlinedirectory: 'dir',
  scriptversion: 'sv',
  schedule: 'sch',
  locktables: 'lt',
  conflictretries: 'cr',
};

/** Options are case sensitive; what is unknown is refused. */
export function parseSyncArguments(words: readonly string[]): SyncArguments {
  const forbidden = words.find((word) => FORBIDDEN[word] !== undefined);
  if (forbidden) throw new Refusal(`${forbidden} ${FORBIDDEN[forbidden]}`);
  const { values, flags, rest } = parseOptions(
    words,
    ['-c', '-e', '-o', '-sp', '-s', '-mp'],
    ['-is', '-qc', '-k', '-v'],
  );
  if (rest.length > 0) throw new Refusal(`'${rest[0]}' is no option`);
  const extended = parseExtended(values.get('-e') ?? '');
  if (extended.has('sch')) {
    throw new Refusal(`${flags.has('-k') ? '-k with ' : ''}a schedule: it would run for ever, or not now`);
  }
  if (!flags.has('-is')) throw new Refusal('without -is a stored schedule keeps it running for ever');
  if (!flags.has('-qc') && !flags.has('-k')) throw new Refusal('without -qc it stays open');
  const [profile, subscriptions] = [values.get('-sp'), values.get('-s')?.split(',')];
  if ((profile === undefined) === (subscriptions === undefined)) throw new Refusal('either -sp or -s');
  const protocol = extended.get('ctp');
  if (protocol !== undefined && !['tcpip', 'tls', 'http', 'https'].includes(protocol)) {
    throw new Refusal(`ctp=${protocol}`);
  }
  return {
    connection: values.get('-c') ?? '',
    profile,
    subscriptions,
    password: values.get('-mp') ?? '',
    log: values.get('-o'),
    folder: extended.get('dir'),
    address: extended.get('adr'),
  };
}

/** `name=value;name='value; with signs'`, by the short names. */
function parseExtended(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const options = /([A-Za-z]+)=(?:'([^']*)'|([^;']*))(?:;|$)/y;
  while (options.lastIndex < text.length) {
    const from = options.lastIndex;
    const [whole, name = '', quoted, plain = ''] = options.exec(text) ?? [];
    if (whole === undefined) throw new Refusal(`extended options: ${text.slice(from, from + 40)}`);
    const short = EXTENDED[name.toLowerCase()] ?? name;
    if (!Object.values(EXTENDED).includes(short)) throw new Refusal(`unknown extended option ${name}`);
    if (found.has(short)) throw new Refusal(`extended option ${name} twice`);
    found.set(short, quoted ?? plain);
  }
  return found;
}
