import { addressRanges } from './address-ranges';
import { AssemblyError } from './assembly-error';

/** What the functions of a template ask of the stack that they stand in. */
export interface Scope {
  ref(name: string): unknown;
  attribute(logicalId: string, attribute: string): unknown;
  condition(name: string): boolean;
  /** Undefined where the mapping holds no such value. */
  mapping(map: string, first: string, second: string): unknown;
  importValue(exportName: string): unknown;
  stackOutput(output: { stackName: string; outputName: string; region?: string; roleArn?: string }): unknown;
  availabilityZones(region: string): readonly string[];
  readonly region: string;
}

/** Stands for `AWS::NoValue`: the property or list element is left out. */
export const NO_VALUE: unique symbol = Symbol('AWS::NoValue');

/** A value of a template with all its functions resolved. Whatever cannot be resolved is an error, never a guess. */
export function resolve(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value)) return value.map((it) => resolve(it, scope)).filter((it) => it !== NO_VALUE);
  if (typeof value !== 'object' || value === null) return value;
  const call = functionCall(value);
  if (call) return resolveCall(call.name, call.argument, scope);
  const resolved: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    const result = resolve(member, scope);
    if (result !== NO_VALUE) resolved[key] = result;
  }
  return resolved;
}

/** The one function that an object of a template calls, or undefined where it is plain data. */
export function functionCall(value: object): { name: string; argument: unknown } | undefined {
  const keys = Object.keys(value);
  const name =
    keys.find((key) => key.startsWith('Fn::')) ?? (keys.length === 1 && keys[0] === 'Ref' ? 'Ref' : undefined);
  if (name === undefined) return undefined;
  if (keys.length > 1) throw new AssemblyError(`${name} stands beside other keys (${keys.join(', ')})`);
  return { name, argument: Reflect.get(value, name) };
}

/** The boolean that an entry of `Conditions`, or a part of one, comes to. */
export function resolveCondition(value: unknown, scope: Scope): boolean {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const [name = '', ...others] = Object.keys(value);
    const argument: unknown = Reflect.get(value, name);
    if (others.length === 0) {
      if (name === 'Condition') return scope.condition(text(argument, 'Condition'));
      if (name === 'Fn::Equals') {
        const [left, right] = list(argument, name, 2);
        return JSON.stringify(comparable(resolve(left, scope))) === JSON.stringify(comparable(resolve(right, scope)));
      }
      if (name === 'Fn::Not') return !resolveCondition(list(argument, name, 1)[0], scope);
      if (name === 'Fn::And') return list(argument, name).every((it) => resolveCondition(it, scope));
      if (name === 'Fn::Or') return list(argument, name).some((it) => resolveCondition(it, scope));
    }
  }
  throw new AssemblyError(`${JSON.stringify(value)} is no condition that is known here`);
}

/** CloudFormation compares as text: a number in the template equals the same number in a parameter. */
function comparable(value: unknown): unknown {
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
}

type FunctionOfTemplate = (argument: unknown, scope: Scope) => unknown;

