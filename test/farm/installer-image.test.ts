import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { gzipSync } from 'node:zlib';
import { App, CfnParameter } from 'aws-cdk-lib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LicenceKey, MobiLinkImage } from '../../lib';
import { addFarm, farmland, messageOf } from './farm-fixture';

type Files = Readonly<Record<string, string | Buffer>>;

const PEM = '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n';
const INSTALLER: Files = { 'sqla17.tar.gz': gzipSync('all of it'), 'certificates/global-bundle.pem': PEM };

function temporary(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'mobilink-installer-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function folderOf(files: Files = INSTALLER): string {
  const folder = path.join(temporary(), 'installer');
  mkdirSync(folder);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  }
  return folder;
}

type Options = Parameters<typeof MobiLinkImage.fromInstaller>[1];

interface DockerSource {
  readonly directory: string;
  readonly dockerBuildArgs: Record<string, string>;
  readonly dockerBuildContexts: Record<string, string>;
  readonly dockerBuildSecrets?: Record<string, string>;
  readonly platform: string;
}

/** The assembly of a farm with this image: template, docker asset, and where it lies. */
function synthesize(folder: string, options?: Options) {
  const app = new App({ outdir: path.join(temporary(), 'cdk.out') });
  const land = farmland({}, undefined, app);
  addFarm(land, { image: MobiLinkImage.fromInstaller(folder, options) });
  const { directory } = app.synth();
  const { dockerImages } = JSON.parse(readFileSync(path.join(directory, 'Test.assets.json'), 'utf8')) as {
    dockerImages: Record<string, { source: DockerSource }>;
  };
  const [[hash, image] = []] = Object.entries(dockerImages);
  if (hash === undefined || image === undefined) throw new Error('there is no image');
  const template = readFileSync(path.join(directory, 'Test.template.json'), 'utf8');
  return { directory, hash, source: image.source, template };
}

function refusal(folder: string, options?: Options): string {
  const land = farmland();
  const message = messageOf(() => addFarm(land, { image: MobiLinkImage.fromInstaller(folder, options) }));
  expect(land.stack.node.findChild('Farm').node.children).toEqual([]);
  return message;
}

