import { Candidacy } from './candidacy';
import { Follower } from './follower';
import {
  comparePoints,
  type Entries,
  type LogEntry,
  type Message,
  type MirrorState,
  type PartnerRole,
  type Recorded,
  type Stand,
  type Status,
  type StoredState,
  type Written,
} from './messages';
import { Peer } from './peer';
import type { PartnerPorts, PartnerSettings } from './ports';

/**
 * The rules of a server that holds data. SAP documents what comes out of them (facts §4), not how: quorum, first start, roles by
 * state files and log positions, a commit that waits for the mirror, an old primary that blocks at its first update. How the
 * three agree was made for the stand-in, so that in the synchronous mode no fault of one of them loses what was acknowledged.
 *
 * An entry counts as committed when both logs hold it, or when the arbiter has confirmed that the mirror must not take over.
 */
export class Partner {
  public readonly partner: Peer;
  public readonly arbiter: Peer;
  private readonly incarnation: string;
  private readonly candidacy: Candidacy;
  private currentRole: PartnerRole = 'waiting';
  private follower: Follower | undefined;
  /** The arbiter knows that the mirror must not take over: this server commits alone. */
  private alone = false;
  private version = 0;
  private committedPosition: number;
  private aloneSince: number | undefined;
  private aloneFrom = 0;
  private ended = false;

  constructor(
    public readonly settings: PartnerSettings,
    private current: StoredState | undefined,
    private readonly ports: PartnerPorts,
    now: number,
  ) {
    this.partner = new Peer(settings.partner, settings.liveness[settings.partner] ?? 0);
    this.arbiter = new Peer(settings.arbiter, settings.liveness[settings.arbiter] ?? 0);
    this.incarnation = ports.unique();
    this.committedPosition = ports.log.last().position;
    this.candidacy = new Candidacy(this, ports, now);
  }

  public get role(): PartnerRole {
    return this.currentRole;
  }

  public get stored(): StoredState | undefined {
    return this.current;
  }

  /** Of the highest agreement that this server took part in. */
  public get sequence(): number {
    return Math.max(this.current?.sequence ?? 0, this.ports.log.last().sequence);
  }

  public get state(): MirrorState {
    return this.current?.state ?? 'synchronizing';
  }

  /** Up to here nothing that one of the others agreed to can be taken back. */
  public get safe(): number {
    if (this.currentRole === 'waiting') return 0;
    if (this.currentRole === 'mirror') return this.committedPosition;
    const everything = this.ports.log.last().position;
    if (this.alone || this.settings.mode === 'asynchronous') return everything;
    return Math.min(this.follower?.matched ?? 0, everything);
  }

  /** Mirroring was defined on the database that runs here: it is the first primary (facts §4.1 [M11]). */
  public begin(now: number): void {
    // The others have not heard of it yet.
    this.aloneFrom = now + Math.max(...Object.values(this.settings.liveness));
    this.takeRole(this.sequence + 1, false);
  }

  public linkUp(name: string, now: number): void {
    const peer = this.peer(name);
    if (!peer) return;
    peer.up(now);
    this.ports.send(name, this.status());
  }

  public linkDown(name: string, now: number): void {
    const peer = this.peer(name);
    if (!peer?.connected) return;
    peer.down();
    this.candidacy.lost(name);
    if (peer === this.partner) this.loseFollower();
    this.checkQuorum(now);
  }

  public tick(now: number): void {
    if (this.ended) return;
    for (const peer of [this.partner, this.arbiter]) {
      if (!peer.isSilent(now)) continue;
      this.ports.hangUp(peer.name);
      this.linkDown(peer.name, now);
    }
    this.checkQuorum(now);
    for (const peer of [this.partner, this.arbiter]) if (peer.connected) this.ports.send(peer.name, this.status());
    if (this.currentRole === 'primary') this.lead();
    else this.candidacy.consider(now);
  }

  /** Adds to the log; whoever wrote waits until `committed` reaches the position. Undefined: not possible here. */
  public write(change: unknown): number | undefined {
    if (this.currentRole !== 'primary' || this.ended) return undefined;
    const { position } = this.ports.log.last();
    const entry: LogEntry = { position: position + 1, sequence: this.sequence, change };
    this.ports.log.append([entry]);
    this.lead();
    return entry.position;
  }

