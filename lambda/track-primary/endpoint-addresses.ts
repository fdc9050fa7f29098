import { promises as dns } from 'node:dns';

/** How long a look-up of the endpoint's name may take. RDS zones have a TTL of 5 s (RDS User Guide, blue/green switching). */
const RESOLVE_TIMEOUT = 2_000;

/** The addresses of a name; undefined when nobody answered in time, which says nothing about the database. */
export async function addressesOf(host: string, abortSignal: AbortSignal): Promise<string[] | undefined> {
  let giveUp = () => {};
  const tooLate = new Promise<undefined>((done) => {
    giveUp = () => done(undefined);
  });
  const timer = setTimeout(giveUp, RESOLVE_TIMEOUT);
  abortSignal.addEventListener('abort', giveUp);
  const answer = dns.resolve4(host).then(
    (addresses) => [...addresses].sort(),
    () => undefined,
  );
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    clearTimeout(timer);
    abortSignal.removeEventListener('abort', giveUp);
  }
}
