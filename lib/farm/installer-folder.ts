import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  readlinkSync,
  readSync,
  statSync,
} from 'node:fs';
import * as path from 'node:path';
import { entriesOf, type FolderEntry } from './folder-fingerprint';

/** Subfolder with the authorities by which the database's certificate is checked. */
export const CERTIFICATES = 'certificates';
/** Subfolder with the scripts that install the drivers of vendors. */
export const HOOKS = 'hooks';

const ARCHIVE = /^[^/]+\.t(ar\.)?gz$/i;
/** At the top or one folder deep, since SAP's archives have one folder at their top. What is already unpacked comes first. */
const INSTALLERS = [/^([^/]+\/)?bin64\/mlsrv17$/, /^([^/]+\/)?setup$/, ARCHIVE];

/** What is wrong with a part of the folder, in the words of a rule. */
export interface FolderFault {
  readonly rule: string;
  readonly value: unknown;
  readonly fix: string;
}

/** Why the folder cannot be read at all; undefined when it can. */
export function faultOfFolder(folder: string, outputFolder: string): FolderFault | undefined {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    return {
      rule: "must be the folder with SAP's installer",
      value: existsSync(folder) ? `${folder}, which is no folder` : `${folder}, which is not there`,
      fix: "make it, and put SAP's installer for Linux into it; docs/image.md says how",
    };
  }
  const output = path.relative(folder, path.resolve(outputFolder));
  if (output === '' || !(output.startsWith('..') || path.isAbsolute(output))) {
    return {
      rule: 'must not hold the output of the CDK, which changes with each synth',
      value: folder,
      fix: 'give the installer a folder of its own',
    };
  }
  try {
    for (const { path: name, kind } of entriesOf(folder)) {
      if (kind === 'file') accessSync(path.join(folder, name), constants.R_OK);
    }
    return undefined;
  } catch (error) {
    return {
      rule: 'must be readable',
      value: error instanceof Error ? error.message : String(error),
      fix: 'let the user who runs cdk read all of it',
    };
  }
}

/** Why docker could not build from the entries, or would take another folder's; undefined when nothing stands against it. */
export function faultOfEntries(folder: string, entries: readonly FolderEntry[]): FolderFault | undefined {
  const strange = entries.filter(
    ({ kind, path: name }) => kind === 'other' || (kind === 'link' && leaves(folder, name)),
  );
  if (strange.length === 0) return undefined;
  return {
    rule: 'must hold files, folders and links within it; docker does not follow links to elsewhere',
    value: strange.map((it) => it.path),
    fix: 'put the files themselves there',
  };
}

/** Why it is not clear what to install; undefined when it is. The image's own script chooses in the same order. */
export function faultOfInstaller(folder: string, entries: readonly FolderEntry[]): FolderFault | undefined {
  const own = entries.filter(({ path: name, kind }) => kind === 'file' && !isBeside(name)).map((it) => it.path);
  const found = INSTALLERS.map((shape) => own.filter((name) => shape.test(name))).find((names) => names.length > 0);
  const [chosen, ...others] = found ?? [];
  if (chosen === undefined) {
    return {
      rule: "must hold SAP's installer for Linux: a .tar.gz archive, or what is in it with setup, or an installed tree with bin64/mlsrv17",
      value: entries.slice(0, 10).map((it) => it.path),
      fix: 'put the archive that SAP gave you there, unchanged',
    };
  }
  if (others.length > 0) {
    return { rule: 'must hold one installer', value: found, fix: 'leave the one that the servers shall run' };
  }
  if (ARCHIVE.test(chosen) && !beginsAsGzip(path.join(folder, chosen))) {
    return {
      rule: 'must hold an archive that gzip can read',
      value: chosen,
      fix: 'download it again: this may be the page of a login, or a pointer of Git LFS',
    };
  }
  return undefined;
}

/** Why the certificates cannot be used; undefined when they can, and when there are none. */
export function faultOfCertificates(folder: string, entries: readonly FolderEntry[]): FolderFault | undefined {
  for (const { path: name } of entries.filter((it) => it.path.startsWith(`${CERTIFICATES}/`))) {
    const text = isCertificate(name) ? readFileSync(path.join(folder, name), 'latin1') : '';
    if (!text.includes('-----BEGIN CERTIFICATE-----') || text.includes('PRIVATE KEY')) {
      return {
        rule: `${CERTIFICATES} must hold certificates of authorities as .pem or .crt in PEM, and no key`,
        value: name,
        fix: 'for RDS download global-bundle.pem from AWS; take all else away',
      };
    }
  }
  return undefined;
}

/** Why the hooks would not be run; undefined when they will, and when there are none. */
export function faultOfHooks(entries: readonly FolderEntry[]): FolderFault | undefined {
  const inside = entries.filter((it) => it.path.startsWith(`${HOOKS}/`));
  if (inside.length === 0 || inside.some((it) => /^hooks\/[^/]+\.sh$/.test(it.path))) return undefined;
  return {
    rule: `${HOOKS} must hold a script that ends in .sh`,
    value: inside.slice(0, 10).map((it) => it.path),
    fix: 'write one that installs these files, as image/hooks/mysql-connector-odbc.sh of this package shows',
  };
}

/** Whether there are certificates in the folder. */
export function hasCertificates(entries: readonly FolderEntry[]): boolean {
  return entries.some((it) => isCertificate(it.path));
}

function isCertificate(name: string): boolean {
  return /^certificates\/[^/]+\.(pem|crt)$/.test(name);
}

function isBeside(name: string): boolean {
  return name.startsWith(`${CERTIFICATES}/`) || name.startsWith(`${HOOKS}/`);
}

/** A link that docker would carry over, to dangle in the container. */
function leaves(folder: string, link: string): boolean {
  const target = readlinkSync(path.join(folder, link));
  if (path.isAbsolute(target)) return true;
  return path.posix.normalize(`${path.posix.dirname(link)}/${target}`).startsWith('..');
}

function beginsAsGzip(file: string): boolean {
  const start = Buffer.alloc(2);
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, start, 0, 2, 0);
  } finally {
    closeSync(descriptor);
  }
  return start.equals(Buffer.from([0x1f, 0x8b]));
}
