import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { replaceFile } from '../files/durable';
import type { HostNames } from '../host-names';
import { Installation } from '../installation';
import type { JsonLines } from '../json-lines';
import type { StoredState } from '../mirroring/messages';
import { Partner } from '../mirroring/partner';
import type { Log, PartnerPorts } from '../mirroring/ports';
import { readStates, writeStates } from '../mirroring/state-file';
import type { Variants } from '../variants';
import type { ServerHello } from './handshake';
import type { MirroringDefinition } from './mirroring-definition';
import { PeerLink } from './peer-link';

export interface MirroredPartnerOptions {
  readonly server: string;
  /** The database's name, by which arbiter and partner know it. */
  readonly database: string;
  /** Which database it is a copy of. */
  readonly id: string;
  readonly definition: MirroringDefinition;
  readonly log: Log;
  readonly names: HostNames;
  readonly variants: Variants;
  readonly events: Pick<PartnerPorts, 'committed' | 'becamePrimary' | 'becameMirror' | 'restarted' | 'incompatible'>;
  onRefused(reason: string): void;
}

/** How long after it took the role a server writes its state file, in the variant that does so late. Milliseconds. */
const LATE_STATE_MILLIS = 150;

/** Between two looks, and between two calls of a peer that is not there, at most. Milliseconds. */
export const PAUSE_MILLIS = 50;

/** The rules of mirroring in a process: with a clock, sockets and a state file. */
export class MirroredPartner {
  public readonly rules: Partner;
  private readonly links = new Map<string, PeerLink>();
  private readonly timer: NodeJS.Timeout;
  private late: NodeJS.Timeout | undefined;
  /** Of the state that was saved last. */
  private sequence = 0;

  constructor(private readonly options: MirroredPartnerOptions) {
    const { server, definition, variants, id } = options;
    const liveness = Object.fromEntries(
      Object.entries(definition.liveness).map(([name, seconds]) => [name, seconds * variants.second]),
    );
    const shortest = Math.min(...Object.values(liveness));
    this.rules = new Partner(
      {
        name: server,
        partner: definition.partner,
        arbiter: definition.arbiter,
        database: id,
        mode: definition.mode,
        autoFailover: definition.autoFailover,
        liveness,
        lingers: variants.old_primary === 'lingers' ? shortest : 0,
        lonelyMirrorWaits: variants.lonely_mirror === 'waits',
      },
      this.read(),
      this.ports(),
      Date.now(),
    );
    for (const peer of [definition.partner, definition.arbiter]) this.link(peer, liveness[peer] ?? 0);
    // Packets go at a third to two thirds of the liveness time-out (facts §3.2 [C8]); here a little more often.
    this.timer = setInterval(() => this.rules.tick(Date.now()), Math.max(5, Math.min(shortest / 5, PAUSE_MILLIS)));
  }

  /** Another server's call. */
  public accept(hello: ServerHello, lines: JsonLines): string | undefined {
    const { definition, database } = this.options;
    if (hello.name !== definition.partner || hello.database !== database) return `${hello.name} is not the partner`;
    if (hello.authentication !== definition.authentication) return `${hello.name}: wrong authentication string`;
    lines.send({ welcome: true });
    this.links.get(hello.name)?.accept(lines);
    return undefined;
  }

  public close(): void {
    clearInterval(this.timer);
    clearTimeout(this.late);
    for (const link of this.links.values()) link.close();
  }

  private link(peer: string, liveness: number): void {
    const { server, database, definition, names, variants, onRefused } = this.options;
    const { authentication, mode } = definition;
    this.links.set(
      peer,
      new PeerLink({
        peer,
        hosts: definition.hosts[peer] ?? '',
        names,
        both: peer === definition.partner,
        pause: Math.min(variants.second, PAUSE_MILLIS),
        hello: () => ({ hello: 'server', name: server, database, authentication, mode, liveness }),
        onUp: () => this.rules.linkUp(peer, Date.now()),
        onDown: () => this.rules.linkDown(peer, Date.now()),
        onMessage: (message) => this.rules.receive(peer, message, Date.now()),
        onRefused,
      }),
    );
  }

  private ports(): PartnerPorts {
    const { log, events } = this.options;
    return {
      ...events,
      log,
      save: (state) => this.save(state),
      send: (peer, message) => this.links.get(peer)?.send(message),
      hangUp: (peer) => this.links.get(peer)?.hangUp(),
      unique: () => randomUUID(),
    };
  }

  private get file(): string {
    return Installation.onHost(this.options.definition.stateFile);
  }

  private read(): StoredState | undefined {
    if (!existsSync(this.file)) return undefined;
    return readStates(readFileSync(this.file, 'utf8')).get(this.options.database);
  }

  private save(state: StoredState): void {
    const write = () => replaceFile(this.file, writeStates(new Map([[this.options.database, state]])));
    clearTimeout(this.late);
    const tookRole = state.owner === this.options.server && state.sequence !== this.sequence;
    this.sequence = state.sequence;
    if (tookRole && this.options.variants.state_file === 'after') this.late = setTimeout(write, LATE_STATE_MILLIS);
    else write();
  }
}
