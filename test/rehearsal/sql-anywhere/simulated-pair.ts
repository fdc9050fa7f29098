import { Arbiter } from '../../../rehearsal/sql-anywhere/mirroring/arbiter';
import type { LogEntry, LogPoint, Message, StoredState } from '../../../rehearsal/sql-anywhere/mirroring/messages';
import { Partner } from '../../../rehearsal/sql-anywhere/mirroring/partner';
import type { Log, PartnerSettings } from '../../../rehearsal/sql-anywhere/mirroring/ports';

export const NAMES = ['first', 'second', 'arbiter'] as const;

export type Name = (typeof NAMES)[number];

export const LIVENESS = 10;

export interface Flying {
  readonly from: Name;
  readonly to: Name;
  readonly message: Message;
}

/** What survives a kill. */
class Disk implements Log {
  public stored: StoredState | undefined;
  public entries: LogEntry[] = [];
  /** Up to here the database file itself has it: it can never be taken back. */
  public checkpoint = 0;

  public last(): LogPoint {
    return this.pointAt(this.entries.length) ?? { position: 0, sequence: 0 };
  }

  public pointAt(position: number): LogPoint | undefined {
    return position === 0 ? { position: 0, sequence: 0 } : this.entries[position - 1];
  }

  public after(position: number, limit: number): readonly LogEntry[] {
    return this.entries.slice(position, position + limit);
  }

  public append(entries: readonly LogEntry[]): void {
    for (const entry of entries) {
      if (entry.position !== this.entries.length + 1) throw new Error('a gap in a log');
      this.entries.push(entry);
    }
  }

  public truncateAfter(position: number): void {
    if (position < this.checkpoint) throw new Error('something that was safe was taken back');
    this.entries.length = position;
  }
}

interface Pending {
  readonly value: string;
  readonly position: number;
}

/**
 * Three servers by the rules alone: the network between them loses, repeats, delays and reorders, and its ends hear of a cut
 * or do not. It throws as soon as something has happened that must never happen.
 */
export class SimulatedPair {
  public now = 0;
  /** In the order in which clients were told. */
  public readonly acknowledged: { value: string; position: number; by: Name }[] = [];
  public readonly disks: Readonly<Record<Name, Disk>> = { first: new Disk(), second: new Disk(), arbiter: new Disk() };
  public readonly flying: Flying[] = [];
  private readonly running = new Map<Name, Partner | Arbiter>();
  private readonly pending = new Map<Name, Pending[]>();
  private readonly owners = new Map<number, Name>();
  private readonly cuts = new Set<string>();
  /** Ends that take themselves for connected. */
  private readonly ends = new Set<string>();
  private values = 0;
  private words = 0;

  constructor(private readonly settings: Partial<PartnerSettings> = {}) {
    for (const name of NAMES) this.start(name);
  }

  public partner(name: Name): Partner | undefined {
    const server = this.running.get(name);
    return server instanceof Partner ? server : undefined;
  }

  public get primaries(): Name[] {
    return NAMES.filter((name) => this.partner(name)?.role === 'primary');
  }

  public isRunning(name: Name): boolean {
    return this.running.has(name);
  }

  public start(name: Name): void {
    if (this.running.has(name)) return;
    const disk = this.disks[name];
    const send = (to: string, message: Message) => this.send(name, to as Name, message);
    const hangUp = (peer: string) => this.hangUp(name, peer as Name);
    const save = (stored: StoredState) => {
      disk.stored = stored;
    };
    if (name === 'arbiter') {
      this.running.set(name, new Arbiter(disk.stored, { save, send, hangUp }));
      return;
    }
    const partner = name === 'first' ? 'second' : 'first';
    const rules: Partner = new Partner(
      {
        name,
        partner,
        arbiter: 'arbiter',
        database: 'one',
        mode: 'synchronous',
        liveness: { [partner]: LIVENESS, arbiter: LIVENESS },
        ...this.settings,
      },
      disk.stored,
      {
        log: disk,
        save,
        send,
        hangUp,
        committed: (position) => this.committed(name, position),
        becamePrimary: () => this.becamePrimary(name),
        becameMirror: () => {},
        restarted: () => this.pending.delete(name),
        incompatible: (reason) => {
          throw new Error(`${name}: ${reason}`);
        },
        unique: () => `${++this.words}`,
      },
      this.now,
    );
    this.running.set(name, rules);
  }

  /** At once; what was on its way to it or from it is lost with its connections. */
  public kill(name: Name): void {
    this.running.delete(name);
    this.pending.delete(name);
    this.lose((it) => it.from === name || it.to === name);
    for (const other of NAMES) {
      this.ends.delete(`${name} ${other}`);
      this.down(other, name);
    }
  }

  /** As when mirroring is defined on the running database of one of them. */
  public begin(name: Name): void {
    this.partner(name)?.begin(this.now);
  }

  public write(name: Name): void {
    const value = `value ${++this.values}`;
    const before = this.acknowledged.length;
    // The acknowledgement can come while it is written.
    const partner = this.partner(name);
    if (!partner) return;
    const position = this.disks[name].entries.length + 1;
    this.pending.set(name, [...(this.pending.get(name) ?? []), { value, position }]);
    if (partner.write(value) === undefined) {
      this.pending.delete(name);
      if (this.acknowledged.length !== before) throw new Error('acknowledged what was not written');
    }
  }

  public failOver(name: Name): string | undefined {
    return this.partner(name)?.giveAway(this.now);
  }

  /** The database file takes in what is safe. */
  public checkpoint(name: Name): void {
    const disk = this.disks[name];
    disk.checkpoint = Math.max(disk.checkpoint, this.partner(name)?.safe ?? 0);
  }