  /** As `ALTER DATABASE … SET PARTNER FAILOVER` wants it; the reason why not, if it is not possible. */
  public giveAway(now: number): string | undefined {
    if (this.currentRole !== 'primary') return 'the server is not the primary';
    const synchronized = this.state === 'synchronized' && this.follower?.matched === this.ports.log.last().position;
    if (!this.partner.connected || !synchronized) return 'the mirror is not synchronized';
    this.ports.send(this.partner.name, { kind: 'yield', sequence: this.sequence });
    this.candidacy.abstain(now);
    this.restart();
    return undefined;
  }

  public receive(name: string, message: Message, now: number): void {
    const peer = this.peer(name);
    if (!peer?.connected || this.ended) return;
    peer.heard(now);
    switch (message.kind) {
      case 'status':
        this.hearStatus(peer, message, now);
        break;
      case 'stand':
        this.vote(message);
        break;
      case 'answer':
        this.candidacy.hear(peer, message);
        break;
      case 'entries':
        this.follow(message);
        break;
      case 'written':
        this.hearWritten(message);
        break;
      case 'recorded':
        this.hearRecorded(message);
        break;
      case 'yield':
        if (this.currentRole === 'mirror' && message.sequence === this.sequence) this.candidacy.stand(peer);
        break;
      case 'incompatible':
        if (this.currentRole !== 'primary') this.end(message.reason);
        break;
    }
  }

  public takeRole(sequence: number, alone: boolean): void {
    this.keep({ owner: this.settings.name, state: 'synchronizing', mode: this.settings.mode, sequence });
    this.currentRole = 'primary';
    this.follower = undefined;
    this.alone = alone;
    this.version = 0;
    this.aloneSince = undefined;
    // What was in the log before is part of the database: the others agreed to that.
    this.commit(this.ports.log.last().position);
    this.ports.becamePrimary();
    this.lead();
  }

  public status(): Status {
    const { role, current: stored, sequence, incarnation } = this;
    const last = this.ports.log.last();
    return { kind: 'status', role, stored, sequence, last, database: this.settings.database, incarnation };
  }

  private hearStatus(peer: Peer, status: Status, now: number): void {
    peer.status = status;
    if (peer === this.partner && status.database !== this.settings.database) {
      if (this.currentRole !== 'primary') this.end('the partner has another database');
      return;
    }
    if (this.currentRole !== 'primary') {
      this.candidacy.consider(now);
    } else if (status.sequence > this.sequence) {
      this.restart();
    } else if (peer === this.partner && status.role !== 'primary') {
      if (this.follower?.incarnation !== status.incarnation) {
        this.loseFollower();
        this.follower = new Follower(status, this.ports.log);
      }
      this.lead();
    }
  }

  private vote({ sequence, nonce, last, database }: Stand): void {
    const complete = comparePoints(last, this.ports.log.last()) >= 0;
    const agreed =
      this.currentRole !== 'primary' && database === this.settings.database && sequence > this.sequence && complete;
    if (agreed) {
      this.candidacy.withdraw();
      this.keep({ owner: this.partner.name, state: 'synchronizing', mode: this.settings.mode, sequence });
    }
    this.ports.send(this.partner.name, { kind: 'answer', nonce, agreed, sequence: this.sequence });
  }

  /** Everything that the others have to be told, as often as it takes. */
  private lead(): void {
    const { log } = this.ports;
    const { mode } = this.settings;
    if (this.arbiter.connected) {
      const { sequence, version, state } = this;
      const { autoFailover = false } = this.settings;
      this.ports.send(this.arbiter.name, { kind: 'record', sequence, version, state, mode, autoFailover });
    }
    if (this.partner.connected && this.follower) {
      const message = this.follower.message(log, this.sequence, this.state, mode);
      this.ports.send(
        this.partner.name,
        message ?? { kind: 'incompatible', reason: 'a transaction log that it needs is not there any more' },
      );
    }
    this.commit(this.safe);
  }

