import { Duration } from 'aws-cdk-lib';
import { FarmExposure } from './farm-exposure';
import { FarmStickiness } from './farm-stickiness';
import type { MobiLinkServerFarmProps } from './mobilink-server-farm-props';
import { MobiLinkStream } from './mobilink-stream';

/** What more than one part of the farm reads, with every default filled in. */
export interface FarmDefaults {
  readonly streams: MobiLinkStream[];
  readonly exposure: FarmExposure;
  readonly stickiness: FarmStickiness;
  readonly cpu: number;
  readonly memoryLimitMiB: number;
  readonly healthPort: number;
  readonly longestSync: Duration;
  readonly tcpIdleTimeout: Duration;
  readonly periodicInterval: Duration;
}

export function defaultsOf(props: MobiLinkServerFarmProps): FarmDefaults {
  return {
    streams: props.streams ?? [MobiLinkStream.tcpip()],
    exposure: props.exposure ?? FarmExposure.internal(),
    stickiness: props.stickiness ?? FarmStickiness.sourceIp(),
    cpu: props.cpu ?? 1024,
    memoryLimitMiB: props.memoryLimitMiB ?? 4096,
    healthPort: props.healthPort ?? 8439,
    longestSync: props.longestSync ?? Duration.minutes(15),
    tcpIdleTimeout: props.tcpIdleTimeout ?? Duration.seconds(350),
    periodicInterval: props.periodicInterval ?? Duration.seconds(60),
  };
}
