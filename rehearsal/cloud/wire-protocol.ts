import { JsonShapeDeserializer, JsonShapeSerializer, XmlShapeSerializer } from '@aws-sdk/core/protocols';
import { NormalizedSchema } from '@smithy/core/schema';
import type { Schema } from '@smithy/types';
import { type RawAnswer, ServiceError, type ServiceStandIn } from './service';

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
export function operationName(service: ServiceStandIn, headers: Record<string, string>, body: string): string {
  const name =
    service.protocol === 'aws-query'
      ? new URLSearchParams(body).get('Action')
      : headers['x-amz-target']?.split('.').at(-1);
  if (!name) throw new ServiceError('MissingAction', 'The request names no action');
  return name;
}

export async function readInput(
  service: ServiceStandIn,
  schema: Schema,
  body: string,
): Promise<Record<string, unknown>> {
  const input: unknown =
    service.protocol === 'aws-query'
      ? readQuery(NormalizedSchema.of(schema), new URLSearchParams(body), '')
      : await new JsonShapeDeserializer(JSON_SETTINGS).read(schema, body === '' ? '{}' : body);
  const read = (input ?? {}) as Record<string, unknown>;
  const missing = requiredMembers(schema).filter((member) => read[member] === undefined);
  if (missing.length > 0) {
    throw new ServiceError('ValidationException', `Missing required parameter: ${missing.join(', ')}`);
  }
  return read;
}

export function writeOutput(
  service: ServiceStandIn,
  operation: string,
  schema: Schema,
  output: Record<string, unknown>,
): RawAnswer {
  if (service.protocol !== 'aws-query') {
    const serializer = new JsonShapeSerializer(JSON_SETTINGS);
    serializer.write(schema, output);
    return { status: 200, headers: { 'content-type': contentType(service) }, body: String(serializer.flush()) };
  }
  const serializer = new XmlShapeSerializer(XML_SETTINGS);
  serializer.write(schema, output);
  const inner = String(serializer.flush())
    .replace(/^<[^>]*>/, '')
    .replace(/<\/[^>]*>$/, '');
  const body = `<${operation}Response><${operation}Result>${inner}</${operation}Result><ResponseMetadata><RequestId>rehearsal</RequestId></ResponseMetadata></${operation}Response>`;
  return { status: 200, headers: { 'content-type': contentType(service) }, body };
}

export function writeError(protocol: ServiceStandIn['protocol'] | 'raw', error: ServiceError): RawAnswer {
  if (protocol === 'aws-query') {
    const side = error.statusCode >= 500 ? 'Receiver' : 'Sender';
    const body = `<ErrorResponse><Error><Type>${side}</Type><Code>${error.code}</Code><Message>${escapeXml(error.message)}</Message></Error><RequestId>rehearsal</RequestId></ErrorResponse>`;
    return { status: error.statusCode, headers: { 'content-type': 'text/xml' }, body };
  }
  const version = protocol === 'aws-json-1.1' ? '1.1' : '1.0';
  return {
    status: error.statusCode,
    headers: { 'content-type': `application/x-amz-json-${version}`, 'x-amzn-errortype': error.code },
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
  return service.protocol === 'aws-query' ? 'text/xml' : `application/x-amz-json-${service.protocol.slice(-3)}`;
}

function requiredMembers(schema: Schema): string[] {
  const struct: unknown = typeof schema === 'function' ? (schema as () => unknown)() : schema;
  if (!Array.isArray(struct)) return [];
  const [, , , , members, , count] = struct as [unknown, unknown, unknown, unknown, string[], unknown, number?];
  return typeof count === 'number' && struct.length > REQUIRED_MEMBERS ? members.slice(0, count) : [];
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
  const text = query.get(prefix);
  if (text === null) return undefined;
  if (schema.isBooleanSchema()) return text === 'true';
  if (schema.isNumericSchema()) return Number(text);
  if (schema.isTimestampSchema()) return new Date(text);
  return text;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
