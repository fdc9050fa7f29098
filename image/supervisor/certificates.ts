import { X509Certificate } from 'node:crypto';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;
const DAY = 24 * 60 * 60 * 1000;

/**
 * When the first certificate of some chains ends, in milliseconds since 1970. What cannot be read is left out: whether mlsrv17 takes it, it
 * says itself.
 */
export function firstEnd(chains: readonly string[]): number | undefined {
  const ends = chains.flatMap((pem) => pem.match(CERTIFICATE) ?? []).flatMap(endOf);
  return ends.length > 0 ? Math.min(...ends) : undefined;
}

/** The metric of it, which is no value of mlsrv17's own; nothing without a certificate. */
export function daysLeft(end: number | undefined, now: number): Readonly<Record<string, number>> {
  return end === undefined ? {} : { CertificateDaysLeft: (end - now) / DAY };
}

function endOf(pem: string): number[] {
  try {
    const end = Date.parse(new X509Certificate(pem).validTo);
    return Number.isNaN(end) ? [] : [end];
  } catch {
    return [];
  }
}
