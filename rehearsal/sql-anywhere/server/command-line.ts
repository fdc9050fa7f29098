import { Refusal } from '../installation';

export interface ServerArguments {
  readonly name: string;
  readonly port: number;
  /** @default - no HTTP */
  readonly httpPort?: number;
  /** @default - no log */
  readonly log?: string;
  readonly database?: { readonly file: string; readonly mirrored: boolean };
  readonly arbiter?: { readonly stateFile: string; readonly authentications: ReadonlyMap<string, string> };
}

/** Options of dbsrv17 that change nothing here, with a value. */
const WITHOUT_EFFECT = [
  '-c',
  '-ch',
  '-cl',
  '-cp',
  '-gn',
  '-gna',
  '-gnh',
  '-gnl',
  '-gp',
  '-gt',
  '-ti',
  '-tl',
  '-os',
  '-on',
];

/** Options come before the database file, its own after it; what is unknown is refused (facts §4.4). */
export function parseServerArguments(words: readonly string[]): ServerArguments {
  const given = new Map<string, string>();
  let file: string | undefined;
  let mirrored = false;
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    if (file !== undefined) {
      if (word !== '-xp' || words[++index] !== 'on') throw new Refusal(`after the database file: ${word}`);
      mirrored = true;
    } else if (!word.startsWith('-')) {
      file = word;
    } else {
      if (!KNOWN.includes(word)) throw new Refusal(`unknown option ${word}`);
      if (given.has(word)) throw new Refusal(`${word} twice`);
      const value = words[++index];
      if (value === undefined) throw new Refusal(`${word} without a value`);
      given.set(word, value);
    }
  }
  return checked(given, file, mirrored);
}

const KNOWN = ['-n', '-x', '-xs', '-su', '-o', '-xf', '-xa', ...WITHOUT_EFFECT];

function checked(given: ReadonlyMap<string, string>, file: string | undefined, mirrored: boolean): ServerArguments {
  const name = given.get('-n');
  if (!name || !/^[A-Za-z]\w*$/.test(name)) throw new Refusal('-n with a server name is needed');
  if (!given.get('-su')) throw new Refusal('-su is needed: the utility database would have no password');
  const listening = /^tcpip\(port=(\d+);dobroad=no\)$/i.exec(given.get('-x') ?? '')?.[1];
  if (!listening) throw new Refusal(`-x ${given.get('-x')}: tcpip(port=…;dobroad=no) is needed`);
  const http = given.get('-xs');
  const httpPort = /^http\(port=(\d+)\)$/i.exec(http ?? '')?.[1];
  if (http !== undefined && !httpPort) throw new Refusal(`-xs ${http}: http(port=…) is needed`);
  const shared = { name, port: Number(listening), log: given.get('-o') };
  const [stateFile, authentications] = [given.get('-xf'), given.get('-xa')];
  if ((stateFile === undefined) !== (authentications === undefined)) throw new Refusal('-xf and -xa go together');
  if (stateFile !== undefined && authentications !== undefined) {
    if (file !== undefined || http !== undefined) throw new Refusal('an arbiter with a database or with HTTP');
    return { ...shared, arbiter: { stateFile, authentications: parseAuthentications(authentications) } };
  }
  if (file === undefined) throw new Refusal('neither a database file nor an arbiter');
  return { ...shared, httpPort: httpPort ? Number(httpPort) : undefined, database: { file, mirrored } };
}

/** `AUTH=a,b;DBN=x,y`: two lists of the same length (facts §4.4 [M10]). */
function parseAuthentications(text: string): ReadonlyMap<string, string> {
  const [, secrets, databases] = /^AUTH=([^;]+);DBN=([^;]+)$/.exec(text) ?? [];
  const [values, names] = [secrets?.split(',') ?? [], databases?.split(',') ?? []];
  if (values.length === 0 || values.length !== names.length) throw new Refusal('-xa: AUTH=…;DBN=… of the same length');
  return new Map(names.map((name, index) => [name, values[index] ?? '']));
}