describe('an image from the installer', () => {
  it('is built by docker at deployment, from the folder where it lies', () => {
    const folder = folderOf();
    const { source, directory, hash, template } = synthesize(folder);
    expect(source).toMatchObject({
      dockerBuildContexts: { installer: folder },
      dockerBuildArgs: { ENGINE: 'mysql', TRUST_PUBLIC_AUTHORITIES: 'no' },
      platform: 'linux/amd64',
    });
    const context = path.join(directory, source.directory);
    expect(readdirSync(context).sort()).toEqual(['Dockerfile', 'steps', 'supervisor.js']);
    expect(template).toContain(hash);
    expect(template).not.toContain(folder);
    expect(JSON.parse(template).Resources).toSatisfy((resources: object) =>
      JSON.stringify(resources).includes('"CMD","node","/opt/mobilink-ha/supervisor.js","healthcheck"'),
    );
  });

  it('may be pulled by the servers, and nothing else', () => {
    const { template } = synthesize(folderOf());
    const pull = Object.values<{
      Type: string;
      Properties: { PolicyDocument: { Statement: { Action: unknown; Resource: unknown }[] } };
    }>(JSON.parse(template).Resources)
      .filter(({ Type }) => Type === 'AWS::IAM::Policy')
      .flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
      .filter(({ Action }) => JSON.stringify(Action).includes('ecr:BatchGetImage'));
    expect(pull).toHaveLength(1);
    expect(JSON.stringify(pull[0]?.Resource)).toMatch(/:repository\/.*cdk-hnb659fds-container-assets-/);
  });

  it('is the same one from another place, of another time, by another machine', () => {
    const [one, other] = [folderOf(), folderOf()];
    utimesSync(path.join(other, 'sqla17.tar.gz'), 1, 1);
    const [first, second] = [synthesize(one), synthesize(other)];
    expect(second.hash).toBe(first.hash);
    expect(second.template).toBe(first.template);
  });

  it.each<[string, (folder: string) => void]>([
    ['one byte', (folder) => writeFileSync(path.join(folder, 'sqla17.tar.gz'), gzipSync('all of iT'))],
    ['a name', (folder) => writeFileSync(path.join(folder, 'certificates/other.pem'), PEM)],
    ['a certificate', (folder) => writeFileSync(path.join(folder, 'certificates/global-bundle.pem'), `${PEM}${PEM}`)],
    ['an executable bit', (folder) => chmodSync(path.join(folder, 'certificates/global-bundle.pem'), 0o755)],
    [
      'a hook',
      (folder) => {
        mkdirSync(path.join(folder, 'hooks'));
        writeFileSync(path.join(folder, 'hooks/driver.sh'), 'true');
      },
    ],
  ])('is another one when %s changes', (_, change) => {
    const [one, other] = [folderOf(), folderOf()];
    change(other);
    expect(synthesize(other).hash).not.toBe(synthesize(one).hash);
  });

  it('is another one when a file changes that keeps its size and time', () => {
    const folder = folderOf();
    const file = path.join(folder, 'sqla17.tar.gz');
    const before = synthesize(folder).hash;
    const { atime, mtime } = statSync(file);
    const content = readFileSync(file);
    content[12] = (content[12] ?? 0) ^ 1;
    writeFileSync(file, content);
    utimesSync(file, atime, mtime);
    expect(synthesize(folder).hash).not.toBe(before);
  });

  it('is another one for another argument, and none for the key of the licence', () => {
    const folder = folderOf();
    const { hash } = synthesize(folder);
    expect(synthesize(folder, { revision: '2' }).hash).not.toBe(hash);
    expect(synthesize(folder, { baseImage: 'debian@sha256:0' }).hash).not.toBe(hash);
    const licensed = synthesize(folder, { licenceKey: LicenceKey.fromEnvironmentVariable('SAP_KEY') });
    expect(licensed.source.dockerBuildSecrets).toEqual({ licence: 'env=SAP_KEY' });
    expect(licensed.hash).toBe(hash);
    expect(licensed.template).toBe(synthesize(folder).template);
    const key = path.join(temporary(), 'key');
    expect(synthesize(folder, { licenceKey: LicenceKey.fromFile(key) }).source.dockerBuildSecrets).toEqual({
      licence: `src=${key}`,
    });
  });

  it('copies nothing of the folder, whatever its size', () => {
    const folder = folderOf();
    // A hole: it costs the time of reading, and no space.
    truncateSync(path.join(folder, 'sqla17.tar.gz'), 50_000_000);
    const { directory } = synthesize(folder);
    const sizes = readdirSync(directory, { recursive: true, withFileTypes: true }).map(
      (it) => statSync(path.join(it.parentPath, it.name)).size,
    );
    expect(Math.max(...sizes)).toBeLessThan(5_000_000);
  });

  it('takes what is unpacked, and what is installed', () => {
    for (const name of ['setup', 'sqlany17/setup', 'bin64/mlsrv17', 'sqlanywhere17/bin64/mlsrv17']) {
      const files = { [name]: '#!/bin/sh', 'certificates/ca.pem': PEM };
      expect(synthesize(folderOf(files)).hash).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  it('tells the supervisor which driver a hook has installed', () => {
    const { template } = synthesize(folderOf(), { odbcDriver: 'MySQL ODBC Unicode Driver' });
    expect(JSON.stringify(JSON.parse(template))).toContain('"Value":"MySQL ODBC Unicode Driver"');
  });
});

describe('a folder from which no image can be built', () => {
  it.each<[string, Files, string]>([
    ['holds nothing', {}, "Installer] image.folder: must hold SAP's installer"],
    [
      'holds only what belongs beside it',
      { 'certificates/a.pem': PEM },
      "Installer] image.folder: must hold SAP's installer",
    ],
    [
      'holds two archives',
      { ...INSTALLER, 'old.tgz': gzipSync('') },
      'Installer] image.folder: must hold one installer',
    ],
    [
      'holds a page for an archive',
      { ...INSTALLER, 'sqla17.tar.gz': '<html>' },
      'Installer] image.folder: must hold an archive that gzip can read',
    ],
    [
      'holds a key among the certificates',
      { ...INSTALLER, 'certificates/key.pem': '-----BEGIN PRIVATE KEY-----' },
      'InstallerCertificates] image.folder: certificates must hold',
    ],
    [
      'holds no certificates',
      { 'sqla17.tar.gz': gzipSync('') },
      'InstallerCertificates] image.folder: must hold certificates/',
    ],
    [
      'holds hooks that nobody runs',
      { ...INSTALLER, 'hooks/driver.deb': 'x' },
      'InstallerHooks] image.folder: hooks must hold a script',
    ],
  ])('%s', (_, files, message) => {
    expect(refusal(folderOf(files))).toContain(`[MobiLink:Farm:${message}`);
  });

  it('is not there, is a file, holds the output of the CDK, or cannot be known', () => {
    const folder = folderOf();
    expect(refusal(path.join(folder, 'nowhere'))).toContain('which is not there');
    expect(refusal(path.join(folder, 'sqla17.tar.gz'))).toContain('which is no folder');
    const app = new App({ outdir: path.join(folder, 'cdk.out') });
    const land = farmland({}, undefined, app);
    expect(messageOf(() => addFarm(land, { image: MobiLinkImage.fromInstaller(folder) }))).toContain(
      'must not hold the output of the CDK',
    );
    const token = new CfnParameter(farmland().stack, 'Folder').valueAsString;
    expect(refusal(token)).toContain('image.folder: must be known at synth');
  });

  it('holds a link to elsewhere, which docker would not follow', () => {
    const folder = folderOf();
    symlinkSync('/etc/hostname', path.join(folder, 'name'));
    expect(refusal(folder)).toContain('[MobiLink:Farm:InstallerEntries]');
    const inside = folderOf();
    symlinkSync('sqla17.tar.gz', path.join(inside, 'latest'));
    expect(synthesize(inside).hash).toBeDefined();
  });

  it('is told together with all else', () => {
    const message = refusal(folderOf({ 'hooks/a.deb': '', 'sqla17.tar.gz': 'page' }), {
      licenceKey: LicenceKey.fromEnvironmentVariable('1234-5678-9'),
      revision: 'a b',
      odbcDriver: ' ',
    });
    for (const id of [
      'Installer',
      'InstallerHooks',
      'InstallerCertificates',
      'LicenceKey',
      'ImageArgument',
      'OdbcDriver',
    ]) {
      expect(message).toContain(`[MobiLink:Farm:${id}]`);
    }
    // Somebody took the variable for the key.
    expect(message).not.toContain('1234-5678-9');
  });
});

describe('public authorities', () => {
  it('replace certificates of the own only when they are asked for', () => {
    const files = { 'sqla17.tar.gz': gzipSync('') };
    const { source } = synthesize(folderOf(files), { trustPublicAuthorities: true });
    expect(source.dockerBuildArgs).toMatchObject({ TRUST_PUBLIC_AUTHORITIES: 'yes' });
  });
});

it('the context of docker is the same wherever the package lies', () => {
  const { source, directory } = synthesize(folderOf());
  const supervisor = readFileSync(path.join(directory, source.directory, 'supervisor.js'));
  expect(createHash('sha256').update(supervisor).digest('hex')).toBe(
    createHash('sha256').update(readFileSync('assets/supervisor/index.js')).digest('hex'),
  );
});
