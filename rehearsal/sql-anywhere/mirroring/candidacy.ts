import { type Answer, comparePoints, type Stand } from './messages';
import type { Partner } from './partner';
import type { Peer } from './peer';
import type { PartnerPorts } from './ports';

/** When a partner that is no primary asks to become one, and whom. */
export class Candidacy {
  private proposal: { readonly to: string; readonly sequence: number; readonly nonce: string } | undefined;
  /** The highest of those who refused. */
  private refusedAt = 0;
  private abstainsUntil: number;

  constructor(
    private readonly partner: Partner,
    private readonly ports: PartnerPorts,
    now: number,
  ) {
    const { settings, stored } = partner;
    // Who was not the owner gives the owner time to come back first. UNSOURCED.
    this.abstainsUntil = stored?.owner === settings.name ? 0 : now + this.patience();
  }

  /** It has given the role away, and waits for the other to take it. */
  public abstain(now: number): void {
    this.abstainsUntil = now + this.patience();
  }

  public withdraw(): void {
    this.proposal = undefined;
  }

  public lost(peer: string): void {
    if (this.proposal?.to === peer) this.proposal = undefined;
  }

  public consider(now: number): void {
    const { partner } = this.partner;
    if (partner.connected) {
      const { status } = partner;
      if (!status || status.role === 'primary' || status.database !== this.partner.settings.database) return;
      if (now >= this.abstainsUntil || this.partner.stored === undefined) {
        if (this.isPreferred(status.last, status.stored)) this.stand(partner);
      }
      return;
    }
    // At the very first start the arbiter is not enough (facts §4.1 [M11]).
    if (!this.partner.stored || !this.partner.arbiter.connected) return;
    if (this.partner.role === 'mirror' || now >= this.abstainsUntil) this.stand(this.partner.arbiter);
  }

  public stand(peer: Peer): void {
    const { partner, sequence: own, stored, settings } = this.partner;
    const sequence = Math.max(own, partner.status?.sequence ?? 0, peer.status?.sequence ?? 0, this.refusedAt) + 1;
    if (this.proposal?.to !== peer.name || this.proposal.sequence !== sequence) {
      this.proposal = { to: peer.name, sequence, nonce: this.ports.unique() };
    }
    const { nonce } = this.proposal;
    const { database } = settings;
    const message: Stand = {
      kind: 'stand',
      sequence,
      nonce,
      last: this.ports.log.last(),
      database,
      state: stored?.state,
    };
    this.ports.send(peer.name, message);
  }

  public hear(peer: Peer, { nonce, agreed, sequence }: Answer): void {
    const { proposal } = this;
    if (!proposal || proposal.nonce !== nonce || proposal.to !== peer.name) return;
    this.proposal = undefined;
    if (agreed) this.partner.takeRole(proposal.sequence, peer === this.partner.arbiter);
    else this.refusedAt = Math.max(this.refusedAt, sequence);
  }

  /** The longer log; with the same logs the recorded owner; at the very first start the lower server name [M11]. */
  private isPreferred(last: Stand['last'], other: Partner['stored']): boolean {
    const { name, partner } = this.partner.settings;
    const longer = comparePoints(this.ports.log.last(), last);
    if (longer !== 0) return longer > 0;
    const own = this.partner.stored;
    const [mine, theirs] = [own?.sequence ?? 0, other?.sequence ?? 0];
    const owner = mine > theirs ? own?.owner : other?.owner;
    // Two who stood at the same time may each have agreed to the other.
    const agree = mine !== theirs || own?.owner === other?.owner;
    if (agree && (owner === name || owner === partner)) return owner === name;
    return name < partner;
  }

  private patience(): number {
    const { liveness, partner } = this.partner.settings;
    return liveness[partner] ?? 0;
  }
}
