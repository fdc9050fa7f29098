import { Token } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import { known, type Problems } from '../validation/problems';
import type { MobiLinkStream } from './mobilink-stream';

/** Who reaches a farm that has private addresses only. */
export interface InternalExposureOptions {
  /**
   * IPv4 ranges of the remotes, as in `10.0.0.0/8`. At most about 60 ranges times streams: the rules of one group.
   *
   * @default - none
   */
  readonly clientCidrs?: string[];

  /**
   * Security groups, instances, prefix lists and other peers that synchronize.
   *
   * @default - none; `farm.connections.allowFrom(...)` opens it later
   */
  readonly clients?: ec2.IConnectable[];

  /**
   * Why every address may reach the farm. Needed for `0.0.0.0/0` in `clientCidrs`.
   *
   * @default - none: `0.0.0.0/0` is refused
   */
  readonly anyClientReason?: string;
}

/** Who reaches a farm on the internet. */
export interface InternetExposureOptions {
  /** IPv4 ranges of the remotes. There is no default: who may knock at a database's door is decided by its owner. */
  readonly clientCidrs: string[];

  /**
   * Elastic IP addresses of this farm's own, one per Availability Zone, for remotes behind firewalls that name addresses.
   * They are kept when the farm is removed. Cost: the price of public IPv4 addresses, which a load balancer pays anyway.
   *
   * @default false
   */
  readonly staticAddresses?: boolean;

  /**
   * Allocation ids (`eipalloc-...`) of Elastic IP addresses that exist already, one per public subnet used.
   *
   * @default - none; see `staticAddresses`
   */
  readonly allocationIds?: string[];

  /**
   * Why every address may reach the farm: remotes that roam have no ranges. Needed for `0.0.0.0/0` in `clientCidrs`.
   *
   * @default - none: `0.0.0.0/0` is refused
   */
  readonly anyClientReason?: string;
}

const CIDR = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/;

/** From where the farm can be reached. */
export class FarmExposure {
  /** From the VPC and the networks that are connected to it; the load balancer has private addresses. */
  public static internal(options: InternalExposureOptions = {}): FarmExposure {
    return new FarmExposure(
      false,
      options.clientCidrs ?? [],
      options.clients ?? [],
      false,
      undefined,
      options.anyClientReason,
    );
  }

  /** From the internet. Needs public subnets, client ranges, and streams with TLS only. */
  public static internet(options: InternetExposureOptions): FarmExposure {
    return new FarmExposure(
      true,
      options.clientCidrs,
      [],
      options.staticAddresses ?? false,
      options.allocationIds,
      options.anyClientReason,
    );
  }

  private constructor(
    /** Whether the load balancer has public addresses. */
    public readonly internetFacing: boolean,
    /** IPv4 ranges of the remotes. */
    public readonly clientCidrs: string[],
    /** Peers that synchronize. */
    public readonly clients: ec2.IConnectable[],
    /** Whether Elastic IP addresses are allocated. */
    public readonly staticAddresses: boolean,
    /** Elastic IP addresses that exist already. */
    public readonly allocationIds?: string[],
    /** Why every address may reach the farm. */
    public readonly anyClientReason?: string,
  ) {}

  /**
   * Notes what is wrong with the exposure of these streams over so many subnets of the load balancer.
   * @internal
   */
  public _validate(problems: Problems, streams: MobiLinkStream[], subnets: number): void {
    this.validateRanges(problems);
    if (!this.internetFacing) return;

    const plain = streams.filter((stream) => !stream.encrypted).map((stream) => stream.protocol);
    problems.require(plain.length === 0, {
      id: 'MobiLink:Farm:InternetNeedsTls',
      prop: 'streams',
      rule: 'must all be tls or https on the internet: others carry the password of the MobiLink user and all rows in clear text',
      value: plain,
      fix: 'use MobiLinkStream.tls or MobiLinkStream.https, or FarmExposure.internal behind a VPN',
    });
    problems.require(Token.isUnresolved(this.clientCidrs) || this.clientCidrs.length > 0, {
      id: 'MobiLink:Farm:ClientCidrs',
      prop: 'exposure.clientCidrs',
      rule: 'must name at least one range on the internet',
      value: this.clientCidrs,
      fix: 'list the public ranges of your sites, or 0.0.0.0/0 with anyClientReason',
    });
    const { allocationIds } = this;
    problems.require(!(this.staticAddresses && allocationIds !== undefined), {
      id: 'MobiLink:Farm:StaticAddresses',
      prop: 'exposure.allocationIds',
      rule: 'excludes staticAddresses, which allocates addresses of its own',
      value: allocationIds,
      fix: 'keep one of both',
    });
    const listed = allocationIds === undefined || !Token.isUnresolved(allocationIds);
    problems.require(listed, {
      id: 'MobiLink:Farm:AllocationIds',
      prop: 'exposure.allocationIds',
      rule: 'must be a list whose length is known at synth, since each id belongs to one subnet',
      value: 'a token',
      fix: 'list the ids one by one; each of them may be a token',
    });
    problems.require(!listed || allocationIds === undefined || allocationIds.length === subnets, {
      id: 'MobiLink:Farm:AllocationIds',
      prop: 'exposure.allocationIds',
      rule: `must be one for each public subnet of the load balancer (${subnets})`,
      value: allocationIds,
      fix: 'give as many ids as there are subnets, in their order, or choose fewer with loadBalancerSubnets',
    });
  }

  /**
   * Whether everybody may connect.
   * @internal
   */
  public get _anyClient(): boolean {
    return this.clientCidrs.some((cidr) => known(cidr)?.endsWith('/0') ?? false);
  }

  private validateRanges(problems: Problems): void {
    if (Token.isUnresolved(this.clientCidrs)) {
      problems.require(false, {
        id: 'MobiLink:Farm:ClientCidrs',
        prop: 'exposure.clientCidrs',
        rule: 'must be a list whose length is known at synth, since each range becomes rules of a security group',
        value: 'a token',
        fix: 'list the ranges one by one; each of them may be a token',
      });
      return;
    }
    for (const given of this.clientCidrs) {
      const cidr = known(given);
      problems.require(cidr === undefined || isIpv4Range(cidr), {
        id: 'MobiLink:Farm:ClientCidr',
        prop: 'exposure.clientCidrs',
        rule: 'must be IPv4 ranges; the load balancer has no IPv6 addresses',
        value: cidr,
        fix: 'write them as in 10.20.0.0/16, one host as in 192.0.2.7/32',
      });
    }
    const reason = known(this.anyClientReason);
    problems.require(!this._anyClient || this.anyClientReason !== undefined, {
      id: 'MobiLink:Farm:AnyClient',
      prop: 'exposure.clientCidrs',
      rule: 'must not let every address in without a reason',
      value: this.clientCidrs,
      fix: 'list the ranges of your remotes, or say in anyClientReason why they have none',
    });
    problems.require(reason === undefined || reason.trim() !== '', {
      id: 'MobiLink:Farm:Reason',
      prop: 'exposure.anyClientReason',
      rule: 'must say why',
      value: reason,
      fix: 'write the reason for whoever reviews the security group, or leave the prop out',
    });
  }
}

function isIpv4Range(text: string): boolean {
  const match = CIDR.exec(text);
  if (!match) return false;
  const [bits, ...parts] = match.slice(1).map(Number).reverse();
  return bits !== undefined && bits <= 32 && parts.every((part) => part <= 255);
}
