/** A secret with the identity of a stream. */
export interface IdentitySecret {
  readonly arn: string;
  /** When it was last changed, in milliseconds since 1970; undefined if it never was since it was made, or is not there. */
  readonly changedAt?: number;
}

/** The service of a farm, as far as it decides. */
export interface ServiceView {
  /** `ACTIVE`, or on its way out. */
  readonly status: string;
  /** When the deployment began whose servers run or are being started, in milliseconds since 1970. */
  readonly deployedAt?: number;
}

export type Decision =
  | { readonly kind: 'roll'; readonly changed: readonly string[] }
  | { readonly kind: 'keep'; readonly why: string };

/**
 * Whether the servers are to be replaced, one after another: those of a deployment that began before an identity was changed may still
 * use the old one, since mlsrv17 reads it at its start. A new deployment is younger than the change, so it is not replaced again. Pure.
 */
export function decide(service: ServiceView | undefined, secrets: readonly IdentitySecret[]): Decision {
  if (service?.status !== 'ACTIVE') return { kind: 'keep', why: `the service is ${service?.status ?? 'not there'}` };
  const { deployedAt } = service;
  if (deployedAt === undefined) return { kind: 'keep', why: 'no server has been deployed yet' };
  const changed = secrets.filter(({ changedAt }) => changedAt !== undefined && changedAt > deployedAt);
  if (changed.length === 0) return { kind: 'keep', why: 'every server is younger than its identity' };
  return { kind: 'roll', changed: changed.map(({ arn }) => arn) };
}
