import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { known, type Problems } from '../validation/problems';

/** How remotes speak to a MobiLink server: the `-x` option of mlsrv17. */
export enum MobiLinkProtocol {
  /** MobiLink's own protocol over TCP. */
  TCPIP = 'tcpip',
  /** The same within TLS, which ends in mlsrv17. */
  TLS = 'tls',
  /** MobiLink over HTTP; clients should use `persistent=1`. */
  HTTP = 'http',
  /** The same within TLS, which ends in mlsrv17. */
  HTTPS = 'https',
}

/** A stream without TLS. */
export interface PlainStreamOptions {
  /**
   * The TCP port, 1024 to 65535: the server runs without root.
   *
   * @default - 2439 for tcpip (SAP's own), 8080 for http
   */
  readonly port?: number;
}

/** A stream with TLS. */
export interface TlsStreamOptions {
  /**
   * The TCP port, 1024 to 65535: the server runs without root.
   *
   * @default - 2440 for tls, 8443 for https
   */
  readonly port?: number;

  /** The certificate chain and the private key in PEM, as one text. It is read when a server starts. */
  readonly identity: secretsmanager.ISecret;

  /**
   * The password of the private key, as text.
   *
   * @default - the key has none
   */
  readonly identityPassword?: secretsmanager.ISecret;
}

/** A network stream that every server of the farm listens on; the load balancer passes it through untouched. */
export class MobiLinkStream {
  /** MobiLink over TCP, in clear text: for private networks. */
  public static tcpip(options: PlainStreamOptions = {}): MobiLinkStream {
    return new MobiLinkStream(MobiLinkProtocol.TCPIP, options.port ?? 2439);
  }

  /** MobiLink over TLS that ends in mlsrv17. The port's default is UNSOURCED. */
  public static tls(options: TlsStreamOptions): MobiLinkStream {
    return new MobiLinkStream(MobiLinkProtocol.TLS, options.port ?? 2440, options.identity, options.identityPassword);
  }

  /** MobiLink over HTTP, in clear text: for private networks. The port's default is UNSOURCED. */
  public static http(options: PlainStreamOptions = {}): MobiLinkStream {
    return new MobiLinkStream(MobiLinkProtocol.HTTP, options.port ?? 8080);
  }

  /** MobiLink over HTTPS that ends in mlsrv17. The port's default is UNSOURCED. */
  public static https(options: TlsStreamOptions): MobiLinkStream {
    return new MobiLinkStream(MobiLinkProtocol.HTTPS, options.port ?? 8443, options.identity, options.identityPassword);
  }

  private constructor(
    /** What is spoken. */
    public readonly protocol: MobiLinkProtocol,
    /** The TCP port of listener and server alike. */
    public readonly port: number,
    /** Certificate chain and private key, for a stream with TLS. */
    public readonly identity?: secretsmanager.ISecret,
    /** Password of the private key, if it has one. */
    public readonly identityPassword?: secretsmanager.ISecret,
  ) {}

  /** Whether what passes is encrypted. */
  public get encrypted(): boolean {
    return this.protocol === MobiLinkProtocol.TLS || this.protocol === MobiLinkProtocol.HTTPS;
  }

  /**
   * Notes what is wrong with the stream.
   * @internal
   */
  public _validate(problems: Problems, prop: string): void {
    const port = known(this.port);
    problems.require(port === undefined || isServerPort(port), {
      id: 'MobiLink:Farm:StreamPort',
      prop: `${prop}.port`,
      rule: 'must be a whole number from 1024 to 65535; the server runs without root, which lower ports need',
      value: port,
      fix: 'choose a port above 1023, for example 8443 instead of 443, and give it to the remotes',
    });
  }
}

/** Whether a server that is not root can listen on it. */
export function isServerPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1024 && port <= 65535;
}