const FUNCTIONS: Readonly<Record<string, FunctionOfTemplate>> = {
  Ref: (argument, scope) => {
    const name = text(argument, 'Ref');
    return name === 'AWS::NoValue' ? NO_VALUE : scope.ref(name);
  },
  'Fn::GetAtt': (argument, scope) => {
    if (typeof argument === 'string') {
      const dot = argument.indexOf('.');
      if (dot < 0) throw new AssemblyError(`Fn::GetAtt: '${argument}' names no attribute`);
      return scope.attribute(argument.slice(0, dot), argument.slice(dot + 1));
    }
    const [logicalId, attribute] = list(argument, 'Fn::GetAtt', 2);
    return scope.attribute(text(logicalId, 'Fn::GetAtt'), text(resolve(attribute, scope), 'Fn::GetAtt'));
  },
  'Fn::Sub': (argument, scope) => {
    if (typeof argument === 'string') return substitute(argument, {}, scope);
    const [template, variables] = list(argument, 'Fn::Sub', 2);
    if (typeof variables !== 'object' || variables === null)
      throw new AssemblyError('Fn::Sub: its variables are no map');
    return substitute(text(template, 'Fn::Sub'), { ...variables }, scope);
  },
  'Fn::Join': (argument, scope) => {
    const [delimiter, parts] = list(argument, 'Fn::Join', 2);
    return list(resolve(parts, scope), 'Fn::Join')
      .map((it) => scalar(it, 'Fn::Join'))
      .join(text(delimiter, 'Fn::Join'));
  },
  'Fn::Select': (argument, scope) => {
    const [indexValue, of] = list(argument, 'Fn::Select', 2);
    const index = whole(resolve(indexValue, scope), 'Fn::Select');
    const values = list(resolve(of, scope), 'Fn::Select');
    if (index < 0 || index >= values.length) {
      throw new AssemblyError(`Fn::Select: there is no element ${index} in a list of ${values.length}`);
    }
    return values[index];
  },
  'Fn::Split': (argument, scope) => {
    const [delimiter, source] = list(argument, 'Fn::Split', 2);
    return scalar(resolve(source, scope), 'Fn::Split').split(text(delimiter, 'Fn::Split'));
  },
  'Fn::If': (argument, scope) => {
    const [condition, then, otherwise] = list(argument, 'Fn::If', 3);
    return resolve(scope.condition(text(condition, 'Fn::If')) ? then : otherwise, scope);
  },
  'Fn::FindInMap': (argument, scope) => {
    const [map, first, second, options] = list(argument, 'Fn::FindInMap').map((it) => resolve(it, scope));
    const keys = [map, first, second].map((it) => scalar(it, 'Fn::FindInMap'));
    const found = scope.mapping(keys[0] ?? '', keys[1] ?? '', keys[2] ?? '');
    if (found !== undefined) return found;
    if (typeof options === 'object' && options !== null && 'DefaultValue' in options) return options.DefaultValue;
    throw new AssemblyError(`Fn::FindInMap: there is no ${keys.join('.')}`);
  },
  'Fn::GetAZs': (argument, scope) => {
    const region = text(resolve(argument, scope), 'Fn::GetAZs');
    return [...scope.availabilityZones(region === '' ? scope.region : region)];
  },
  'Fn::Base64': (argument, scope) => Buffer.from(scalar(resolve(argument, scope), 'Fn::Base64')).toString('base64'),
  'Fn::Cidr': (argument, scope) => {
    const [block, count, bits] = list(resolve(argument, scope), 'Fn::Cidr');
    // CloudFormation takes 8 bits where a template names none.
    return addressRanges(
      text(block, 'Fn::Cidr'),
      whole(count, 'Fn::Cidr'),
      bits === undefined ? 8 : whole(bits, 'Fn::Cidr'),
    );
  },
  'Fn::ImportValue': (argument, scope) => scope.importValue(text(resolve(argument, scope), 'Fn::ImportValue')),
  'Fn::GetStackOutput': (argument, scope) => {
    const asked = resolve(argument, scope);
    if (typeof asked !== 'object' || asked === null) throw new AssemblyError('Fn::GetStackOutput takes a map');
    const member = (key: string): unknown => Reflect.get(asked, key);
    const optional = (key: string) => (member(key) === undefined ? undefined : text(member(key), 'Fn::GetStackOutput'));
    const unknownKey = Object.keys(asked).find(
      (key) => !['StackName', 'OutputName', 'Region', 'RoleArn'].includes(key),
    );
    if (unknownKey) throw new AssemblyError(`Fn::GetStackOutput: ${unknownKey} is not known here`);
    return scope.stackOutput({
      stackName: text(member('StackName'), 'Fn::GetStackOutput'),
      outputName: text(member('OutputName'), 'Fn::GetStackOutput'),
      region: optional('Region'),
      roleArn: optional('RoleArn'),
    });
  },
  'Fn::Length': (argument, scope) => list(resolve(argument, scope), 'Fn::Length').length,
  'Fn::ToJsonString': (argument, scope) => JSON.stringify(resolve(argument, scope)),
};

function resolveCall(name: string, argument: unknown, scope: Scope): unknown {
  const found = FUNCTIONS[name];
  if (!found) throw new AssemblyError(`the function ${name} cannot be resolved here`);
  return found(argument, scope);
}

const PLACEHOLDER = /\$\{([^}]*)\}/g;

function substitute(template: string, variables: Readonly<Record<string, unknown>>, scope: Scope): string {
  return template.replace(PLACEHOLDER, (_, inner: string) => {
    if (inner.startsWith('!')) return `\${${inner.slice(1)}}`;
    const name = inner.trim();
    if (Object.hasOwn(variables, name)) return scalar(resolve(variables[name], scope), `Fn::Sub: \${${name}}`);
    const dot = name.indexOf('.');
    const value = dot < 0 ? scope.ref(name) : scope.attribute(name.slice(0, dot), name.slice(dot + 1));
    return scalar(value, `Fn::Sub: \${${name}}`);
  });
}

/** The names that a `Fn::Sub` refers to, without the attribute. */
export function namesInSub(argument: unknown): string[] {
  const [template, variables] = Array.isArray(argument) ? argument : [argument, {}];
  if (typeof template !== 'string') return [];
  const own = typeof variables === 'object' && variables !== null ? Object.keys(variables) : [];
  return [...template.matchAll(PLACEHOLDER)]
    .map((match) => (match[1] ?? '').trim())
    .filter((name) => !name.startsWith('!') && !own.includes(name))
    .map((name) => name.split('.')[0] ?? name);
}

function list(value: unknown, name: string, length?: number): unknown[] {
  if (!Array.isArray(value)) throw new AssemblyError(`${name} takes a list, not ${JSON.stringify(value)}`);
  if (length !== undefined && value.length !== length) {
    throw new AssemblyError(`${name} takes ${length} values, not ${value.length}`);
  }
  return value;
}

function text(value: unknown, name: string): string {
  if (typeof value !== 'string') throw new AssemblyError(`${name} takes text, not ${JSON.stringify(value)}`);
  return value;
}

function scalar(value: unknown, name: string): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return text(value, name);
}

function whole(value: unknown, name: string): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number)) {
    throw new AssemblyError(`${name} takes a whole number, not ${JSON.stringify(value)}`);
  }
  return number;
}
