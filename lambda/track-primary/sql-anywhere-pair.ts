import { loneClaim } from './decide-pair';
import type { PairSource } from './environment';
import type { Candidate, NoReport, PairSeen, PartnerView, RoleReport } from './observation';
import type { Source } from './ports';
import { readRoleAnswer } from './role-line';
import { askRole } from './role-service';

type Partner = PairSource['members'][number];

/** What the two partners of a mirrored pair say of themselves. The arbiter holds no data and is not asked. */
export class SqlAnywherePair implements Source {
  private candidate: Candidate | undefined;

  constructor(
    private readonly pair: PairSource,
    private readonly now: () => number,
  ) {}

  public async observe(signal: AbortSignal): Promise<PairSeen> {
    const at = this.now();
    const partners = await Promise.all(this.pair.members.map((partner) => this.view(partner, signal)));
    const seen: PairSeen = { kind: 'pair', at, partners, candidate: this.candidate };
    this.candidate = loneClaim(seen);
    return seen;
  }

  private async view(partner: Partner, signal: AbortSignal): Promise<PartnerView> {
    const { server, host, availabilityZone } = partner;
    const member = { memberId: server, availabilityZone, host, port: this.pair.databasePort };
    return { member, answer: await this.ask(partner, signal) };
  }

  private async ask({ server, host }: Partner, signal: AbortSignal): Promise<RoleReport | NoReport> {
    const askedAt = this.now();
    try {
      const answer = await askRole(host, this.pair.rolePort, signal);
      return readRoleAnswer(server, { ...answer, askedAt, answeredAt: this.now() });
    } catch (error) {
      return { unknown: reasonOf(error) };
    }
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? `${error.code}: ${error.message}` : error.message;
}
