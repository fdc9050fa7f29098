import * as path from 'node:path';
import { known, type Problems } from '../validation/problems';

/**
 * Where `docker build` gets SAP's registration key from, at deployment. It is a build secret: no layer, no template and no hash
 * holds it, so another key alone builds no new image; see `revision`.
 */
export class LicenceKey {
  /** The first line of a file on the machine that deploys. */
  public static fromFile(file: string): LicenceKey {
    return new LicenceKey('file', file);
  }

  /** An environment variable of `cdk deploy`. */
  public static fromEnvironmentVariable(name: string): LicenceKey {
    return new LicenceKey('variable', name);
  }

  private constructor(
    private readonly kind: string,
    private readonly source: string,
  ) {}

  /**
   * What follows the id in `docker build --secret`.
   * @internal
   */
  public _render(): string {
    return this.kind === 'file' ? `src=${path.resolve(this.source)}` : `env=${this.source}`;
  }

  /**
   * Notes what is wrong with the source. Whether it exists is known at deployment.
   * @internal
   */
  public _validate(problems: Problems): void {
    const source = known(this.source);
    const holds =
      source !== undefined &&
      (this.kind === 'file'
        ? source !== '' && !/[",\r\n]/.test(path.resolve(source))
        : /^[A-Za-z_][A-Za-z0-9_]*$/.test(source));
    problems.require(holds, {
      id: 'MobiLink:Farm:LicenceKey',
      prop: 'image.licenceKey',
      rule:
        this.kind === 'file'
          ? 'must be a path that is known at synth, without comma, quote and line break: docker splits there'
          : 'must be the name of an environment variable',
      // Somebody may have given the key itself.
      value: this.kind === 'file' ? source : 'something else',
      fix: this.kind === 'file' ? 'move the file' : 'give the name, and the key as its value when you deploy',
    });
  }
}
