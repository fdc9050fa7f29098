import { createHash } from 'node:crypto';
import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import * as path from 'node:path';

/** One thing in a folder that is no folder itself. */
export interface FolderEntry {
  /** Within the folder, with slashes on any system. */
  readonly path: string;
  readonly kind: 'file' | 'link' | 'other';
  readonly isExecutable: boolean;
  /** In bytes; of a file. */
  readonly size: number;
}

/** Everything below a folder, in an order that does not depend on the machine. Links are not followed. */
export function entriesOf(folder: string, within = ''): FolderEntry[] {
  const names = readdirSync(path.join(folder, within)).sort((a, b) => (a < b ? -1 : 1));
  return names.flatMap((name) => {
    const inside = within === '' ? name : `${within}/${name}`;
    const stats = lstatSync(path.join(folder, inside));
    if (stats.isDirectory()) return entriesOf(folder, inside);
    return [
      {
        path: inside,
        kind: stats.isFile() ? 'file' : stats.isSymbolicLink() ? 'link' : 'other',
        isExecutable: stats.isFile() && (stats.mode & 0o100) !== 0,
        size: stats.size,
      },
    ];
  });
}

/**
 * A hash of names, contents and executable bits, the same wherever the folder lies. The CDK's own fingerprint takes a file with the size and
 * time of an earlier one for unchanged, and one that begins as text for text, in which it overlooks bytes; an installer is a shell script
 * with an archive behind it.
 */
export function fingerprintOf(folder: string): string {
  const hash = createHash('sha256');
  // Room for large reads, made once: it decides on the speed.
  const buffer = Buffer.allocUnsafe(1024 * 1024);
  for (const { path: name, kind, isExecutable } of entriesOf(folder)) {
    const full = path.join(folder, name);
    const content = kind === 'link' ? readlinkSync(full) : kind === 'file' ? hashOfFile(full, buffer) : '';
    // No name holds a NUL, so no two folders give one text.
    hash.update([name, kind, isExecutable ? 'x' : '-', content, ''].join('\0'));
  }
  return hash.digest('hex');
}

function hashOfFile(file: string, buffer: Buffer): string {
  const hash = createHash('sha256');
  const descriptor = openSync(file, 'r');
  try {
    for (;;) {
      const read = readSync(descriptor, buffer, 0, buffer.length, null);
      if (read === 0) return hash.digest('hex');
      hash.update(buffer.subarray(0, read));
    }
  } finally {
    closeSync(descriptor);
  }
}