  /** A copy of the running primary, taken now, for `replace`. */
  public copy(): readonly LogEntry[] | undefined {
    const [primary] = this.primaries;
    return primary && this.disks[primary].entries.slice(0, this.partner(primary)?.safe);
  }

  /** A host gets new disks, and on them an older copy of the primary; no state file. */
  public replace(name: 'first' | 'second', copy: readonly LogEntry[]): void {
    this.kill(name);
    Object.assign(this.disks[name], { entries: [...copy], stored: undefined, checkpoint: copy.length });
    this.start(name);
  }

  public cut(one: Name, other: Name, how: 'reset' | 'hole'): void {
    this.cuts.add(key(one, other));
    if (how === 'hole') return;
    this.lose((it) => key(it.from, it.to) === key(one, other));
    this.down(one, other);
    this.down(other, one);
  }

  public restore(one: Name, other: Name): void {
    this.cuts.delete(key(one, other));
  }

  public heal(): void {
    this.cuts.clear();
    for (const name of NAMES) this.start(name);
  }

  /** Calls that can be made are made: both ends see a new connection. */
  public connect(): void {
    for (const one of NAMES) {
      for (const other of NAMES) {
        if (one >= other || this.cuts.has(key(one, other))) continue;
        if (!this.running.has(one) || !this.running.has(other)) continue;
        if (this.ends.has(`${one} ${other}`) && this.ends.has(`${other} ${one}`)) continue;
        for (const [from, to] of [
          [one, other],
          [other, one],
        ] as const) {
          this.down(from, to);
          this.ends.add(`${from} ${to}`);
          this.running.get(from)?.linkUp(to, this.now);
        }
      }
    }
  }

  public tick(name: Name): void {
    const server = this.running.get(name);
    if (server instanceof Partner) server.tick(this.now);
    else server?.tick(this.now, LIVENESS);
  }

  /** Takes messages off their way, so that they can arrive later. */
  public hold(from: Name, to: Name, kind: Message['kind']): Flying[] {
    const held = this.flying.filter((it) => it.from === from && it.to === to && it.message.kind === kind);
    this.lose((it) => held.includes(it));
    return held;
  }

  public arrive(messages: readonly Flying[]): void {
    for (const { from, to, message } of messages) this.running.get(to)?.receive(from, message, this.now);
  }

  /** One of the messages on their way arrives, in whatever order, and perhaps once more later. */
  public deliver(index: number, again = false): void {
    const place = this.flying.length === 0 ? -1 : index % this.flying.length;
    const message = again ? this.flying[place] : this.flying.splice(place, place < 0 ? 0 : 1)[0];
    if (!message || this.cuts.has(key(message.from, message.to))) return;
    this.running.get(message.to)?.receive(message.from, message.message, this.now);
  }

  public drop(index: number): void {
    if (this.flying.length > 0) this.flying.splice(index % this.flying.length, 1);
  }

  /** Time passes, everybody looks, everything arrives in its order. */
  public settle(rounds: number): void {
    for (let round = 0; round < rounds; round++) {
      this.now++;
      this.connect();
      for (const name of NAMES) this.tick(name);
      for (let count = this.flying.length; count > 0; count--) this.deliver(0);
    }
  }

  /** Two of them get on; what others say to them, and they to others, stays on its way. */
  public exchange(one: Name, other: Name, rounds: number): void {
    for (let round = 0; round < rounds; round++) {
      this.connect();
      this.tick(one);
      this.tick(other);
      const mine = this.flying.filter((it) => key(it.from, it.to) === key(one, other));
      this.lose((it) => mine.includes(it));
      this.flying.unshift(...mine);
      for (let count = mine.length; count > 0; count--) this.deliver(0);
    }
  }

  public valuesOf(name: Name): string[] {
    return this.disks[name].entries.map(({ change }) => String(change));
  }

  private send(from: Name, to: Name, message: Message): void {
    if (this.ends.has(`${from} ${to}`)) this.flying.push({ from, to, message: structuredClone(message) });
  }

  private hangUp(from: Name, to: Name): void {
    this.ends.delete(`${from} ${to}`);
    if (!this.cuts.has(key(from, to))) this.down(to, from);
  }

  private down(at: Name, other: Name): void {
    if (!this.ends.delete(`${at} ${other}`)) return;
    this.running.get(at)?.linkDown(other, this.now);
  }

  private lose(which: (message: Flying) => boolean): void {
    const kept = this.flying.filter((message) => !which(message));
    this.flying.splice(0, this.flying.length, ...kept);
  }

  private becamePrimary(name: Name): void {
    const sequence = this.partner(name)?.sequence ?? 1;
    const owner = this.owners.get(sequence);
    if (owner !== undefined) throw new Error(`${name} and ${owner} both became primary under ${sequence}`);
    this.owners.set(sequence, name);
  }

  private committed(name: Name, position: number): void {
    const waiting = this.pending.get(name) ?? [];
    if (this.partner(name)?.role !== 'primary') return;
    const done = waiting.filter((it) => it.position <= position);
    this.pending.set(
      name,
      waiting.filter((it) => it.position > position),
    );
    // Whoever acknowledges something has everything that was acknowledged before.
    if (done.length > 0 && this.settings.mode !== 'asynchronous') this.checkNothingIsLost(name);
    for (const { value, position: at } of done) this.acknowledged.push({ value, position: at, by: name });
  }

  public checkNothingIsLost(name: Name): void {
    const values = this.valuesOf(name);
    for (const { value, position, by } of this.acknowledged) {
      if (values[position - 1] !== value) throw new Error(`${value} of ${by} is lost on ${name}`);
    }
  }
}

function key(one: Name, other: Name): string {
  return [one, other].sort().join(' ');
}
