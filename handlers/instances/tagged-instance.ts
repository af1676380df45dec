import { all, any, is, type Match } from '../../playbooks/matching/match.ts';
import { partitionOf } from '../../playbooks/partition.ts';
import type { Context } from '../context.ts';
import { TargetUnfit } from '../errors.ts';
import type { Tagged } from '../guard/tag.ts';
import { type InstanceTarget, readInstance } from './read-instance.ts';

/** An instance by its tags. One that is gone has none: the action itself will say that. */
export const taggedInstance = (target: InstanceTarget, context: Context): Tagged => {
  const { instance, region, account } = target;
  const label = `arn:${partitionOf(region)}:ec2:${region}:${account}:instance/${instance}`;
  return {
    ...{ label, key: label, region, resource: instance, puts: putsOn(instance) },
    tags: () =>
      readInstance(target, context).then(
        ({ tags }) => tags,
        (error: unknown) => {
          if (error instanceof TargetUnfit) return [];
          throw error;
        },
      ),
  };
};

const putsOn = (instance: string): Match =>
  all(
    is('eventSource', 'ec2.amazonaws.com'),
    any(
      all(is('eventName', 'CreateTags'), is('requestParameters.resourcesSet.items[*].resourceId', instance)),
      all(is('eventName', 'RunInstances'), is('responseElements.instancesSet.items[*].instanceId', instance)),
    ),
  );
