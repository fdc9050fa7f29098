import {
  type DBInstance,
  DBInstanceNotFoundFault,
  DescribeDBInstancesCommand,
  paginateDescribeDBInstances,
  RDSClient,
} from '@aws-sdk/client-rds';
import { addressesOf } from './endpoint-addresses';
import type { Observation } from './observation';
import type { Source } from './ports';
import { SDK_LIMITS } from './sdk-limits';
import { unanswered } from './unanswered';

/** What the RDS API and the name service say of one instance. */
export class RdsInstance implements Source {
  constructor(
    private readonly identifier: string,
    private readonly now: () => number,
    private readonly client = new RDSClient(SDK_LIMITS),
  ) {}

  public async observe(abortSignal: AbortSignal): Promise<Observation> {
    const at = this.now();
    try {
      const { DBInstances } = await this.client.send(
        new DescribeDBInstancesCommand({ DBInstanceIdentifier: this.identifier }),
        { abortSignal },
      );
      return await instanceSeen(DBInstances?.[0], at, abortSignal);
    } catch (error) {
      if (error instanceof DBInstanceNotFoundFault) return { kind: 'absent', at };
      return unanswered(at, error);
    }
  }
}

/** What one answer says of an instance; its name is looked up only if it names a primary. */
export async function instanceSeen(
  instance: DBInstance | undefined,
  at: number,
  abortSignal: AbortSignal,
): Promise<Observation> {
  const status = instance?.DBInstanceStatus;
  if (!instance || !status) return { kind: 'unknown', at, reason: 'the answer holds no instance with a status' };
  const { AvailabilityZone, DbiResourceId, Endpoint } = instance;
  if (!AvailabilityZone || !DbiResourceId || !Endpoint?.Address || !Endpoint.Port) return { kind: 'seen', at, status };
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
    addresses: await addressesOf(Endpoint.Address, abortSignal),
  };
}

/** Those of the instances that the API knows, by identifier. */
export async function listInstances(
  client: RDSClient,
  identifiers: readonly string[],
  abortSignal: AbortSignal,
): Promise<Map<string, DBInstance>> {
  const Filters = [{ Name: 'db-instance-id', Values: [...identifiers] }];
  const found = new Map<string, DBInstance>();
  for await (const page of paginateDescribeDBInstances({ client }, { Filters, MaxRecords: 100 }, { abortSignal })) {
    for (const it of page.DBInstances ?? []) found.set(it.DBInstanceIdentifier?.toLowerCase() ?? '', it);
  }
  return found;
}
