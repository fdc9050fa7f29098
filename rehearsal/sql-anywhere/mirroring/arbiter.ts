import type { Message, PartnerRole, Record, Stand, StoredState } from './messages';

/** What an arbiter's rules need of the world. */
export interface ArbiterPorts {
  /** Durable when it returns. */
  save(state: StoredState): void;
  send(partner: string, message: Message): void;
  hangUp(partner: string): void;
}

interface Seen {
  heardAt: number;
  role: PartnerRole | undefined;
  sequence: number;
}

/** The rules of an arbiter for one database: it agrees or not, and remembers; it holds no data. */
export class Arbiter {
  private readonly seen = new Map<string, Seen>();
  /** Of the state that is recorded, while its sequence lasts. */
  private version = 0;
  private autoFailover = false;

  constructor(
    private record: StoredState | undefined,
    private readonly ports: ArbiterPorts,
  ) {}

  public get stored(): StoredState | undefined {
    return this.record;
  }

  public linkUp(partner: string, now: number): void {
    this.seen.set(partner, { heardAt: now, role: undefined, sequence: 0 });
    this.tell(partner);
  }

  public linkDown(partner: string): void {
    this.seen.delete(partner);
  }

  /** `liveness` in the unit of `now`. */
  public tick(now: number, liveness: number): void {
    for (const [partner, { heardAt }] of this.seen) {
      if (now - heardAt > liveness) {
        this.linkDown(partner);
        this.ports.hangUp(partner);
      } else {
        this.tell(partner);
      }
    }
  }

  public receive(partner: string, message: Message, now: number): void {
    const seen = this.seen.get(partner);
    if (!seen) return;
    seen.heardAt = now;
    switch (message.kind) {
      case 'status':
        if (message.role !== 'arbiter') seen.role = message.role;
        seen.sequence = message.sequence;
        break;
      case 'stand':
        this.decide(partner, message);
        break;
      case 'record':
        this.note(partner, message);
        break;
    }
  }

  private decide(candidate: string, { sequence, nonce, state }: Stand): void {
    const known = this.record?.sequence ?? 0;
    const agreed = sequence > known && this.mayOwn(candidate, state) && !this.seesOtherPrimary(candidate);
    if (agreed && this.record) this.keep({ ...this.record, sequence, owner: candidate, state: 'synchronizing' });
    this.ports.send(candidate, { kind: 'answer', nonce, agreed, sequence: agreed ? sequence : known });
  }

  /**
   * With an arbiter alone a partner takes the role only if it had it last, or if both remember that it was synchronized
   * (facts §4.6 [M21]). At the very first start an arbiter is not enough (facts §4.1 [M11]).
   */
  private mayOwn(candidate: string, state: Stand['state']): boolean {
    if (!this.record || state === undefined) return false;
    if (this.record.owner === candidate) return true;
    // In the asynchronous mode nobody takes over by itself, unless somebody wants that (facts §4.2 [M2]).
    const allowed = this.record.mode === 'synchronous' || this.autoFailover;
    return allowed && this.record.state === 'synchronized' && state === 'synchronized';
  }

  private seesOtherPrimary(candidate: string): boolean {
    const known = this.record?.sequence ?? 0;
    return [...this.seen].some(
      ([partner, { role, sequence }]) => partner !== candidate && role === 'primary' && sequence >= known,
    );
  }

  private note(owner: string, { sequence, version, state, mode, autoFailover }: Record): void {
    const known = this.record?.sequence ?? 0;
    const older = sequence < known || (sequence === known && this.record?.owner !== owner);
    if (older) {
      this.ports.send(owner, { kind: 'recorded', accepted: false, sequence: known, version });
      return;
    }
    if (sequence === known && version < this.version) return;
    const changed = sequence !== known || state !== this.record?.state || mode !== this.record?.mode;
    if (changed) this.keep({ owner, state, mode, sequence });
    this.version = version;
    this.autoFailover = autoFailover;
    this.ports.send(owner, { kind: 'recorded', accepted: true, sequence, version });
  }

  private keep(record: StoredState): void {
    this.record = record;
    this.version = 0;
    this.ports.save(record);
  }

  private tell(partner: string): void {
    const last = { position: 0, sequence: 0 };
    const sequence = this.record?.sequence ?? 0;
    this.ports.send(partner, {
      kind: 'status',
      role: 'arbiter',
      stored: this.record,
      sequence,
      last,
      database: '',
      incarnation: '',
    });
  }
}
