import { DescribeServicesCommand, ECSClient, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { SDK_LIMITS } from '../door/sdk-limits';
import type { ServiceView } from './core';

/** The ECS service of a farm. */
export class FarmService {
  private readonly client = new ECSClient(SDK_LIMITS);

  constructor(
    private readonly cluster: string,
    private readonly service: string,
  ) {}

  public async look(): Promise<ServiceView | undefined> {
    const { cluster, service } = this;
    const { services = [] } = await this.client.send(new DescribeServicesCommand({ cluster, services: [service] }));
    const [found] = services;
    // PRIMARY is the most recent deployment (Amazon ECS API Reference, Deployment).
    const primary = found?.deployments?.find(({ status }) => status === 'PRIMARY');
    return found && { status: found.status ?? 'in no state', deployedAt: primary?.createdAt?.getTime() };
  }

  /** New servers first; those that go finish their syncs, as with each deployment. */
  public async roll(): Promise<void> {
    const { cluster, service } = this;
    await this.client.send(new UpdateServiceCommand({ cluster, service, forceNewDeployment: true }));
  }
}
