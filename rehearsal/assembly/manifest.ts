import { existsSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import * as v from 'valibot';
import { AssemblyError } from './assembly-error';
import { inOrderOfDependencies } from './dependency-order';
import { type FileAsset, readFileAssets } from './file-assets';
import { readTemplate, type Template } from './template';

/** The newest schema of cloud assemblies whose parts are known here: that of aws-cdk-lib 2.276 (`cdk.out/manifest.json`). */
export const NEWEST_KNOWN_SCHEMA = 55;

const artifact = v.object({
  type: v.string(),
  environment: v.optional(v.string()),
  dependencies: v.optional(v.array(v.string()), []),
  properties: v.optional(v.record(v.string(), v.unknown()), {}),
  metadata: v.optional(v.record(v.string(), v.unknown())),
  additionalMetadataFile: v.optional(v.string()),
  displayName: v.optional(v.string()),
});
type Artifact = v.InferOutput<typeof artifact>;

const manifest = v.object({
  version: v.pipe(v.string(), v.regex(/^\d+\.\d+\.\d+$/, 'must be a version such as 55.0.0')),
  artifacts: v.optional(v.record(v.string(), artifact), {}),
  missing: v.optional(v.array(v.object({ key: v.string() }))),
});

const stackProperties = v.object({
  templateFile: v.string(),
  stackName: v.optional(v.string()),
  parameters: v.optional(v.record(v.string(), v.string()), {}),
});
const nestedProperties = v.object({ directoryName: v.string() });
const assetManifestProperties = v.object({ file: v.string() });
const environmentUri = v.pipe(v.string(), v.regex(/^aws:\/\/[^/]+\/[^/]+$/, 'must be aws://ACCOUNT/REGION'));
const logicalIdMetadata = v.record(v.string(), v.array(v.object({ type: v.string(), data: v.optional(v.unknown()) })));

/** One stack of a cloud assembly, as it lies on disk. */
export interface AssemblyStack {
  readonly stackName: string;
  /** The account that the app fixed, or undefined in an environment-agnostic stack. */
  readonly accountId?: string;
  readonly region?: string;
  readonly template: Template;
  /** Values that the assembly itself gives to the template's parameters. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly assets: readonly FileAsset[];
  /** Construct path by logical id, where the assembly tells it. */
  readonly constructPaths: ReadonlyMap<string, string>;
}

/** A synthesized app: its stacks, those of nested assemblies (stages) included, each after those it depends on. */
export interface Assembly {
  readonly folder: string;
  readonly stacks: readonly AssemblyStack[];
}

/** Reads the folder that `cdk synth` wrote (`cdk.out`). */
export function readAssembly(folder: string): Assembly {
  const root = path.resolve(folder);
  if (!existsSync(root)) throw new AssemblyError(`there is no folder ${folder}`);
  const stacks = readStacks(root);
  if (stacks.length === 0) throw new AssemblyError(`the cloud assembly in ${folder} has no stack`);
  return { folder: root, stacks };
}

function readStacks(folder: string): AssemblyStack[] {
  const file = path.join(folder, 'manifest.json');
  if (!existsSync(file)) {
    throw new AssemblyError(
      `${folder} is no cloud assembly: it has no manifest.json. Fix: name the folder that cdk synth wrote (cdk.out)`,
    );
  }
  const { version, artifacts, missing } = parse(manifest, readJson(file), file);
  const major = Number(version.split('.')[0]);
  if (major > NEWEST_KNOWN_SCHEMA) {
    throw new AssemblyError(
      `${file} has schema version ${version}; the newest that is known here is ${NEWEST_KNOWN_SCHEMA}. Fix: synthesize with an older aws-cdk-lib, or take a newer release of this package`,
    );
  }
  if (missing && missing.length > 0) {
    throw new AssemblyError(
      `${file} is incomplete: the app still wants values looked up in an account (${missing.map((it) => it.key).join(', ')}). Fix: synthesize it with the CDK command line first`,
    );
  }
  const names = Object.keys(artifacts);
  const order = inOrderOfDependencies(
    names,
    (name) => artifacts[name]?.dependencies.filter((it) => Object.hasOwn(artifacts, it)) ?? [],
    (cycle) => new AssemblyError(`${file}: these artifacts depend on each other: ${cycle.join(' -> ')}`),
  );
  return order.flatMap((name) => {
    const found = artifacts[name];
    if (found?.type === 'cdk:cloud-assembly') {
      const { directoryName } = parse(nestedProperties, found.properties, `${file}: ${name}`);
      return readStacks(inside(folder, directoryName));
    }
    return found?.type === 'aws:cloudformation:stack' ? [readStack(folder, name, found, artifacts)] : [];
  });
}

function readStack(
  folder: string,
  name: string,
  found: Artifact,
  artifacts: Readonly<Record<string, Artifact>>,
): AssemblyStack {
  const { templateFile, stackName, parameters } = parse(stackProperties, found.properties, `stack ${name}`);
  const [accountId = '', region = ''] = parse(environmentUri, found.environment, `stack ${name}: environment`)
    .replace('aws://', '')
    .split('/');
  const file = inside(folder, templateFile);
  if (!existsSync(file)) throw new AssemblyError(`stack ${name}: its template ${file} is missing`);
  return {
    stackName: stackName ?? name,
    accountId: accountId === 'unknown-account' ? undefined : accountId,
    region: region === 'unknown-region' ? undefined : region,
    template: readTemplate(readJson(file), file),
    parameters,
    assets: found.dependencies.flatMap((dependency) => {
      const assets = artifacts[dependency];
      if (assets?.type !== 'cdk:asset-manifest') return [];
      const { file: assetFile } = parse(assetManifestProperties, assets.properties, dependency);
      return readFileAssets(folder, readJson(inside(folder, assetFile)), assetFile);
    }),
    constructPaths: readConstructPaths(folder, name, found),
  };
}

/** Newer versions write the metadata of a stack to a file of its own, older ones into the manifest. */
function readConstructPaths(folder: string, name: string, found: Artifact): ReadonlyMap<string, string> {
  const raw = found.additionalMetadataFile
    ? { ...found.metadata, ...asRecord(readJson(inside(folder, found.additionalMetadataFile))) }
    : found.metadata;
  const paths = new Map<string, string>();
  for (const [constructPath, entries] of Object.entries(
    parse(logicalIdMetadata, raw ?? {}, `stack ${name}: metadata`),
  )) {
    for (const { type, data } of entries) {
      if (type === 'aws:cdk:logicalId' && typeof data === 'string') paths.set(data, constructPath.replace(/^\//, ''));
    }
  }
  return paths;
}

function asRecord(value: unknown): Record<string, unknown> {
  return v.parse(v.record(v.string(), v.unknown()), value);
}

/** The path of a part of the assembly; one that leads out of its folder is refused. */
function inside(folder: string, relative: string): string {
  const full = path.resolve(folder, relative);
  if (path.relative(folder, full).startsWith('..')) throw new AssemblyError(`${relative} lies outside of ${folder}`);
  return full;
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new AssemblyError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function parse<const S extends v.GenericSchema>(schema: S, input: unknown, where: string): v.InferOutput<S> {
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  const problems = result.issues.map((it) => `${v.getDotPath(it) ?? 'value'}: ${it.message}`);
  throw new AssemblyError(`${where} is not as a cloud assembly has it: ${problems.join('; ')}`);
}
