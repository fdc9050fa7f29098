import { Arbiter } from '../sql-anywhere/mirroring/arbiter';
import type { StoredState } from '../sql-anywhere/mirroring/messages';
import { Partner } from '../sql-anywhere/mirroring/partner';
import type { Clock } from './clock';
import { PairLinks } from './pair-links';
import { PairLog } from './pair-log';

export type PairMember = 'first' | 'second' | 'arbiter';

export const MEMBERS: readonly PairMember[] = ['first', 'second', 'arbiter'];

/** One host of a pair and the database server on it. */
export interface PairServer {
  readonly member: PairMember;
  /** Name of the database server. */
  readonly server: string;
  /** Name of the host. */
  readonly host: string;
  readonly address: string;
  readonly availabilityZone: string;
}

export interface PairDescription {
  readonly databaseId: string;
  readonly servers: Readonly<Record<PairMember, PairServer>>;
  readonly mode: 'synchronous' | 'asynchronous';
  /** By server name: after how much silence a link to it counts as broken, in milliseconds. */
  readonly liveness: Readonly<Record<string, number>>;
}

/** Where SAP's documents are silent. */
export interface PairVariants {
  /** A mirror serves HTTP. @default true */
  readonly mirrorAnswers?: boolean;
  /** How much longer than its liveness time-out a cut-off primary calls itself one, in milliseconds. @default 0 */
  readonly lingers?: number;
}

export interface PairWorld {
  readonly clock: Pick<Clock, 'now' | 'after'>;
  /** Whether the network lets the servers of the two talk to each other. */
  mayConnect(one: PairServer, other: PairServer): boolean;
  /** The server took the role of the primary; its database's own event fires. */
  tookOver(server: PairServer): void;
}

/** What the servers say of themselves, and since when. */
export interface PairTruth {
  readonly at: number;
  /** Servers that would say that they are primary, in the order of their names. */
  readonly claimants: readonly string[];
}

/** Servers look after their links this often. UNSOURCED, and short beside every time-out. */
const STEP = 1_000;

/** How long before the world begins the pair was born. */
const AGE = 120_000;

/**
 * A mirrored pair in virtual time, by the same rules as the stand-ins with processes of their own (`rehearsal/sql-anywhere`). It was
 * born before the story begins; somebody writes to it all the time.
 */
export class MirroredPair {
  public readonly truths: PairTruth[] = [];
  private readonly running = new Map<string, Partner | Arbiter>();
  private readonly logs = new Map<string, PairLog>();
  private readonly states = new Map<string, StoredState>();
  private readonly lostZones = new Set<string>();
  private readonly cuts = new Set<string>();
  private readonly links: PairLinks;
  private now: number;
  private born = false;
  private words = 0;

  constructor(
    public readonly description: PairDescription,
    private readonly variants: PairVariants,
    private readonly world: PairWorld,
  ) {
    const { clock } = world;
    this.now = clock.now() - AGE;
    this.links = new PairLinks(
      MEMBERS.map((member) => this.nameOf(member)),
      {
        now: () => this.now,
        running: (server) => this.running.get(server),
        reaches: (one, other) => this.reaches(one, other),
      },
    );
    for (const member of MEMBERS) this.start(member);
    this.partner('first')?.begin(this.now);
    for (; this.now < clock.now(); this.now += STEP) this.step();
    this.born = true;
    this.goOn();
  }

  public serverOf(member: PairMember): PairServer {
    return this.description.servers[member];
  }

  public memberAt(host: string): PairServer | undefined {
    return MEMBERS.map((member) => this.serverOf(member)).find((it) => it.host === host.toLowerCase());
  }

  /** The member that alone calls itself primary at this moment. */
  public get primary(): PairServer | undefined {
    const claimants = this.claimants();
    return claimants.length === 1 ? this.serverNamed(claimants[0] ?? '') : undefined;
  }

  /** The server's process dies; its host tells its peers by closing their connections. */
  public kill(member: PairMember): void {
    this.stop(member, true);
    this.note();
  }

  public start(member: PairMember): void {
    const it = this.serverOf(member);
    if (this.running.has(it.server) || this.lostZones.has(it.availabilityZone)) return;
    this.running.set(it.server, member === 'arbiter' ? this.newArbiter(it) : this.newPartner(it));
  }

  /** Everything in the zone stops at once, and nothing tells of it. */
  public loseZone(availabilityZone: string): void {
    for (const member of MEMBERS) {
      if (this.serverOf(member).availabilityZone === availabilityZone) this.stop(member, false);
    }
    this.lostZones.add(availabilityZone);
    this.note();
  }

  /** The zone is back, and AWS starts its hosts again, with their volumes. */
  public restoreZone(availabilityZone: string): void {
    this.lostZones.delete(availabilityZone);
    for (const member of MEMBERS) {
      if (this.serverOf(member).availabilityZone === availabilityZone) this.start(member);
    }
  }

