import { JsonShapeDeserializer, JsonShapeSerializer, XmlShapeSerializer } from '@aws-sdk/core/protocols';
import { NormalizedSchema } from '@smithy/core/schema';
import type { Schema } from '@smithy/types';
import { matchRoute, readRestXml } from './rest-xml';
import { type RawAnswer, type RawRequest, ServiceError, type ServiceStandIn } from './service';

/** Reads requests and writes answers by the schemas that the SDK's own client uses, in both directions. */

/** The SDK's struct schema holds the number of its required members, which come first, at this index. */
const REQUIRED_MEMBERS = 6;

interface OperationSchema {
  readonly input: Schema;
  readonly output: Schema;
}

export function operationSchema(service: ServiceStandIn, operation: string): OperationSchema {
  const schema = service.client[`${operation}$`];
  if (!Array.isArray(schema)) {
    throw new ServiceError('InvalidAction', `Could not find operation ${operation} of ${service.signingName}`);
  }
  return { input: schema[4] as Schema, output: schema[5] as Schema };
}

/** The name of the operation, before its input is read. */
export function operationName(service: ServiceStandIn, request: RawRequest): string {
  const { headers, body } = request;
  const names = {
    'aws-query': () => new URLSearchParams(body).get('Action'),
    'rest-xml': () => Object.keys(service.operations).find((it) => matchRoute(service, it, request)),
    'aws-json-1.0': () => headers['x-amz-target']?.split('.').at(-1),
    'aws-json-1.1': () => headers['x-amz-target']?.split('.').at(-1),
  };
  const name = names[service.protocol]();
  if (!name) throw new ServiceError('MissingAction', 'The request names no action');
  return name;
}

export async function readInput(
  service: ServiceStandIn,
  schema: Schema,
  operation: string,
  request: RawRequest,
): Promise<Record<string, unknown>> {
  const { body } = request;
  let input: unknown;
  if (service.protocol === 'rest-xml') {
    input = readRestXml(service, operation, schema, request);
  } else if (service.protocol === 'aws-query') {
    input = readQuery(NormalizedSchema.of(schema), new URLSearchParams(body), '');
  } else {
    try {
      input = await new JsonShapeDeserializer(JSON_SETTINGS).read(schema, body === '' ? '{}' : body);
    } catch (error) {
      throw new ServiceError('SerializationException', error instanceof Error ? error.message : String(error));
    }
  }
  const missing = missingMembers(NormalizedSchema.of(schema), input ?? {}, '');
  if (missing.length > 0) {
    throw new ServiceError('ValidationException', `Missing required parameter: ${missing.join(', ')}`);
  }
  return (input ?? {}) as Record<string, unknown>;
}

export function writeOutput(
  service: ServiceStandIn,
  operation: string,
  schema: Schema,
  output: Record<string, unknown>,
): RawAnswer {
  if (service.protocol.startsWith('aws-json')) {
    if (NormalizedSchema.of(schema).isUnitSchema()) {
      return { status: 200, headers: { 'content-type': contentType(service) }, body: '' };
    }
    const serializer = new JsonShapeSerializer(JSON_SETTINGS);
    serializer.write(schema, output);
    return { status: 200, headers: { 'content-type': contentType(service) }, body: String(serializer.flush()) };
  }
  const serializer = new XmlShapeSerializer(XML_SETTINGS);
  serializer.write(schema, output);
  const inner = String(serializer.flush())
    .replace(/^<[^>]*>/, '')
    .replace(/<\/[^>]*>$/, '');
  if (service.protocol === 'rest-xml') {
    const body = `<${operation}Response>${inner}</${operation}Response>`;
    return { status: 200, headers: { 'content-type': contentType(service) }, body };
  }
  const body = `<${operation}Response><${operation}Result>${inner}</${operation}Result><ResponseMetadata><RequestId>rehearsal</RequestId></ResponseMetadata></${operation}Response>`;
  return { status: 200, headers: { 'content-type': contentType(service) }, body };
}

