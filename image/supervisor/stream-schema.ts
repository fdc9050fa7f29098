import * as v from 'valibot';
import { isEncrypted } from './stream';
import { incomplete, isServerPort, json, secretArn, word } from './variable-rules';

const PROTOCOLS = ['tcpip', 'tls', 'http', 'https'] as const;

const stream = v.pipe(
  v.object(
    {
      protocol: v.picklist(PROTOCOLS, ({ input }) =>
        word('must be tcpip, tls, http or https', input, 'choose one of them'),
      ),
      port: v.pipe(
        v.number(({ input }) => word('must be a number', input, 'give the port without quotes')),
        v.check(isServerPort, ({ input }) =>
          word(
            'must be a whole number from 1024 to 65535, because the server is not root',
            input,
            'choose a port above 1023',
          ),
        ),
      ),
      identitySecretArn: v.optional(secretArn),
      identityPasswordSecretArn: v.optional(secretArn),
    },
    incomplete('give protocol and port'),
  ),
  v.check(
    (it) => isEncrypted(it) === (it.identitySecretArn !== undefined),
    ({ input }) =>
      isEncrypted(input)
        ? word('needs identitySecretArn', input.protocol, 'name the secret with certificate chain and private key')
        : word('must have no identitySecretArn', input.protocol, 'choose tls or https, or leave the identity out'),
  ),
  v.check(
    (it) => it.identitySecretArn !== undefined || it.identityPasswordSecretArn === undefined,
    ({ input }) => word('must have no identityPasswordSecretArn without an identity', input.protocol, 'leave it out'),
  ),
);

/** The streams of a server, at least one, each on a port of its own. */
export const streams = json(
  '[{"protocol":"tcpip","port":2439}]',
  'list the streams that the farm offers',
  v.pipe(
    v.array(stream, 'must be a list. Fix: put the stream into brackets'),
    v.minLength(1, 'must hold a stream. Fix: list those that the farm offers'),
    v.check(
      (it) => new Set(it.map(({ port }) => port)).size === it.length,
      ({ input }) =>
        word(
          'must be on different ports',
          input.map(({ port }) => port),
          'give each stream a port of its own',
        ),
    ),
  ),
);
