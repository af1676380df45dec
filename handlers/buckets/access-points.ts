import {
  type AccessPoint,
  GetAccessPointCommand,
  GetAccessPointPolicyCommand,
  ListAccessPointsCommand,
  S3ControlClient,
} from '@aws-sdk/client-s3-control';
import type { Context } from '../context.ts';
import { errorName, TargetUnfit } from '../errors.ts';
import { allow, type Permission } from '../permissions.ts';
import { absentIf } from './absent.ts';
import type { AccessPointState, Block } from './exposure.ts';

/** Access points, in every region. */
export const accessPoints = 'arn:{partition}:s3:*:{account}:accesspoint/*';

/** What the functions here may do. */
export const readAccessPointPermissions: Permission[] = [
  allow(['s3:GetAccessPoint', 's3:GetAccessPointPolicy'], accessPoints),
  // Listing knows no narrower resource.
  allow(['s3:ListAccessPoints'], '*'),
];

/** An access point with the bucket that it leads to. */
export interface AccessPointFound extends AccessPointState {
  bucket: string;
}

/** The access points that lead to a bucket; they are in its region. */
export async function accessPointsOf(bucket: string, context: Context, region?: string): Promise<AccessPointState[]> {
  const found: AccessPoint[] = [];
  let NextToken: string | undefined;
  do {
    const page = await context
      .client(S3ControlClient, region)
      .send(new ListAccessPointsCommand({ AccountId: context.environment.account, Bucket: bucket, NextToken }));
    found.push(...(page.AccessPointList ?? []));
    NextToken = page.NextToken;
  } while (NextToken);
  const all = await Promise.all(found.map(({ Name = '' }) => readIfThere(Name, context, region)));
  return all.filter((point) => point !== undefined);
}

async function readIfThere(name: string, context: Context, region?: string): Promise<AccessPointFound | undefined> {
  try {
    return await readAccessPoint(name, context, region);
  } catch (error) {
    if (error instanceof TargetUnfit) return undefined;
    throw error;
  }
}

/**
 * An access point with its policy.
 * @throws {TargetUnfit} when it is gone
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_GetAccessPoint.html
 */
export async function readAccessPoint(name: string, context: Context, region?: string): Promise<AccessPointFound> {
  const control = context.client(S3ControlClient, region);
  const which = { AccountId: context.environment.account, Name: name };
  try {
    const point = await control.send(new GetAccessPointCommand(which));
    return {
      name,
      bucket: point.Bucket ?? '',
      policy: await readAccessPointPolicy(name, context, region),
      block: point.PublicAccessBlockConfiguration as Block | undefined,
      vpcOnly: point.NetworkOrigin === 'VPC',
    };
  } catch (error) {
    if (errorName(error) !== 'NoSuchAccessPoint') throw error;
    throw new TargetUnfit(`Access point ${name} does not exist any more: there is nothing to close.`, { cause: error });
  }
}

/** The policy of an access point, or undefined where it has none. */
export async function readAccessPointPolicy(
  name: string,
  context: Context,
  region?: string,
): Promise<string | undefined> {
  const found = await absentIf(
    ['NoSuchAccessPointPolicy'],
    context
      .client(S3ControlClient, region)
      .send(new GetAccessPointPolicyCommand({ AccountId: context.environment.account, Name: name })),
  );
  return found?.Policy;
}
