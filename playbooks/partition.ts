/** Partitions by how the names of their regions begin. https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html */
const PARTITIONS: readonly (readonly [string, string])[] = [
  ['cn-', 'aws-cn'],
  ['us-gov-', 'aws-us-gov'],
  ['us-iso-', 'aws-iso'],
  ['us-isob-', 'aws-iso-b'],
  ['eu-isoe-', 'aws-iso-e'],
  ['us-isof-', 'aws-iso-f'],
  ['eusc-', 'aws-eusc'],
];

/** The partition of a region, as ARNs name it: `aws-us-gov` for `us-gov-west-1`; `aws` for all that is not known. */
export const partitionOf = (region: string | undefined): string =>
  PARTITIONS.find(([beginning]) => region?.startsWith(beginning))?.[1] ?? 'aws';

const GLOBAL_REGIONS: Readonly<Record<string, string>> = {
  'aws-cn': 'cn-north-1',
  'aws-us-gov': 'us-gov-west-1',
  'aws-iso': 'us-iso-east-1',
  'aws-iso-b': 'us-isob-east-1',
};

/**
 * The region in which a partition records, and answers, the calls of services for the whole world such as IAM; the region
 * itself where that is not known.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html#cloudtrail-concepts-global-service-events
 */
export function globalRegionOf(region: string): string {
  const partition = partitionOf(region);
  return partition === 'aws' ? 'us-east-1' : (GLOBAL_REGIONS[partition] ?? region);
}
