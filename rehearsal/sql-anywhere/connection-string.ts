const KEYS = ['SERVER', 'DBN', 'DBF', 'HOST', 'UID', 'PWD', 'LTO', 'RetryConnTO', 'NODE'] as const;

export type ConnectionString = Readonly<Partial<Record<(typeof KEYS)[number], string>>>;

/** `KEY=value;…`; throws on a key that is unknown or twice there, and on a value that would need quotes. */
export function parseConnectionString(text: string): ConnectionString {
  const found: Partial<Record<string, string>> = {};
  for (const part of text.split(';').filter(Boolean)) {
    const [, name = '', value = ''] = /^([^=]+)=(.*)$/s.exec(part) ?? [];
    const key = KEYS.find((it) => it.toUpperCase() === name.toUpperCase());
    if (!key) throw new Error(`unknown connection parameter '${name}'`);
    if (found[key] !== undefined) throw new Error(`${key} twice in the connection string`);
    if (/["']/.test(value)) throw new Error(`${key} holds a quote`);
    found[key] = value;
  }
  for (const key of ['LTO', 'RetryConnTO']) {
    if (found[key] !== undefined && !/^\d+$/.test(found[key])) throw new Error(`${key} is no number of seconds`);
  }
  return found;
}

/** `host:port` of a HOST list. @default - port 2638 */
export function hostsOf(list: string): { name: string; port: number }[] {
  return list.split(',').map((part) => {
    const [name = '', port = '2638'] = part.split(':');
    return { name, port: Number(port) };
  });
}
