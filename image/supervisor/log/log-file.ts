import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { TailedFile } from './file-tail';

export interface LogFile {
  readonly file: TailedFile;
  /** More arguments for mlsrv17. */
  readonly arguments: readonly string[];
}

/** At 10 MB mlsrv17 begins a new file and keeps one old one (`-on`); they lie in the scratch folder. */
const LIMIT = '10m';

/**
 * Where mlsrv17 writes its log. Nobody has said what it writes to stdout (facts: UNSOURCED), so it is told to write a file as well, and
 * both are read. A file that the user has named is that file.
 */
export function logFile(extraArguments: readonly string[], folder: string): LogFile {
  const named = namedFile(extraArguments);
  if (named === undefined) {
    const path = join(folder, 'server.log');
    return { file: { path }, arguments: ['-o', path, '-on', LIMIT] };
  }
  // It may go on from an earlier start, whose lines have been passed on.
  return { file: { path: named, offset: statSync(named, { throwIfNoEntry: false })?.size }, arguments: [] };
}

function namedFile(extraArguments: readonly string[]): string | undefined {
  for (const [index, argument] of extraArguments.entries()) {
    const option = /^-ot?(?:\s+(?<value>.+))?$/.exec(argument.trim());
    if (option !== null) return option.groups?.value ?? extraArguments[index + 1];
  }
  return undefined;
}
