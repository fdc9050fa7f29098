import { promises as dns } from 'node:dns';
import { DBInstanceNotFoundFault, DescribeDBInstancesCommand, RDSClient } from '@aws-sdk/client-rds';
import type { Observation } from './observation';
import type { Source } from './ports';
import { SDK_LIMITS } from './sdk-limits';

/** How long a look-up of the endpoint's name may take. RDS zones have a TTL of 5 s (RDS User Guide, blue/green switching). */
const RESOLVE_TIMEOUT = 2_000;

/** What the RDS API and the name service say of one instance. */
export class RdsInstance implements Source {
  private readonly client = new RDSClient(SDK_LIMITS);

  constructor(
    private readonly identifier: string,
    private readonly now: () => number,
  ) {}

  public async observe(abortSignal: AbortSignal): Promise<Observation> {
    const at = this.now();
    try {
      const { DBInstances } = await this.client.send(
        new DescribeDBInstancesCommand({ DBInstanceIdentifier: this.identifier }),
        { abortSignal },
      );
      const instance = DBInstances?.[0];
      const status = instance?.DBInstanceStatus;
      if (!instance || !status) return { kind: 'unknown', at, reason: 'the answer holds no instance with a status' };
      const { AvailabilityZone, DbiResourceId, Endpoint } = instance;
      if (!AvailabilityZone || !DbiResourceId || !Endpoint?.Address || !Endpoint.Port)
        return { kind: 'seen', at, status };
      return {
        kind: 'seen',
        at,
        status,
        member: {
          memberId: `${DbiResourceId}/${AvailabilityZone}`,
          availabilityZone: AvailabilityZone,
          host: Endpoint.Address,
          port: Endpoint.Port,
        },
        addresses: await resolve(Endpoint.Address, abortSignal),
      };
    } catch (error) {
      if (error instanceof DBInstanceNotFoundFault) return { kind: 'absent', at };
      return {
        kind: 'unknown',
        at,
        reason: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
      };
    }
  }
}

/** The addresses of a name; undefined when nobody answered in time, which says nothing about the database. */
async function resolve(host: string, abortSignal: AbortSignal): Promise<string[] | undefined> {
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
