/** A network stream that mlsrv17 listens on. */
export interface Stream {
  readonly protocol: 'tcpip' | 'tls' | 'http' | 'https';
  readonly port: number;
  /** Certificate chain and private key in PEM: with `tls` and `https`. */
  readonly identitySecretArn?: string;
  /** The password of the private key, if it has one. */
  readonly identityPasswordSecretArn?: string;
}

/** Whether what passes is encrypted by mlsrv17. */
export function isEncrypted({ protocol }: Pick<Stream, 'protocol'>): boolean {
  return protocol === 'tls' || protocol === 'https';
}
