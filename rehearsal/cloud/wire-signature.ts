import { ServiceError } from './service';

/** Groups: the access key, the region, the signing name. */
const SIGNATURE =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d{8}\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request, SignedHeaders=[a-z0-9;-]+, Signature=[0-9a-f]{64}$/;

/** Who signed a request, and for what. Empty when it is not signed as AWS asks (SigV4). */
export function readSignature(authorization: string | undefined) {
  const [, accessKey = '', region = '', signingName = ''] = SIGNATURE.exec(authorization ?? '') ?? [];
  return { accessKey, region, signingName };
}

/**
 * Why a request is not one that a function of this rehearsal made in its own region; undefined when it is.
 *
 * @param ownRegion of the caller whose access key it is; undefined when it is nobody's.
 */
export function refuseStranger(
  signature: ReturnType<typeof readSignature>,
  ownRegion: string | undefined,
  sequence: string,
): ServiceError | undefined {
  if (signature.accessKey === '') {
    return new ServiceError('IncompleteSignatureException', 'The request has no SigV4 signature');
  }
  if (ownRegion === undefined) {
    const message = 'The security token included in the request is invalid.';
    return new ServiceError('UnrecognizedClientException', message, 403);
  }
  if (signature.region !== ownRegion) {
    const message = `Credential should be scoped to a valid region: the rehearsal is in '${ownRegion}', not '${signature.region}'`;
    return new ServiceError('InvalidSignatureException', message, 403);
  }
  if (sequence === '') return new ServiceError('UncountedRequest', 'The request was not made by node:http');
  return undefined;
}
