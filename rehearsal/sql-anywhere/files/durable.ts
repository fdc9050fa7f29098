import { closeSync, openSync, renameSync, writeSync } from 'node:fs';
import * as path from 'node:path';

/** Writes a file so that whoever reads it sees the old text or the new one, also when the writer is killed. */
export function replaceFile(file: string, text: string): void {
  const beside = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}`);
  const handle = openSync(beside, 'w', 0o600);
  writeSync(handle, text);
  closeSync(handle);
  renameSync(beside, file);
}
