import type * as ecr from 'aws-cdk-lib/aws-ecr';
import { known, type Problems } from '../validation/problems';

/** Which image of a repository. */
export interface EcrImageOptions {
  /**
   * The tag; `latest` is refused. Make tags immutable in the repository, or give the digest.
   *
   * @default - the digest is given
   */
  readonly tag?: string;

  /**
   * The digest, `sha256:` and 64 hexadecimal digits: the one name that always means the same image.
   *
   * @default - the tag is given
   */
  readonly digest?: string;
}

/** The container image of the MobiLink server: `mlsrv17` and its supervisor. SAP's software may not be redistributed. */
export class MobiLinkImage {
  /** An image that exists in a repository of ECR. The farm's servers may pull from this repository and no other. */
  public static fromEcrRepository(repository: ecr.IRepository, options: EcrImageOptions): MobiLinkImage {
    return new MobiLinkImage(repository, options);
  }

  private constructor(
    /** Where the image is pulled from. */
    public readonly repository: ecr.IRepository,
    private readonly options: EcrImageOptions,
  ) {}

  /**
   * The name of the image as a task definition wants it.
   * @internal
   */
  public _uri(): string {
    // By kind and not by content: a digest that only CloudFormation knows would be taken for a tag.
    return this.options.digest === undefined
      ? this.repository.repositoryUriForTag(this.options.tag)
      : this.repository.repositoryUriForDigest(this.options.digest);
  }

  /**
   * Notes what is wrong with the name of the image.
   * @internal
   */
  public _validate(problems: Problems): void {
    const { tag, digest } = this.options;
    problems.require((tag === undefined) !== (digest === undefined), {
      id: 'MobiLink:Farm:ImageName',
      prop: 'image',
      rule: 'must be named by its tag or by its digest, one of both',
      value: { tag, digest },
      fix: 'give the digest if you have it; it never changes its meaning',
    });
    const knownTag = known(tag);
    problems.require(knownTag !== 'latest', {
      id: 'MobiLink:Farm:ImageLatest',
      prop: 'image.tag',
      rule: 'must name one image; a moving tag lets two servers of one farm run different ones, and no rollback returns',
      value: knownTag,
      fix: 'give the digest, or a tag that is pushed once',
    });
    problems.require(knownTag === undefined || /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(knownTag), {
      id: 'MobiLink:Farm:ImageTag',
      prop: 'image.tag',
      rule: 'must be 1 to 128 letters, digits, dots, hyphens or underscores, and not begin with a dot or a hyphen',
      value: knownTag,
      fix: 'copy the tag from the repository',
    });
    const knownDigest = known(digest);
    problems.require(knownDigest === undefined || /^sha256:[0-9a-f]{64}$/.test(knownDigest), {
      id: 'MobiLink:Farm:ImageDigest',
      prop: 'image.digest',
      rule: "must be 'sha256:' and 64 hexadecimal digits in lower case",
      value: knownDigest,
      fix: 'copy imageDigest from aws ecr describe-images',
    });
  }
}
