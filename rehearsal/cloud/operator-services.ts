import * as cloudFormation from '@aws-sdk/client-cloudformation';
import * as ecs from '@aws-sdk/client-ecs';
import * as ssm from '@aws-sdk/client-ssm';
import type { RawServiceStandIn, ServiceStandIn } from './service';
import { ServiceError } from './service';

/** What only an operator asks of the cloud. */
export interface OperatorView {
  readonly outputs: readonly { stackName: string; key: string; value: string; description?: string }[];
  /** By name. */
  readonly parameters: ReadonlyMap<string, string>;
  /** By name or ARN. */
  service(name: string): ServiceView | undefined;
  /** Undefined for a host that Systems Manager has never heard of. */
  ping(host: string): 'Online' | 'ConnectionLost' | undefined;
  /** By name; whether it is enabled. */
  schedule(name: string): boolean | undefined;
}

export interface ServiceView {
  readonly desired: number;
  readonly running: number;
  readonly pending: number;
  readonly rollout: string;
  readonly said?: string;
}

const nobody = () => [];

/** The services that answer him. */
export function operatorServices(view: OperatorView): (ServiceStandIn | RawServiceStandIn)[] {
  return [stacks(view), parametersAndHosts(view), services(view), schedules(view)];
}

function stacks({ outputs }: OperatorView): ServiceStandIn {
  return {
    kind: 'by-schema',
    signingName: 'cloudformation',
    client: cloudFormation,
    protocol: 'aws-query',
    operations: {
      DescribeStacks: {
        permissions: nobody,
        answer: ({ input: { StackName } }) => {
          const its = outputs.filter(({ stackName }) => stackName === StackName);
          if (its.length === 0) throw new ServiceError('ValidationError', `Stack with id ${StackName} does not exist`);
          const Outputs = its.map(({ key, value, description }) => ({
            OutputKey: key,
            OutputValue: value,
            Description: description,
          }));
          return { Stacks: [{ StackName, CreationTime: new Date(0), StackStatus: 'CREATE_COMPLETE', Outputs }] };
        },
      },
    },
  };
}

function parametersAndHosts({ parameters, ping }: OperatorView): ServiceStandIn {
  return {
    kind: 'by-schema',
    signingName: 'ssm',
    client: ssm,
    protocol: 'aws-json-1.1',
    operations: {
      GetParameter: {
        permissions: nobody,
        answer: ({ input: { Name } }) => {
          const Value = parameters.get(String(Name));
          if (Value === undefined) throw new ServiceError('ParameterNotFound', `Parameter ${Name} not found.`);
          return { Parameter: { Name, Type: 'String', Value, Version: 1 } };
        },
      },
      DescribeInstanceInformation: {
        permissions: nobody,
        answer: ({ input: { Filters = [] } }) => {
          const [{ Values = [] } = {}] = Filters as { Values?: string[] }[];
          const known = Values.flatMap((InstanceId) => {
            const PingStatus = ping(InstanceId);
            return PingStatus ? [{ InstanceId, PingStatus }] : [];
          });
          return { InstanceInformationList: known };
        },
      },
    },
  };
}

function services({ service }: OperatorView): ServiceStandIn {
  return {
    kind: 'by-schema',
    signingName: 'ecs',
    client: ecs,
    protocol: 'aws-json-1.1',
    operations: {
      DescribeServices: {
        permissions: nobody,
        answer: ({ input }) => {
          const names = (input.services ?? []) as string[];
          const found = names.map((name) => ({ name, seen: service(name) }));
          return {
            services: found.flatMap(({ name, seen }) =>
              seen
                ? [
                    {
                      serviceName: name,
                      status: 'ACTIVE',
                      desiredCount: seen.desired,
                      runningCount: seen.running,
                      pendingCount: seen.pending,
                      deployments: [{ id: 'd', status: 'PRIMARY', rolloutState: seen.rollout }],
                      events: seen.said === undefined ? [] : [{ id: 'e', message: seen.said }],
                    },
                  ]
                : [],
            ),
            failures: found.flatMap(({ name, seen }) => (seen ? [] : [{ arn: name, reason: 'MISSING' }])),
          };
        },
      },
    },
  };
}

/** EventBridge Scheduler speaks REST with JSON. */
function schedules({ schedule }: OperatorView): RawServiceStandIn {
  return {
    kind: 'raw',
    signingName: 'scheduler',
    permissions: nobody,
    handle: async ({ method, url }) => {
      const [, name = ''] = /^\/schedules\/([^?]+)/.exec(url) ?? [];
      const enabled = method === 'GET' ? schedule(decodeURIComponent(name)) : undefined;
      const headers = { 'content-type': 'application/json' };
      if (enabled === undefined) {
        const body = JSON.stringify({ Message: `Schedule ${name} does not exist.` });
        return { status: 404, headers: { ...headers, 'x-amzn-errortype': 'ResourceNotFoundException' }, body };
      }
      return { status: 200, headers, body: JSON.stringify({ Name: name, State: enabled ? 'ENABLED' : 'DISABLED' }) };
    },
  };
}
