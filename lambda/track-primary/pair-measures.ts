import { CONNECTED, claimants, isSingle } from './decide-pair';
import { type PairSeen, type PartnerView, type RoleReport, reportOf } from './observation';

/** What one look says of a pair's health. A single server has no mirror to lose. */
export interface PairMeasures {
  /** How many partners say that they are primary: 0, 1 or 2. */
  readonly primariesClaimed: number;
  readonly mirrorNotSynchronized: boolean;
  readonly partnerLost: boolean;
  readonly arbiterLost: boolean;
  /** The worse of the clocks that were told, in milliseconds; undefined if none was. */
  readonly clockSkew?: number;
}

/** What no claimant says is lost: alarms look at it, and silence is no sign of health. */
export function measure(observation: PairSeen): PairMeasures {
  const claimed = claimants(observation);
  const lost = (holds: (report: RoleReport) => boolean) => !isSingle(observation) && !saidOf(claimed, holds);
  const skews = observation.partners.flatMap((partner) => reportOf(partner)?.clockSkew ?? []);
  return {
    primariesClaimed: claimed.length,
    mirrorNotSynchronized: lost(({ state }) => state === 'synchronized'),
    partnerLost: lost(({ partner }) => partner === CONNECTED),
    arbiterLost: lost(({ arbiter }) => arbiter === CONNECTED),
    clockSkew: skews.length > 0 ? Math.max(...skews) : undefined,
  };
}

function saidOf(claimed: readonly PartnerView[], holds: (report: RoleReport) => boolean): boolean {
  const reports = claimed.flatMap((partner) => reportOf(partner) ?? []);
  return reports.length > 0 && reports.every(holds);
}
