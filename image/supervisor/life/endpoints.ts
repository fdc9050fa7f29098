import type { Configuration } from '../configuration';

/** Where the data source leads: a name or an address, and a port. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

const MYSQL_PORT = 3_306;
/** SAP, "Host connection parameter". */
const SQL_ANYWHERE_PORT = 2_638;

/** All the places at which the database may be, by the keys of its data source. */
export function endpointsOf({ dsn }: Pick<Configuration, 'dsn'>): Endpoint[] {
  const key = (name: string) => Object.entries(dsn).find(([it]) => it.toUpperCase() === name)?.[1];
  const hosts = key('HOST');
  // SQL Anywhere alone has HOST, and there SERVER is the name of a server, not of a machine.
  if (hosts !== undefined) return hosts.split(',').map((it) => parseHost(it.trim()));
  const server = key('SERVER');
  return server === undefined ? [] : [{ host: server, port: Number(key('PORT') ?? MYSQL_PORT) }];
}

/** `host`, `host:port`, `(IPv6):port` or `[IPv6]:port`. */
function parseHost(text: string): Endpoint {
  const [, inBrackets, bare, port] = /^(?:[([]([^)\]]+)[)\]]|([^:]*))(?::(\d+))?$/.exec(text) ?? [];
  return { host: inBrackets ?? bare ?? text, port: port === undefined ? SQL_ANYWHERE_PORT : Number(port) };
}
