import type { DataSourceKeys } from '../engines/engine';

/** The name of the data source, for the probe and for mlsrv17. */
export const DATA_SOURCE = 'mobilink';

/** unixODBC reads lines of at most 1000 bytes, key and end included (`INI_MAX_LINE`), and takes the rest for another line. */
const LONGEST_VALUE = 900;

/**
 * Why unixODBC would not hand over the value as it is; undefined when it would. Nothing in a value is quoted or escaped: it is what stands
 * between the first `=` and the end of the line, without the white space around it (`_iniPropertyRead`, and tried with each character).
 */
export function faultOfValue(value: string): string | undefined {
  if (/[\r\n\0]/.test(value)) return 'a line break or NUL character';
  if (/^[\t\v\f ]|[\t\v\f ]$/.test(value)) return 'white space at its beginning or end';
  if (/\p{Surrogate}/u.test(value)) return 'half a character (a lone surrogate)';
  const bytes = Buffer.byteLength(value);
  return bytes > LONGEST_VALUE ? `${bytes} bytes, of at most ${LONGEST_VALUE}` : undefined;
}

/** `odbc.ini` with the one data source. The driver stands there as a path, so that any driver manager finds it. */
export function renderDataSource(driverFile: string, keys: DataSourceKeys, login: DataSourceKeys): string {
  return section(DATA_SOURCE, { Driver: driverFile, ...keys, ...login });
}

/** `odbcinst.ini`: the driver manager holds back no call of one connection for another's, and keeps no dead one in a pool. */
export function renderDriverManager(): string {
  return section('ODBC', { Threading: '0', Pooling: 'No', Trace: 'No' });
}

function section(name: string, keys: DataSourceKeys): string {
  const lines = Object.entries(keys).map(([key, value]) => {
    const fault = faultOfValue(value);
    if (fault !== undefined) throw new Error(`${key} cannot stand in an ini file: it holds ${fault}`);
    return `${key}=${value}\n`;
  });
  return `[${name}]\n${lines.join('')}`;
}
