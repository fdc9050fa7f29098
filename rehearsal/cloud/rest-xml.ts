import { XmlShapeDeserializer } from '@aws-sdk/core/protocols';
import type { Schema } from '@smithy/types';
import { type RawRequest, ServiceError, type ServiceStandIn } from './service';

/** REST with XML bodies, as Route 53 speaks it: method and path name the operation, the path holds a part of its input. */

const SETTINGS = {
  timestampFormat: { useTrait: true, default: 5 as const },
  xmlNamespace: '',
  serviceNamespace: '',
};

/** The parts of the path that the operation's schema names; undefined when the request is for another operation. */
export function matchRoute(
  service: ServiceStandIn,
  operation: string,
  { method, url }: Pick<RawRequest, 'method' | 'url'>,
): Record<string, string> | undefined {
  const schema = service.client[`${operation}$`];
  const traits: unknown = Array.isArray(schema) ? schema[3] : undefined;
  const route: unknown = typeof traits === 'object' && traits !== null ? Reflect.get(traits, 'http') : undefined;
  if (!Array.isArray(route)) return undefined;
  const [itsMethod, template] = route.map(String);
  const pattern = (template ?? '').replace(/\{(\w+)\}/g, '(?<$1>[^/]+)');
  const [path = ''] = url.split('?');
  const found = new RegExp(`^${pattern}/?$`).exec(path);
  if (!found || method !== itsMethod) return undefined;
  return Object.fromEntries(Object.entries(found.groups ?? {}).map(([name, it]) => [name, decodeURIComponent(it)]));
}

export function readRestXml(
  service: ServiceStandIn,
  operation: string,
  schema: Schema,
  request: RawRequest,
): Record<string, unknown> {
  try {
    const body: unknown = new XmlShapeDeserializer(SETTINGS).read(schema, Buffer.from(request.body));
    return { ...(body as object), ...matchRoute(service, operation, request) };
  } catch (error) {
    throw new ServiceError('MalformedXML', error instanceof Error ? error.message : String(error));
  }
}