  /** No packet passes between the two, in either direction; neither end is told. */
  public cut(one: PairMember, other: PairMember): void {
    this.cuts.add(pathOf(this.nameOf(one), this.nameOf(other)));
  }

  public restore(one: PairMember, other: PairMember): void {
    this.cuts.delete(pathOf(this.nameOf(one), this.nameOf(other)));
  }

  /** `ALTER DATABASE … SET PARTNER FAILOVER` on the primary; throws what the database would say if it refuses. */
  public failOver(): void {
    const member = this.primary?.member;
    const refused = member ? this.partner(member)?.giveAway(this.now) : 'there is no primary';
    if (refused !== undefined) throw new Error(`SET PARTNER FAILOVER: ${refused}`);
    this.note();
  }

  /** What becomes of a connection to the port of a host's role service. */
  public reach(member: PairMember): 'open' | 'refused' | 'silent' {
    if (this.lostZones.has(this.serverOf(member).availabilityZone)) return 'silent';
    return this.roleLine(member) === undefined ? 'refused' : 'open';
  }

  /** The answer of the role service; undefined while the database serves no HTTP: then nothing listens. */
  public roleLine(member: PairMember): string | undefined {
    const partner = this.partner(member);
    if (!partner || partner.role === 'waiting') return undefined;
    if (partner.role === 'mirror' && this.variants.mirrorAnswers === false) return undefined;
    const link = ({ connected }: { connected: boolean }) => (connected ? 'connected' : 'disconnected');
    const clock = new Date(this.world.clock.now()).toISOString().replace('T', ' ').replace('Z', '');
    const { role, state, settings } = partner;
    return [
      `server=${settings.name};role=${role};state=${state};partner=${link(partner.partner)}`,
      `arbiter=${link(partner.arbiter)};mode=${settings.mode};clock=${clock}`,
    ].join(';');
  }

  private goOn(): void {
    this.world.clock.after(STEP, 'the servers of the pair look around', () => {
      this.now = this.world.clock.now();
      this.step();
      this.goOn();
    });
  }

  private step(): void {
    this.links.connect();
    for (const server of this.running.values()) {
      if (server instanceof Partner) {
        server.tick(this.now);
        if (server.role === 'primary') server.write('a change');
      } else {
        server.tick(this.now, Math.max(...Object.values(this.description.liveness)));
      }
    }
    this.links.deliver();
    this.note();
  }

  private note(): void {
    const claimants = this.claimants();
    if (this.truths.at(-1)?.claimants.join() !== claimants.join()) this.truths.push({ at: this.now, claimants });
  }

  private claimants(): string[] {
    return MEMBERS.filter((member) => this.partner(member)?.role === 'primary').map((member) => this.nameOf(member));
  }

  private stop(member: PairMember, told: boolean): void {
    const name = this.nameOf(member);
    if (this.running.delete(name)) this.links.gone(name, told);
  }

  private newArbiter({ server }: PairServer): Arbiter {
    return new Arbiter(this.states.get(server), this.peerPorts(server));
  }

  private newPartner(it: PairServer): Partner {
    const { server } = it;
    const partner = this.nameOf(it.member === 'first' ? 'second' : 'first');
    const log = this.logs.get(server) ?? new PairLog();
    this.logs.set(server, log);
    const { databaseId: database, liveness, mode } = this.description;
    return new Partner(
      {
        name: server,
        partner,
        arbiter: this.nameOf('arbiter'),
        database,
        mode,
        liveness,
        lingers: this.variants.lingers,
      },
      this.states.get(server),
      {
        ...this.peerPorts(server),
        log,
        committed: () => {},
        becamePrimary: () => {
          if (this.born) this.world.tookOver(it);
        },
        becameMirror: () => {},
        restarted: () => {},
        incompatible: (reason) => {
          throw new Error(`${server}: ${reason}`);
        },
        unique: () => `${++this.words}`,
      },
      this.now,
    );
  }

  private peerPorts(server: string) {
    return {
      save: (state: StoredState) => void this.states.set(server, state),
      send: (to: string, message: Parameters<PairLinks['send']>[2]) => this.links.send(server, to, message),
      hangUp: (peer: string) => this.links.hangUp(server, peer),
    };
  }

  private partner(member: PairMember): Partner | undefined {
    const server = this.running.get(this.nameOf(member));
    return server instanceof Partner ? server : undefined;
  }

  private reaches(one: string, other: string): boolean {
    const ends = [this.serverNamed(one), this.serverNamed(other)] as const;
    if (this.cuts.has(pathOf(one, other)) || !this.world.mayConnect(...ends)) return false;
    return ends.every(({ availabilityZone }) => !this.lostZones.has(availabilityZone));
  }

  private serverNamed(name: string): PairServer {
    const found = MEMBERS.map((member) => this.serverOf(member)).find(({ server }) => server === name);
    if (!found) throw new Error(`the pair has no server ${name}`);
    return found;
  }

  private nameOf(member: PairMember): string {
    return this.serverOf(member).server;
  }
}

const pathOf = (one: string, other: string) => [one, other].sort().join(' ');
