import type * as ecr from 'aws-cdk-lib/aws-ecr';
import { known, type Problems } from '../validation/problems';
import type { EcrImageOptions } from './image-options';
import type { BoundImage, ImageSource } from './image-source';

/** An image that exists already. */
export class EcrImage implements ImageSource {
  constructor(
    private readonly repository: ecr.IRepository,
    private readonly options: EcrImageOptions,
  ) {}

  public get odbcDriver(): string | undefined {
    return this.options.odbcDriver;
  }

  public bind(): BoundImage {
    const { tag, digest } = this.options;
    return {
      // By kind and not by content: a digest that only CloudFormation knows would be taken for a tag.
      uri:
        digest === undefined
          ? this.repository.repositoryUriForTag(tag)
          : this.repository.repositoryUriForDigest(digest),
      repositoryArn: this.repository.repositoryArn,
    };
  }

  public validate(problems: Problems): void {
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