export function writeError(protocol: ServiceStandIn['protocol'] | 'raw', error: ServiceError): RawAnswer {
  if (protocol === 'aws-query' || protocol === 'rest-xml') {
    const side = error.statusCode >= 500 ? 'Receiver' : 'Sender';
    const body = `<ErrorResponse><Error><Type>${side}</Type><Code>${error.code}</Code><Message>${escapeXml(error.message)}</Message></Error><RequestId>rehearsal</RequestId></ErrorResponse>`;
    return { status: error.statusCode, headers: { 'content-type': 'text/xml' }, body };
  }
  const version = protocol === 'aws-json-1.1' ? '1.1' : '1.0';
  const side = error.statusCode >= 500 ? 'Receiver' : 'Sender';
  return {
    status: error.statusCode,
    headers: {
      'content-type': `application/x-amz-json-${version}`,
      'x-amzn-errortype': error.code,
      ...(error.queryCode && { 'x-amzn-query-error': `${error.queryCode};${side}` }),
    },
    body: JSON.stringify({ __type: error.code, message: error.message }),
  };
}

const JSON_SETTINGS = { timestampFormat: { useTrait: true, default: 7 as const }, jsonName: false };
const XML_SETTINGS = {
  timestampFormat: { useTrait: true, default: 5 as const },
  xmlNamespace: '',
  serviceNamespace: '',
};

function contentType(service: ServiceStandIn): string {
  return !service.protocol.startsWith('aws-json') ? 'text/xml' : `application/x-amz-json-${service.protocol.slice(-3)}`;
}

/** The required members that a value lacks, at any depth, as in `Filters[0].Name`. */
function missingMembers(schema: NormalizedSchema, value: unknown, path: string): string[] {
  if (value === undefined || value === null) return [];
  if (schema.isListSchema()) {
    const element = schema.getValueSchema();
    return (value as unknown[]).flatMap((it, index) => missingMembers(element, it, `${path}[${index}]`));
  }
  if (!schema.isStructSchema()) return [];
  const members = value as Record<string, unknown>;
  const required = requiredMembers(schema.getSchema());
  return [...schema.structIterator()].flatMap(([name, member]) => {
    const inner = path === '' ? name : `${path}.${name}`;
    if (members[name] === undefined) return required.includes(name) ? [inner] : [];
    return missingMembers(member, members[name], inner);
  });
}

function requiredMembers(struct: unknown): string[] {
  if (!Array.isArray(struct) || struct.length <= REQUIRED_MEMBERS) return [];
  const [, , , , members, , count] = struct as [unknown, unknown, unknown, unknown, string[], unknown, number];
  return members.slice(0, count);
}

/** `Filters.Filter.1.Name=...` and its like, by the schema of the member that each part of the key names. */
function readQuery(schema: NormalizedSchema, query: URLSearchParams, prefix: string): unknown {
  if (schema.isStructSchema()) {
    const struct: Record<string, unknown> = {};
    for (const [name, member] of schema.structIterator()) {
      const key = prefix + String(member.getMergedTraits().xmlName ?? name);
      const value = readQuery(member, query, member.isStructSchema() ? `${key}.` : key);
      if (value !== undefined) struct[name] = value;
    }
    return Object.keys(struct).length > 0 || prefix === '' ? struct : undefined;
  }
  if (schema.isListSchema()) {
    const element = schema.getValueSchema();
    const flat = schema.getMergedTraits().xmlFlattened;
    const base = flat ? prefix : `${prefix}.${String(element.getMergedTraits().xmlName ?? 'member')}`;
    const list: unknown[] = [];
    for (let index = 1; ; index++) {
      const key = `${base}.${index}`;
      const value = readQuery(element, query, element.isStructSchema() ? `${key}.` : key);
      if (value === undefined) return list.length > 0 ? list : undefined;
      list.push(value);
    }
  }
  if (schema.isMapSchema()) {
    const { xmlName: keyName = 'key' } = schema.getKeySchema().getMergedTraits();
    const { xmlName: valueName = 'value' } = schema.getValueSchema().getMergedTraits();
    const base = schema.getMergedTraits().xmlFlattened ? prefix : `${prefix}.entry`;
    const map: Record<string, unknown> = {};
    for (let index = 1; ; index++) {
      const key = query.get(`${base}.${index}.${keyName}`);
      if (key === null) return Object.keys(map).length > 0 ? map : undefined;
      const value = `${base}.${index}.${valueName}`;
      map[key] = readQuery(
        schema.getValueSchema(),
        query,
        schema.getValueSchema().isStructSchema() ? `${value}.` : value,
      );
    }
  }
  const text = query.get(prefix);
  if (text === null) return undefined;
  if (schema.isBlobSchema()) return Buffer.from(text, 'base64');
  if (schema.isBooleanSchema()) return text === 'true';
  if (schema.isNumericSchema()) return Number(text);
  if (schema.isTimestampSchema()) return new Date(text);
  return text;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
