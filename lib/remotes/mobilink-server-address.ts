import type { MobiLinkServerFarm } from '../farm/mobilink-server-farm';
import { MobiLinkProtocol, type MobiLinkStream } from '../farm/mobilink-stream';
import { known, type Problems } from '../validation/problems';

/** How a remote checks the certificate of its MobiLink servers. */
export interface TrustOptions {
  /**
   * Absolute path, on the hosts of the remote, of the certificates that it trusts.
   *
   * @default - those that the synchronization profile or the operating system names
   */
  readonly trustedCertificate?: string;
}

/** Where a remote finds its MobiLink servers: what `dbmlsync` takes as `ctp` and `adr`. */
export class MobiLinkServerAddress {
  /** The name and one of the streams of a farm. */
  public static fromFarm(
    farm: MobiLinkServerFarm,
    stream: MobiLinkStream,
    options: TrustOptions = {},
  ): MobiLinkServerAddress {
    return MobiLinkServerAddress.of(stream.protocol, farm.address, stream.port, options);
  }

  /** Any servers, such as those behind a VPN. */
  public static of(
    protocol: MobiLinkProtocol,
    host: string,
    port: number,
    options: TrustOptions = {},
  ): MobiLinkServerAddress {
    return new MobiLinkServerAddress(protocol, host, port, options.trustedCertificate);
  }

  private constructor(
    /** What is spoken. */
    public readonly protocol: MobiLinkProtocol,
    /** Name of the servers. */
    public readonly host: string,
    /** TCP port. */
    public readonly port: number,
    /** Path of the trusted certificates on the hosts. */
    public readonly trustedCertificate?: string,
  ) {}

  /**
   * The value of `adr`.
   *
   * @internal
   */
  public _communicationAddress(): string {
    const trusted = this.trustedCertificate === undefined ? '' : `;trusted_certificate=${this.trustedCertificate}`;
    const http = this.protocol === MobiLinkProtocol.HTTP || this.protocol === MobiLinkProtocol.HTTPS;
    // Without it each request of a sync could meet another server of the farm (facts: a farm needs persistent HTTP).
    return `host=${this.host};port=${this.port}${http ? ';persistent=1' : ''}${trusted}`;
  }

  /**
   * Notes what is wrong with it.
   *
   * @internal
   */
  public _validate(problems: Problems, prop: string): void {
    const host = known(this.host);
    problems.require(host === undefined || /^[A-Za-z0-9]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?$/.test(host), {
      id: 'MobiLink:Remote:ServerHost',
      prop: `${prop}.host`,
      rule: 'must be a host name or an address',
      value: host,
      fix: 'give the domainName of the farm',
    });
    const port = known(this.port);
    problems.require(port === undefined || (Number.isInteger(port) && port >= 1 && port <= 65535), {
      id: 'MobiLink:Remote:ServerPort',
      prop: `${prop}.port`,
      rule: 'must be a whole number from 1 to 65535',
      value: port,
      fix: 'give the port of a stream of the farm',
    });
    const path = known(this.trustedCertificate);
    problems.require(path === undefined || /^\/[A-Za-z0-9_./-]{1,200}$/.test(path), {
      id: 'MobiLink:Remote:TrustedCertificate',
      prop: `${prop}.trustedCertificate`,
      rule: 'must be an absolute path of letters, digits and _ . / - on the hosts',
      value: path,
      fix: "write it as in '/etc/mobilink-ha/roots.pem'",
    });
    const encrypted = this.protocol === MobiLinkProtocol.TLS || this.protocol === MobiLinkProtocol.HTTPS;
    problems.require(path === undefined || encrypted, {
      id: 'MobiLink:Remote:TrustWithoutTls',
      prop: `${prop}.trustedCertificate`,
      rule: 'needs a stream with TLS',
      value: path,
      fix: 'use a tls or https stream of the farm, or leave it out',
    });
  }
}
