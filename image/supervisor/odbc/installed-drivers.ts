/** The drivers that an `odbcinst.ini` names, each with its library. */
export function installedDrivers(odbcinst: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  let name = '';
  for (const line of odbcinst.split(/\r?\n/)) {
    name = /^\[(.*)\]\s*$/.exec(line)?.[1]?.trim() ?? name;
    const file = /^Driver\s*=\s*(.*\S)\s*$/i.exec(line)?.[1];
    if (file !== undefined && name !== '') found.set(name, file);
  }
  return found;
}
