import { createHash } from 'node:crypto';
import { AssemblyError } from './assembly-error';

const UPPER_ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const LOWER_ALPHANUMERIC = UPPER_ALPHANUMERIC.toLowerCase();

/** Where a stack is deployed. */
export interface Environment {
  readonly accountId: string;
  readonly region: string;
  /** Where the stand-in of SQS listens, without a slash at the end. */
  readonly queueEndpoint: string;
}

export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

export function urlSuffixOf(region: string): string {
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
}

/** Text that looks drawn by lot and is the same in every run, since it comes from what it is for. */
export function lettersFrom(seed: string, length: number, alphabet = LOWER_ALPHANUMERIC): string {
  let letters = '';
  for (let block = 0; letters.length < length; block++) {
    for (const byte of createHash('sha256').update(`${seed}#${block}`).digest()) {
      letters += alphabet[byte % alphabet.length];
    }
  }
  return letters.slice(0, length);
}

/** What the table of attributes may ask of a resource to name it as AWS would. */
export class PhysicalResource {
  constructor(
    readonly environment: Environment,
    readonly stackName: string,
    readonly logicalId: string,
    readonly properties: Readonly<Record<string, unknown>>,
  ) {}

  /** The name that the template gives, or one as CloudFormation makes it: stack, logical id, twelve letters by lot. */
  name(property: string, longest: number, lowerCase = false): string {
    const given = this.text(property);
    const name = given ?? this.generatedName(longest);
    return lowerCase ? name.toLowerCase() : name;
  }

  private generatedName(longest: number): string {
    const lot = this.letters(12, 'name', UPPER_ALPHANUMERIC);
    const room = longest - lot.length - 2;
    // Of a name that is too long CloudFormation shortens both parts [observed, UNSOURCED: the documents only say "unique"].
    const stack = this.stackName
      .slice(0, Math.max(Math.floor(room / 2), room - this.logicalId.length))
      .replace(/-+$/, '');
    return `${stack}-${this.logicalId.slice(0, room - stack.length)}-${lot}`;
  }

  /** Undefined where the property is missing. */
  text(property: string): string | undefined {
    const value = this.properties[property];
    if (value === undefined || typeof value === 'string') return value;
    if (typeof value === 'number') return String(value);
    throw new AssemblyError(`the property ${property} is no text: ${JSON.stringify(value)}`);
  }

  /** Text from a property without which the resource has no identity. */
  required(property: string): string {
    const value = this.text(property);
    if (value === undefined) throw new AssemblyError(`the property ${property} is missing`);
    return value;
  }

  arn(service: string, rest: string, scope: { region?: string; accountId?: string } = {}): string {
    const { region, accountId } = { ...this.environment, ...scope };
    return `arn:${partitionOf(this.environment.region)}:${service}:${region}:${accountId}:${rest}`;
  }

  letters(length: number, what: string, alphabet?: string): string {
    const { accountId, region } = this.environment;
    return lettersFrom(`${accountId}/${region}/${this.stackName}/${this.logicalId}/${what}`, length, alphabet);
  }

  /** An id such as `subnet-0123456789abcdef0`. */
  hexId(prefix: string): string {
    return `${prefix}-0${this.letters(16, prefix, '0123456789abcdef')}`;
  }

  uuid(what = 'uuid'): string {
    const hex = this.letters(32, what, '0123456789abcdef');
    return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20)].join(
      '-',
    );
  }
}

/** How one type of resource is named: what `Ref` and `Fn::GetAtt` give. */
export interface ResourceType {
  physicalId(it: PhysicalResource): string;
  arn?(it: PhysicalResource, physicalId: string): string;
  /** Undefined from a function: this resource has no such attribute, as its properties are. */
  readonly attributes?: Readonly<Record<string, (it: PhysicalResource, physicalId: string) => unknown>>;
}
