import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A folder and files that nobody but this user reads. */
export interface PrivateFolder {
  readonly path: string;
  /** Writes a new file; returns its path. */
  write(name: string, text: string): Promise<string>;
}

/** Makes a new folder; one of the same name, which a container left that was started again, is removed. */
export async function makePrivateFolder(path: string): Promise<PrivateFolder> {
  await rm(path, { recursive: true, force: true });
  await mkdir(path, { mode: 0o700 });
  return {
    path,
    async write(name, text) {
      const file = join(path, name);
      await writeFile(file, text, { mode: 0o600, flag: 'wx' });
      return file;
    },
  };
}

/** Removes the folders whose name matches, but for those that are still needed. */
export async function removeFolders(parent: string, pattern: RegExp, needed: readonly string[]): Promise<void> {
  const names = (await readdir(parent)).filter((name) => pattern.test(name));
  const stale = names.map((name) => join(parent, name)).filter((path) => !needed.includes(path));
  await Promise.all(stale.map((path) => rm(path, { recursive: true, force: true })));
}
