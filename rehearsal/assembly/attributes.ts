import type { ResourceType } from './physical-resource';
import { COMPUTE } from './resource-types/compute';
import { DATA } from './resource-types/data';
import { EVENTS_AND_IDENTITY } from './resource-types/events-and-identity';
import { NETWORK } from './resource-types/network';

/**
 * What `Ref` and `Fn::GetAtt` give, by type of resource [CloudFormation's reference of resource types, "Return values"].
 * A type or an attribute that is missing here is refused where a template refers to it, never guessed.
 */
export const RESOURCE_TYPES: ReadonlyMap<string, ResourceType> = new Map(
  [COMPUTE, DATA, EVENTS_AND_IDENTITY, NETWORK].flatMap((types) => Object.entries(types)),
);