  private follow({ sequence, previous, entries, state, mode }: Entries): void {
    if (sequence < this.sequence) return;
    if (this.currentRole === 'primary') this.restart();
    this.candidacy.withdraw();
    const { log } = this.ports;
    const own = log.pointAt(previous.position);
    const matched = own !== undefined && own.sequence === previous.sequence;
    this.keep({ owner: this.partner.name, state: matched ? state : 'synchronizing', mode, sequence });
    const unknown = own === undefined && previous.position <= log.last().position;
    if (unknown) {
      this.end('its transaction logs begin after what the two have in common');
      return;
    }
    let position = Math.min(previous.position - 1, log.last().position);
    if (matched) {
      const before = log.last().position;
      position = this.take(previous.position, entries);
      if (this.ended) return;
      // What its log holds beyond that was rolled back when it started as a mirror.
      this.commit(position, log.last().position < before || this.currentRole !== 'mirror');
      if (this.currentRole !== 'mirror') {
        this.currentRole = 'mirror';
        this.ports.becameMirror();
      }
    }
    this.ports.send(this.partner.name, { kind: 'written', sequence, incarnation: this.incarnation, matched, position });
  }

  /** What differs was never confirmed by this server's mirror, unless the mode did not ask for it. */
  private take(from: number, entries: readonly LogEntry[]): number {
    const { log } = this.ports;
    const fresh = entries.filter((entry) => log.pointAt(entry.position)?.sequence !== entry.sequence);
    const [first] = fresh;
    if (first && first.position <= log.last().position) {
      if (this.settings.mode === 'asynchronous') {
        this.end('its log holds transactions that the new primary never had');
        return from;
      }
      log.truncateAfter(first.position - 1);
    }
    if (first) log.append(fresh);
    return entries.at(-1)?.position ?? from;
  }

  private hearWritten(message: Written): void {
    const { follower } = this;
    if (this.currentRole !== 'primary' || !follower) return;
    if (message.sequence !== this.sequence || message.incarnation !== follower.incarnation) return;
    const before = follower.matched;
    follower.hear(message);
    const caughtUp = follower.matched === this.ports.log.last().position;
    if (caughtUp && this.state !== 'synchronized') {
      // In this order: from here on nothing is committed without the mirror, so it may take over.
      this.alone = false;
      this.change('synchronized');
    }
    if (follower.matched !== before || !message.matched) this.lead();
  }

  private hearRecorded({ accepted, sequence, version }: Recorded): void {
    if (this.currentRole !== 'primary') return;
    if (!accepted) {
      if (sequence >= this.sequence) this.restart();
      return;
    }
    const current = sequence === this.sequence && version === this.version;
    if (current && this.state === 'synchronizing' && !this.alone) {
      this.alone = true;
      this.lead();
    }
  }

  private loseFollower(): void {
    this.follower = undefined;
    if (this.currentRole !== 'primary' || this.state !== 'synchronized') return;
    this.change('synchronizing');
    this.lead();
  }

  private change(state: MirrorState): void {
    this.version++;
    this.keep({ owner: this.settings.name, state, mode: this.settings.mode, sequence: this.sequence });
  }

  /** Without both others a primary stops its database and waits for quorum (facts §4.1 [M5]). */
  private checkQuorum(now: number): void {
    if (this.partner.connected || this.arbiter.connected) {
      this.aloneSince = undefined;
      return;
    }
    this.aloneSince ??= Math.max(now, this.aloneFrom);
    const closes = this.currentRole === 'primary' || (this.currentRole === 'mirror' && this.settings.lonelyMirrorWaits);
    if (closes && now - this.aloneSince >= (this.settings.lingers ?? 0)) this.restart();
  }

  private restart(): void {
    this.currentRole = 'waiting';
    this.follower = undefined;
    this.alone = false;
    this.committedPosition = this.ports.log.last().position;
    this.ports.restarted();
  }

  private end(reason: string): void {
    this.ended = true;
    this.currentRole = 'waiting';
    this.ports.incompatible(reason);
  }

  private commit(position: number, afresh = false): void {
    if (position <= this.committedPosition && !afresh) return;
    this.committedPosition = position;
    this.ports.committed(position, afresh);
  }

  private keep(state: StoredState): void {
    const { current } = this;
    const same = current && Object.entries(state).every(([key, value]) => current[key as keyof StoredState] === value);
    if (same) return;
    this.current = state;
    this.ports.save(state);
  }

  private peer(name: string): Peer | undefined {
    return [this.partner, this.arbiter].find((peer) => peer.name === name);
  }
}
