import { DBInstanceNotFoundFault, DescribeDBInstancesCommand, RDSClient } from '@aws-sdk/client-rds';
import { addressesOf } from './endpoint-addresses';
import type { Observation } from './observation';
import type { Source } from './ports';
import { SDK_LIMITS } from './sdk-limits';
import { unanswered } from './unanswered';

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
        addresses: await addressesOf(Endpoint.Address, abortSignal),
      };
    } catch (error) {
      if (error instanceof DBInstanceNotFoundFault) return { kind: 'absent', at };
      return unanswered(at, error);
    }
  }
}
