import { Duration, Lazy, RemovalPolicy, Size, Stack, Tags } from 'aws-cdk-lib';
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { acknowledge } from '../validation/acknowledgement';
import { Problems } from '../validation/problems';
import { movingImage } from './pinned-image';
import { MEMBER_TAG, PAIR_TAG } from './replacement-document';

/** How long the first boot of a host may take: installing SQL Anywhere and copying the database. UNSOURCED. */
const BIRTH_TAKES_AT_MOST = Duration.hours(2);

/** Properties of one host of SQL Anywhere. */
export interface SqlAnywhereHostProps {
  /** The network. */
  readonly vpc: ec2.IVpc;

  /** Where the host and its volumes lie, for good. */
  readonly subnet: ec2.ISubnet;

  /** Value of the tag `mobilink-ha:pair`. */
  readonly databaseId: string;

  /** `first`, `second`, `arbiter` or `single`. */
  readonly member: string;

  /** Whether its server takes part in a mirror, whose state it keeps on a volume of its own. */
  readonly hasStateFile: boolean;

  /** Image of the host. */
  readonly machineImage: ec2.IMachineImage;

  /** Type of the host. */
  readonly instanceType: ec2.InstanceType;

  /** Security group of the host. */
  readonly securityGroup: ec2.ISecurityGroup;

  /**
   * Size of the volume for the database and its logs in GiB.
   *
   * @default - no such volume: an arbiter
   */
  readonly dataVolumeSize?: number;

  /**
   * Key for the volumes.
   *
   * @default - a key that AWS manages
   */
  readonly encryptionKey?: kms.IKey;
}

/**
 * One host of a pair, or that of a single server, a group of size one: AWS replaces a host that fails in the same zone, and a deployment changes its launch
 * template and nothing else, because the group has no update policy. Its volumes outlive it.
 */
export class SqlAnywhereHost extends Construct {
  /** `first`, `second`, `arbiter` or `single`. */
  public readonly member: string;

  /** The group of size one. */
  public readonly group: autoscaling.AutoScalingGroup;

  /** What the next host will be. */
  public readonly launchTemplate: ec2.LaunchTemplate;

  /** What the host may do. */
  public readonly role: iam.Role;

  /** Holds the state file, which decides roles when servers start; undefined for a single server. */
  public readonly stateVolume?: ec2.Volume;

  /** Holds the database and its logs; undefined for the arbiter. */
  public readonly dataVolume?: ec2.Volume;

  /** Zone of the host and its volumes. */
  public readonly availabilityZone: string;

  private userData = () => '';

  constructor(scope: Construct, id: string, props: SqlAnywhereHostProps) {
    super(scope, id);
    this.member = props.member;
    this.availabilityZone = props.subnet.availabilityZone;
    if (props.hasStateFile) this.stateVolume = this.volume('State', 1, props);
    if (props.dataVolumeSize !== undefined) this.dataVolume = this.volume('Data', props.dataVolumeSize, props);
    this.role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com'),
      description: `The ${props.member} of the ${props.hasStateFile ? 'pair' : 'server'} ${props.databaseId}`,
    });
    this.launchTemplate = new ec2.LaunchTemplate(this, 'LaunchTemplate', {
      machineImage: props.machineImage,
      instanceType: props.instanceType,
      securityGroup: props.securityGroup,
      role: this.role,
      userData: ec2.UserData.custom(Lazy.string({ produce: () => this.userData() })),
      requireImdsv2: true,
      httpPutResponseHopLimit: 1,
      detailedMonitoring: true,
      ebsOptimized: true,
      blockDevices: [
        {
          // The root of Amazon Linux; an image with another one keeps its own as it is.
          deviceName: '/dev/xvda',
          volume: ec2.BlockDeviceVolume.ebs(20, { encrypted: true, volumeType: ec2.EbsDeviceVolumeType.GP3 }),
        },
      ],
    });
    this.group = new autoscaling.AutoScalingGroup(this, 'Group', {
      vpc: props.vpc,
      vpcSubnets: { subnets: [props.subnet] },
      launchTemplate: this.launchTemplate,
      minCapacity: 1,
      maxCapacity: 1,
      // Only the creation waits; there is no update policy on purpose (invariant 9 of the design).
      signals: autoscaling.Signals.waitForCount(1, { timeout: BIRTH_TAKES_AT_MOST }),
    });
    this.node.addValidation({ validate: () => this.movingImage() });
    for (const tagged of [this.group, this.stateVolume, this.dataVolume]) {
      if (!tagged) continue;
      Tags.of(tagged).add(PAIR_TAG, props.databaseId);
      Tags.of(tagged).add(MEMBER_TAG, props.member);
    }
    acknowledge(this.group, 'AwsSolutions-AS3', 'One host that is never scaled; its loss is an alarm of the pair.');
  }

  /** Name of the group in the template: what the host signals. */
  public get signalName(): string {
    return Stack.of(this).getLogicalId(this.group.node.defaultChild as autoscaling.CfnAutoScalingGroup);
  }

  /**
   * What the host runs at its first boot.
   *
   * @internal
   */
  public _runs(userData: () => string): void {
    this.userData = userData;
  }

  private movingImage(): string[] {
    const problems = new Problems(this);
    const image = movingImage(this.launchTemplate.node.defaultChild as ec2.CfnLaunchTemplate);
    problems.require(image === undefined, {
      id: 'MobiLink:Pair:MachineImage',
      prop: 'machineImage',
      rule: 'must be pinned: two hosts of a pair that start at different times must be alike',
      value: image,
      fix: 'use ec2.MachineImage.genericLinux with the ids of images, a parameter of your own with a version (NAME:VERSION), or cachedInContext: true',
    });
    return problems.messages();
  }

  private volume(id: string, size: number, props: SqlAnywhereHostProps): ec2.Volume {
    return new ec2.Volume(this, id, {
      availabilityZone: this.availabilityZone,
      size: Size.gibibytes(size),
      volumeType: ec2.EbsDeviceVolumeType.GP3,
      encrypted: true,
      encryptionKey: props.encryptionKey,
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }
}
