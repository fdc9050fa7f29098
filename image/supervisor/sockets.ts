import { readdir, readFile, readlink } from 'node:fs/promises';

/** One end of a connection. */
export interface Address {
  /** As `inet_ntop` writes it; IPv4 in IPv6 as IPv4. */
  readonly address: string;
  readonly port: number;
}

export interface TcpSocket {
  readonly local: Address;
  readonly remote: Address;
  readonly state: 'established' | 'listen' | 'closed-by-peer' | 'other';
}

/** Numbers of `enum` in Linux's `include/net/tcp_states.h`. */
const STATES: Readonly<Record<string, TcpSocket['state']>> = {
  '01': 'established',
  '08': 'closed-by-peer',
  '0A': 'listen',
};

/** The TCP sockets of a process and of all that it has started; undefined when nobody may look. */
export async function socketsOf(pid: number): Promise<readonly TcpSocket[] | undefined> {
  try {
    const inodes = new Set((await Promise.all((await family(pid)).map(socketInodes))).flat());
    const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readTable(`/proc/${pid}/net/${name}`)));
    return tables.flat().flatMap(({ inode, ...socket }) => (inodes.has(inode) ? [socket] : []));
  } catch {
    // It has ended, or it is not ours to look into.
    return undefined;
  }
}

/** The process and its descendants. */
async function family(root: number): Promise<number[]> {
  const parents = new Map<number, number>();
  await Promise.all(
    (await readdir('/proc'))
      .filter((name) => /^\d+$/.test(name))
      .map(async (name) => {
        const stat = await readFile(`/proc/${name}/stat`, 'latin1').catch(() => '');
        // The name in brackets may hold anything, brackets too.
        const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        if (parent !== undefined) parents.set(Number(name), Number(parent));
      }),
  );
  const members = [root];
  for (const member of members) {
    for (const [pid, parent] of parents) if (parent === member && !members.includes(pid)) members.push(pid);
  }
  return members;
}

async function socketInodes(pid: number, index: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  try {
    const names = await readdir(folder);
    const targets = await Promise.all(names.map((name) => readlink(`${folder}/${name}`).catch(() => '')));
    return targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []);
  } catch (error) {
    // Of the process itself it must be known; what it has started may be gone by now.
    if (index === 0) throw error;
    return [];
  }
}

async function readTable(path: string): Promise<(TcpSocket & { readonly inode: string })[]> {
  const text = await readFile(path, 'latin1').catch((error: NodeJS.ErrnoException) => {
    // A kernel without IPv6.
    if (path.endsWith('6') && error.code === 'ENOENT') return '';
    throw error;
  });
  return parseTable(text);
}

/** Reads `/proc/net/tcp` or `tcp6` (Linux, `Documentation/networking/proc_net_tcp.rst`). */
export function parseTable(text: string): (TcpSocket & { readonly inode: string })[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local, remote, state, , , , , , inode] = line.trim().split(/\s+/);
      if (local === undefined || remote === undefined || state === undefined || inode === undefined) return [];
      return [
        { local: parseAddress(local), remote: parseAddress(remote), state: STATES[state] ?? ('other' as const), inode },
      ];
    });
}

function parseAddress(text: string): Address {
  const [hex = '', port = ''] = text.split(':');
  const bytes = Buffer.from(hex, 'hex');
  // Words of 32 bits in the order of the machine, which is little-endian on all that we run on.
  for (let at = 0; at + 4 <= bytes.length; at += 4) bytes.subarray(at, at + 4).reverse();
  return { address: bytes.length === 4 ? bytes.join('.') : ipv6(bytes), port: Number.parseInt(port, 16) };
}

function ipv6(bytes: Buffer): string {
  const isMapped = bytes.subarray(0, 10).every((it) => it === 0) && bytes.readUInt16BE(10) === 0xffff;
  if (isMapped) return bytes.subarray(12).join('.');
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(at * 2).toString(16));
  // The URL parser writes an address in its canonical form (RFC 5952), which is that of the resolver.
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}
